"""`shouwang doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError

from shouwang.cases.care.hospitals import hospitals
from shouwang.cases.laboratory.data import laboratory
from shouwang.cases.outward import dhis2
from shouwang.cases.rules import clock_settings
from shouwang.cli.common import json_option, print_json
from shouwang.command.account.numbers import numbers_in_force
from shouwang.command.mending.rules import gap_rules
from shouwang.command.queries.control import level_file
from shouwang.command.teams.rules import team_rules
from shouwang.core import clock, packs, sealing
from shouwang.core.errors import ShouwangError
from shouwang.core.models import ImportRun
from shouwang.core.retention import read_table
from shouwang.isolation.rules.bed_settings import bed_settings
from shouwang.org.models import Grant, Organisation
from shouwang.outreach.queries import channel_faults
from shouwang.outreach.queries.plan import timing
from shouwang.tracing.models import PresenceDay
from shouwang.tracing.presence.defaults import assumptions
from shouwang.tracing.presence.files import days_root

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
    if os.name == "posix" and settings.HOME.stat().st_mode & 0o077:
        return Finding("home", False, "others can open the home with its database", f"run: chmod 700 {settings.HOME}")
    return Finding("home", True, str(settings.HOME))


def _disk() -> Finding:
    folder = settings.HOME
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    says = f"{free / 1024**3:.1f} GB free"
    mend = "make room: shouwang purge deletes what is past its date"
    return Finding("disk", free > FREE_BYTES, says, "" if free > FREE_BYTES else mend)


def _database() -> Finding:
    embedded = connection.vendor == "sqlite"
    if embedded and not Path(connection.settings_dict["NAME"]).is_file():
        return Finding(
            "database", False, "there is none yet", "run: shouwang init"
        )  # connecting would make an empty one
    try:
        says = _soundness() if embedded else _server()
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        mend = "restore the last backup" if embedded else "check SHOUWANG_DATABASE_URL and that the server runs"
        return Finding("database", False, str(error).strip().splitlines()[0], mend)
    if waiting:
        return Finding("database", False, f"{len(waiting)} migrations are waiting", "run: shouwang init")
    return Finding("database", True, says)


def _soundness() -> str:
    """DatabaseError when pages of the file are damaged."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        row = cursor.fetchone()
    if row is None or row[0] != "ok":
        raise DatabaseError(f"the file is damaged: {row[0] if row else 'no answer'}")
    return f"SQLite {sqlite3.sqlite_version}, sound"


def _server() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0]}"


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
    at_hand = packs.pack_files()
    changed = [pack.code for pack in active if pack.code in at_hand and packs.get_pack(pack.code).sha256 != pack.sha256]
    if changed:
        return Finding(
            "packs",
            False,
            f"the file has changed since it was put in force: {', '.join(changed)}",
            f"run: shouwang pack check FILE, then shouwang pack activate {changed[0]}",
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


# Data files that an institution may put in its home -> what reads them. Without one the shipped file holds.
OWN_FILES: Mapping[str, Callable[[], object]] = {
    "accountability.toml": lambda: numbers_in_force(settings.HOME),
    "beds.toml": lambda: bed_settings(settings.HOME),
    "clocks.toml": lambda: clock_settings(settings.HOME),
    "dhis2.toml": dhis2.table,
    "gaps.toml": lambda: gap_rules(settings.HOME),
    "hospitals.toml": hospitals,
    "laboratory.toml": laboratory,
    "levels.toml": level_file,
    "presence.toml": assumptions,
    "reminding.toml": timing,
    "retention.toml": read_table,
    "teams.toml": lambda: team_rules(settings.HOME),
}


def _own_files() -> Finding:
    """The institution's own data files: a broken one would be found by whoever needs it, at the wrong hour."""
    there = [name for name in OWN_FILES if (settings.HOME / name).is_file()]
    faults = []
    for name in there:
        try:
            OWN_FILES[name]()
        except ShouwangError as error:
            faults.append(f"{name}: {error.sentence}")
    if faults:
        return Finding(
            "own files", False, " ".join(faults), "mend the file, or take it away: the shipped one holds then"
        )
    return Finding("own files", True, ", ".join(there) or "none: what is shipped holds")


def _people() -> Finding:
    if not Organisation.objects.exists():
        return Finding("roster", False, "no organisation yet", "run: shouwang import roster FILE --root-name NAME")
    if not Grant.objects.filter(role="administrator", ends__isnull=True, account__is_active=True).exists():
        return Finding(
            "roster", False, "nobody is administrator", "run: shouwang account create USER --role administrator"
        )
    return Finding("roster", True, f"{Organisation.objects.count()} organisations")


def _segments() -> Finding:
    days = PresenceDay.objects.order_by("day").values_list("day", "stored_as")
    missing = [str(day) for day, name in days if not (days_root() / name).is_file()]
    if missing:
        mend = f"run: shouwang import rebuild --from {missing[0]} --to {missing[-1]}"
        return Finding("presence", False, f"day files are missing: {', '.join(missing[:5])}", mend)
    return Finding("presence", True, f"{len(days)} days")


def _secrets() -> Finding:
    file = sealing.key_file()
    total, faults = channel_faults()
    if faults:
        mend = f"restore {file} from its backup, or close the channel and add it anew"
        return Finding("secrets", False, f"{len(faults)} of {total} channels cannot be read: {faults[0][1]}", mend)
    if os.name == "posix" and file.exists() and file.stat().st_mode & 0o077:
        return Finding("secrets", False, "others can read the key of sealed addresses", f"run: chmod 600 {file}")
    return Finding("secrets", True, f"{total} channels")


def _imports() -> Finding:
    stuck = ImportRun.objects.filter(state__in=["waiting", "checking", "committing"]).count()
    mend = "start the worker: shouwang serve" if stuck else ""
    return Finding("imports", not stuck, f"{stuck} unfinished", mend)


CHECKS: list[Callable[[], Finding]] = [
    _home, _disk, _database, _packs, _own_files, _people, _segments, _secrets, _imports,
]  # fmt: skip


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
