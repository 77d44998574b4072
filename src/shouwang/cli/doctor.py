"""`shouwang doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

import click
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError

from shouwang.cli.common import json_option, print_json
from shouwang.core import clock, packs
from shouwang.core.errors import ShouwangError
from shouwang.core.models import ImportRun
from shouwang.org.models import Grant, Organisation

FREE_BYTES = 2 * 1024**3  # assumption: a month of presence of 25,000 people is about 0.5 GB; four times that


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `mend` is empty when all is well."""

    name: str
    ok: bool
    says: str
    mend: str = ""


def _home() -> Finding:
    key = settings.HOME / "secret_key"
    if not key.exists():
        return Finding("home", False, f"{settings.HOME} has no secret key", "run: shouwang init")
    if os.name == "posix" and key.stat().st_mode & 0o077:
        return Finding("home", False, "others can read the secret key", f"run: chmod 600 {key}")
    return Finding("home", True, str(settings.HOME))


def _disk() -> Finding:
    free = shutil.disk_usage(settings.HOME if settings.HOME.exists() else settings.HOME.parent).free
    says = f"{free / 1024**3:.1f} GB free"
    mend = "make room: shouwang purge deletes what is past its date"
    return Finding("disk", free > FREE_BYTES, says, "" if free > FREE_BYTES else mend)


def _database() -> Finding:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return Finding("database", False, str(error).strip().splitlines()[0], "check SHOUWANG_DATABASE_URL")
    if waiting:
        return Finding("database", False, f"{len(waiting)} migrations are waiting", "run: shouwang init")
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA quick_check(1)")
            row = cursor.fetchone()
            sound = row is not None and row[0] == "ok"
            says = f"SQLite {sqlite3.sqlite_version}, {'sound' if sound else row}"
            return Finding("database", sound, says, "" if sound else "restore the last backup")
        cursor.execute("SHOW server_version")
        return Finding("database", True, f"PostgreSQL {cursor.fetchone()[0]}")


def _packs() -> Finding:
    try:
        active = packs.active_packs(clock.today())
        for code in packs.pack_files():
            packs.get_pack(code)
    except ShouwangError as error:
        return Finding("packs", False, error.sentence, "run: shouwang pack check FILE")
    if not active:
        return Finding(
            "packs", False, "no pack is active: check-ins have no triage", "run: shouwang pack activate CODE"
        )
    today = clock.today()
    past = [pack.code for pack in active if pack.head.in_force_to and pack.head.in_force_to < today]
    if past:
        return Finding(
            "packs",
            False,
            f"edition no longer in force: {', '.join(past)}",
            "activate a later edition, or keep it knowingly (an exercise)",
        )
    return Finding("packs", True, ", ".join(pack.code for pack in active))


def _people() -> Finding:
    if not Organisation.objects.exists():
        return Finding("roster", False, "no organisation yet", "run: shouwang import roster FILE --root-name NAME")
    if not Grant.objects.filter(role="administrator", ends__isnull=True, account__is_active=True).exists():
        return Finding(
            "roster", False, "nobody is administrator", "run: shouwang account create USER --role administrator"
        )
    return Finding("roster", True, f"{Organisation.objects.count()} organisations")


def _segments() -> Finding:
    from shouwang.tracing.models import PresenceDay

    missing = [
        str(row.day) for row in PresenceDay.objects.all() if not (settings.SEGMENTS_ROOT / row.stored_as).is_file()
    ]
    if missing:
        return Finding(
            "presence", False, f"day files are missing: {', '.join(missing[:5])}", "run: shouwang import rebuild"
        )
    return Finding("presence", True, f"{PresenceDay.objects.count()} days")


def _imports() -> Finding:
    stuck = ImportRun.objects.filter(state__in=["waiting", "checking", "committing"]).count()
    mend = "start the worker: shouwang serve" if stuck else ""
    return Finding("imports", not stuck, f"{stuck} unfinished", mend)


CHECKS: list[Callable[[], Finding]] = [_home, _disk, _database, _packs, _people, _segments, _imports]


def examine() -> list[Finding]:
    """Every check in order; those after a broken database are left out, since they would only repeat it."""
    findings = []
    for check in CHECKS:
        findings.append(check())
        if check is _database and not findings[-1].ok:
            break
    return findings


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Say what is wrong with this installation, and how to mend it. Ends with status 1 when something is."""
    findings = examine()
    for finding in findings:
        mark = click.style("ok  ", fg="green") if finding.ok else click.style("!!  ", fg="red")
        click.echo(f"{mark}{finding.name:10} {finding.says}" + (f"\n    -> {finding.mend}" if finding.mend else ""))
    if as_json:
        print_json({"ok": all(f.ok for f in findings), "findings": [
            {"name": f.name, "ok": f.ok, "says": f.says, "mend": f.mend} for f in findings]})  # fmt: skip
    if not all(finding.ok for finding in findings):
        raise SystemExit(1)
