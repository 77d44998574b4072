"""`shouwang doctor` names what is wrong, says how to mend it, and ends with status 1; `shouwang init` mends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration

from shouwang.cli import doctor
from shouwang.cli.doctor import Finding, examine
from shouwang.cli.main import shouwang
from shouwang.cli.setup import make_home
from shouwang.core.actions import activate_pack
from shouwang.core.models import ActivePack, ImportRun
from shouwang.core.packs import SHIPPED
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing.models import PresenceDay

if TYPE_CHECKING:
    from pytest_django import Settings

TODAY = NOON.date()
on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="about the embedded database's file")


@pytest.fixture
def home(own_home: Path, settings: Settings) -> Path:
    """A home as `shouwang init` makes it."""
    settings.HOME = own_home / "home"
    settings.SEGMENTS_ROOT = settings.HOME / "segments"
    settings.PACKS_ROOT = settings.HOME / "packs"
    make_home(settings.HOME)
    return Path(settings.HOME)


@pytest.fixture
def database(home: Path) -> Iterator[Path]:
    """The tests' own database lies in memory; the file that doctor looks for first stands here."""
    file = home / "shouwang.sqlite3"
    if connection.vendor != "sqlite":
        yield file
        return
    file.touch(mode=0o600)
    before = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = str(file)
    yield file
    connection.settings_dict["NAME"] = before


def finding(name: str) -> Finding:
    return next(found for found in examine() if found.name == name)


def told(name: str, says: str, mend: str) -> None:
    found = finding(name)
    assert not found.ok
    assert says in found.says
    assert mend in found.mend


def test_a_well_installation_has_status_0(
    cast: Cast, home: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "FREE_BYTES", 0)
    ActivePack.objects.all().delete()
    monkeypatch.setattr(doctor, "CHECKS", [check for check in doctor.CHECKS if check is not doctor._packs])
    answer = CliRunner().invoke(shouwang, ["doctor", "--json"])
    body: dict[str, Any] = json.loads(answer.output.splitlines()[-1])
    assert [f for f in body["findings"] if not f["ok"]] == []
    assert answer.exit_code == 0


def test_a_fresh_home_is_told_to_init(settings: Settings, own_home: Path) -> None:
    settings.HOME = own_home / "not" / "yet"
    told("home", "no secret key", "shouwang init")
    assert doctor._disk().says.endswith("GB free")
    assert not settings.HOME.exists()


@on_sqlite
def test_a_missing_database_is_named_and_not_made(home: Path) -> None:
    before = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = str(home / "none.sqlite3")
    try:
        told("database", "none yet", "shouwang init")
    finally:
        connection.settings_dict["NAME"] = before
    assert not (home / "none.sqlite3").exists()


def test_a_missing_key(home: Path) -> None:
    (home / "secret_key").unlink()
    told("home", "no secret key", "shouwang init")


def test_a_key_others_can_read(home: Path) -> None:
    (home / "secret_key").chmod(0o644)
    told("home", "secret key", f"chmod 600 {home / 'secret_key'}")


def test_a_home_others_can_open(home: Path) -> None:
    home.chmod(0o755)
    told("home", "others can open", f"chmod 700 {home}")


def test_migrations_that_wait(db: None, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The tests' own tables have no history where they were made from the models.
    waiting = [(Migration("0099_later", "isolation"), False)]
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda executor, targets: waiting)
    told("database", "migrations are waiting", "shouwang init")


def test_no_pack_means_no_triage(cast: Cast, database: Path) -> None:
    ActivePack.objects.all().delete()
    told("packs", "no pack is active", "pack activate")


def test_a_pack_whose_file_has_changed_since(cast: Cast, home: Path, database: Path) -> None:
    activate_pack("measles-school", since=TODAY, by=cast.by("su"), at=NOON)
    own = home / "packs"
    own.mkdir(exist_ok=True)
    text = (SHIPPED / "measles-school.toml").read_text(encoding="utf-8")
    (own / "measles-school.toml").write_text(text.replace("fever_c = 38.0", "fever_c = 37.8"), encoding="utf-8")
    told("packs", "has changed since it was put in force: measles-school", "pack activate measles-school")


def test_a_pack_whose_file_is_gone(cast: Cast, database: Path) -> None:
    ActivePack.objects.update(code="plague-1910-1")
    found = finding("packs")
    assert not found.ok
    assert found.mend


def test_a_day_whose_file_is_missing(cast: Cast, database: Path) -> None:
    PresenceDay.objects.create(
        day=TODAY,
        version=1,
        stored_as="2026-03-02.v1.arrow",
        visits=0,
        pairs=0,
        built_at=NOON,
        purge_on=TODAY,
    )
    told("presence", "2026-03-02", "shouwang import rebuild --from 2026-03-02")


def test_nobody_is_administrator(db: None, database: Path) -> None:
    told("roster", "no organisation yet", "import roster")


def test_an_import_that_nobody_works_on(cast: Cast, database: Path) -> None:
    ImportRun.objects.create(
        kind="roster", file_name="a", stored_as="a", sha256="0" * 64, created_at=NOON, purge_on=TODAY
    )
    told("imports", "1 unfinished", "shouwang serve")


def test_something_wrong_ends_with_status_1(settings: Settings, own_home: Path, db: None) -> None:
    settings.HOME = own_home / "nowhere"
    answer = CliRunner().invoke(shouwang, ["doctor"])
    assert answer.exit_code == 1
    assert "-> run: shouwang init" in answer.output


@pytest.mark.parametrize("name", sorted(doctor.OWN_FILES))
def test_a_broken_file_of_the_institution_is_named(home: Path, name: str) -> None:
    (home / name).write_text("nonsense = = 1\n", encoding="utf-8")
    found = doctor._own_files()
    assert not found.ok and name in found.says and found.mend


def test_files_of_the_institution_that_hold_are_listed(home: Path) -> None:
    assert doctor._own_files() == Finding("own files", True, "none: what is shipped holds")
    (home / "retention.toml").write_text("[keep_days]\nimport = 7\n", encoding="utf-8")
    assert doctor._own_files() == Finding("own files", True, "retention.toml")
