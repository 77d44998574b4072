"""Serving, sweeping, purging."""

from __future__ import annotations

import signal
import socket
import threading
from datetime import datetime, timedelta
from types import FrameType

import click
from django.conf import settings

from shouwang.cases import actions as cases
from shouwang.cases.laboratory import actions as laboratory
from shouwang.checkins import actions as checkins
from shouwang.checkins import tasks as checkin_tasks
from shouwang.cli.background import HELPERS, Supervisor, leave_when_alone
from shouwang.cli.common import json_option, print_json
from shouwang.command import actions as command
from shouwang.command.account import actions as account
from shouwang.command.mending import actions as mending
from shouwang.core import clock, purging
from shouwang.core.scope import system_actor
from shouwang.epi.contacts import warm_up
from shouwang.org import tasks
from shouwang.surveys import actions as surveys
from shouwang.tracing import actions as tracing

QUALITY_EVERY = timedelta(minutes=30)  # one pass over the day's entries
SERVER_PATIENCE = 4  # seconds for answers under way, then the server process is killed
IMPORTING = timedelta(minutes=10)  # an import whose days are stale for longer has died before it built them


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Server processes.")
@click.option("--no-background", is_flag=True, help="Only the server: something else runs the rest.")
def serve(host: str, port: int, workers: int, no_background: bool) -> None:
    """Serve pages and API, with import worker, clock sweeper and reminders beside them."""
    from granian.constants import Interfaces
    from granian.server import Server

    if not (settings.HOME / "secret_key").exists():
        raise click.ClickException(f"{settings.HOME} is not set up yet. Run: shouwang init")
    _require_free(host, port)
    warm_up()  # compiles the kernel, or loads it from its cache, before the first tracer asks
    server = Server(
        "shouwang.web.asgi:application",
        address=host,
        port=port,
        interface=Interfaces.ASGINL,  # Django knows no lifespan protocol
        workers=workers,
        websockets=False,
        log_access=False,
        respawn_failed_workers=True,
        workers_kill_timeout=SERVER_PATIENCE,
    )
    helpers = Supervisor({} if no_background else HELPERS)
    # Until Granian takes over the signals, being asked to stop must not leave helpers behind.
    signal.signal(signal.SIGTERM, _leave)
    helpers.start()
    try:
        server.serve()
    finally:
        helpers.stop()


def _require_free(host: str, port: int) -> None:
    """Two servers may share a port without noticing, and people would reach now one database, now the other."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.settimeout(1)
        if probe.connect_ex((host, port)) == 0:
            raise click.ClickException(f"something already answers at {host}:{port}. Stop it, or choose --port.")


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


@click.command()
@click.option("--every", type=click.IntRange(1, 3600), help="Repeat every so many seconds until stopped.")
@click.option("--until-alone", is_flag=True, hidden=True, help="End when standard input does.")
@json_option
def sweep(every: int | None, until_alone: bool, as_json: bool) -> None:
    """Mark overdue clocks, catch up counts, take up what was killed, build stale days; purge once a day."""
    stop = threading.Event()

    def leave(number: int, frame: FrameType | None) -> None:
        stop.set()

    if until_alone:
        leave_when_alone(stop.set)
    if every:
        signal.signal(signal.SIGTERM, leave)
        signal.signal(signal.SIGINT, leave)
    daily_done = quality_done = None
    while True:
        now = clock.now()
        counts = sweep_once(now)
        if quality_done is None or now - quality_done >= QUALITY_EVERY:
            checkins.note_quality(clock.local_day(now), at=now)
            quality_done = now
        if daily_done != clock.local_day(now):
            purging.purge(on=clock.local_day(now), at=now)
            tracing.sweep_leftovers(at=now)
            tracing.readers.look_for_clocks(last=clock.local_day(now), by=system_actor("sweeper"), at=now)
            daily_done = clock.local_day(now)
        if not every:
            break
        if stop.wait(every):
            return
    if as_json:
        print_json(counts)
        return
    click.echo(f"{counts['overdue']} clocks newly overdue; {counts['told']} steps taken with them.")
    click.echo(
        f"{counts['taken_up']} imports and bulk jobs taken up again, {counts['built']} presence days built again."
    )
    click.echo(f"{counts['counted']} people counted anew.")
    click.echo(f"{counts['escalated']} steps taken with late tasks.")
    click.echo(f"{counts['followed']} follow-ups completed or handed on.")


def sweep_once(at: datetime) -> dict[str, int]:
    """What is looked after every few seconds. Each part may run twice at once without harm."""
    return {
        "tests": laboratory.sync_test_clocks(at=at),
        "overdue": cases.sweep_clocks(at=at),
        "told": cases.escalate_clocks(at=at),
        "taken_up": tasks.take_up_imports(at=at) + checkin_tasks.take_up_bulk(at=at),
        "counted": checkins.catch_up(at=at),
        "board": command.refresh_board(at=at),
        "gaps": mending.sweep_gaps(at=at),
        "synced": surveys.sync_open(by=system_actor("sweeper"), at=at) + laboratory.sync_open_days(at=at),
        "matters": account.sweep_matters(at=at),
        "escalated": command.sweep_tasks(at=at),
        "followed": sum(tracing.sweep_follow_ups(at=at).values()),
        "built": len(tracing.build_stale(by=system_actor("sweeper"), at=at, for_at_least=IMPORTING)),
    }


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
