"""Serving, sweeping, purging."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from types import FrameType

import click
from django.conf import settings

from shouwang.cases import actions as cases
from shouwang.cli.common import json_option, print_json
from shouwang.core import clock, purging
from shouwang.epi.contacts import warm_up

SWEEP_SECONDS = 20


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Server processes.")
@click.option("--no-background", is_flag=True, help="Neither import worker nor sweeper: something else runs them.")
def serve(host: str, port: int, workers: int, no_background: bool) -> None:
    """Serve pages and API, with the import worker and the clock sweeper beside them."""
    from granian.constants import Interfaces
    from granian.server import Server

    if not (settings.HOME / "secret_key").exists():
        raise click.ClickException(f"{settings.HOME} is not set up yet. Run: shouwang init")
    warm_up()  # compiles the kernel, or loads it from its cache, before the first tracer asks
    helpers = [] if no_background else _start_helpers()
    server = Server(
        "shouwang.web.asgi:application",
        address=host,
        port=port,
        interface=Interfaces.ASGINL,  # Django knows no lifespan protocol
        workers=workers,
        websockets=False,
        log_access=False,
    )
    try:
        server.serve()
    finally:
        for helper in helpers:
            helper.terminate()
        for helper in helpers:
            try:
                helper.wait(timeout=10)
            except subprocess.TimeoutExpired:
                helper.kill()


def _start_helpers() -> list[subprocess.Popen[bytes]]:
    worker = [sys.executable, "-m", "django", "db_worker", "--settings", "shouwang.web.settings", "--interval", "1"]
    sweeper = [sys.executable, "-m", "shouwang.cli", "sweep", "--every", str(SWEEP_SECONDS)]
    return [subprocess.Popen(worker), subprocess.Popen(sweeper)]


@click.command()
@click.option("--every", type=click.IntRange(1, 3600), help="Repeat every so many seconds until stopped.")
@json_option
def sweep(every: int | None, as_json: bool) -> None:
    """Mark running clocks whose time has passed as overdue, and purge what has passed its purge date."""
    stop = threading.Event()

    def leave(number: int, frame: FrameType | None) -> None:
        stop.set()

    if every:
        signal.signal(signal.SIGTERM, leave)
        signal.signal(signal.SIGINT, leave)
    purged_on = None
    while True:
        now = clock.now()
        overdue = cases.sweep_clocks(at=now)
        if purged_on != clock.local_day(now):
            purging.purge(on=clock.local_day(now), at=now)
            purged_on = clock.local_day(now)
        if not every:
            break
        if stop.wait(every):
            return
    if as_json:
        print_json({"overdue": overdue})
    else:
        click.echo(f"{overdue} clocks newly overdue.")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only count.")
@json_option
def purge(dry_run: bool, as_json: bool) -> None:
    """Delete every row and file whose purge date has passed."""
    now = clock.now()
    counts = purging.purge(on=clock.local_day(now), at=now, dry_run=dry_run)
    if as_json:
        print_json({"purged": counts, "dry_run": dry_run})
        return
    for name, count in counts.items():
        click.echo(f"{name:32} {count}")
