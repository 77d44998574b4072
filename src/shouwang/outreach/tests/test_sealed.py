"""Addresses at rest: sealed under a key outside the database; exchanged, lost, wrong, never in clear."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwang.cli.doctor import _secrets
from shouwang.cli.keys import secrets
from shouwang.core import sealing
from shouwang.core.errors import Forbidden
from shouwang.core.models import AuditEntry
from shouwang.core.scope import system_actor
from shouwang.core.sealing import SealError
from shouwang.org.tests.cast import Cast
from shouwang.outreach import actions, queries, sealed
from shouwang.outreach.models import Attempt, Channel, Delivery
from shouwang.outreach.tests.scenes import channel, hour, planned, prefer

URL = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0123456789abcdef0123"


@pytest.fixture
def home(own_home: Path) -> Path:
    return own_home


def key_lines(home: Path) -> list[bytes]:
    return (home / "secrets" / "seal.keys").read_bytes().split()


def test_nothing_in_the_database_gives_the_address_away(cast: Cast, home: Path) -> None:
    row = channel(cast, "wecom", URL, "CS2301")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM outreach_channel")
        assert "0123456789abcdef0123" not in repr(cursor.fetchall())
    assert sealed.target_of(row).url == URL
    file = home / "secrets" / "seal.keys"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_comes_back(own_home: Path, text: str) -> None:
    sealing.make_key()
    assert sealing.unseal(sealing.seal(text)) == text


def test_rotation_seals_anew_and_keeps_or_forgets_the_older_keys(cast: Cast, home: Path) -> None:
    row = channel(cast, "wecom", URL, "CS2301")
    (first,) = key_lines(home)
    old = row.sealed
    by = system_actor()
    assert actions.rotate_keys(by=by, at=hour(9)) == (1, 0)
    assert key_lines(home)[1:] == [first]
    row.refresh_from_db()
    assert row.sealed != old and sealed.target_of(row).url == URL
    assert sealing.unseal(old)  # an older backup is still readable
    assert actions.rotate_keys(forget_older=True, by=by, at=hour(10)) == (1, 2)
    row.refresh_from_db()
    assert len(key_lines(home)) == 1 and sealed.target_of(row).url == URL
    with pytest.raises(SealError):
        sealing.unseal(old)
    entry = AuditEntry.objects.filter(verb="channel.resealed").latest("pk")
    assert entry.new == {"channels": 1}
    with pytest.raises(Forbidden):
        actions.rotate_keys(by=cast.by("su"), at=hour(10))


def test_a_rotation_that_dies_half_way_loses_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [channel(cast, "wecom", URL + str(k), "CS2301") for k in range(3)]
    real, calls = sealing.reseal, []

    def dying(text: str) -> str:
        calls.append(text)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(text)

    monkeypatch.setattr(sealing, "reseal", dying)
    with pytest.raises(KeyboardInterrupt):
        actions.rotate_keys(forget_older=True, by=system_actor(), at=hour(9))
    for row in rows:
        row.refresh_from_db()
        assert sealed.target_of(row).url.startswith(URL)
    monkeypatch.setattr(sealing, "reseal", real)
    assert actions.rotate_keys(forget_older=True, by=system_actor(), at=hour(9))[0] == 3


def lose(home: Path) -> None:
    (home / "secrets" / "seal.keys").unlink()


def confuse(home: Path) -> None:
    lose(home)
    sealing.make_key()


def spoil(home: Path) -> None:
    (home / "secrets" / "seal.keys").write_bytes(b"no key\n")


@pytest.mark.parametrize(("harm", "code"), [(lose, "key_missing"), (confuse, "key_wrong"), (spoil, "key_unreadable")])
def test_a_key_that_is_gone_is_said_everywhere_and_nothing_is_lost(
    cast: Cast, home: Path, sign_in: Callable[[str], Client], harm: Callable[[Path], None], code: str
) -> None:
    channel(cast, "mail", "mailtos://user:word@mail.example.edu.cn", "WCU")
    prefer(cast, "lin", mail="lin@example.edu.cn", by_mail=True)
    planned()
    whole = (home / "secrets" / "seal.keys").read_bytes()
    harm(home)
    row = Channel.objects.get()
    with pytest.raises(SealError) as caught:
        sealed.target_of(row)
    assert caught.value.error_code == code
    assert actions.send_due(now=lambda: hour(9)).counts == {}
    assert Delivery.objects.get().state == "queued" and not Attempt.objects.exists()
    admin = sign_in("admin")
    for address in ("/outreach/channels/", f"/outreach/channels/{row.pk}/"):
        page = admin.get(address).content.decode()
        assert "地址无法读取" in page and "user:word" not in page
    sent = admin.post(f"/outreach/channels/{row.pk}/test/", {"address": "a@example.edu.cn"})
    assert sent.status_code == 422
    new = {"name": "群", "kind": "wecom", "organisation": "CS2301", "url": URL}
    if code != "key_wrong":
        assert admin.post("/outreach/channels/", new).status_code == 422
        assert Channel.objects.count() == 1
    listed = admin.get("/api/v1/outreach/channels").json()["items"]
    assert [bool(one["fault"]) for one in listed] == [True]
    finding = _secrets()
    assert not finding.ok and "seal.keys" in finding.mend
    assert queries.channel_faults()[0] == 1
    (home / "secrets" / "seal.keys").write_bytes(whole)
    assert code != "key_missing" or "chmod 600" in _secrets().mend  # made anew by hand, open to others
    (home / "secrets" / "seal.keys").chmod(0o600)
    assert _secrets().ok and sealed.target_of(row).url.startswith("mailtos://")


def test_the_command_line_says_and_rotates(cast: Cast, home: Path) -> None:
    channel(cast, "wecom", URL, "CS2301")
    runner = CliRunner()
    told = runner.invoke(secrets, ["status", "--json"])
    assert told.exit_code == 0 and json.loads(told.output.splitlines()[-1])["unreadable"] == 0
    done = runner.invoke(secrets, ["rotate", "--forget-older", "--json"])
    assert done.exit_code == 0
    assert json.loads(done.output.splitlines()[-1]) | {"file": ""} == {"file": "", "channels": 1, "forgotten": 1}
    lose(home)
    assert runner.invoke(secrets, ["status"]).exit_code == 1
    assert isinstance(runner.invoke(secrets, ["rotate"]).exception, SealError)
    assert not (home / "secrets" / "seal.keys").exists()  # a lost key is not papered over by a new one


def test_what_stood_in_clear_is_sealed_by_the_migration(tmp_path: Path) -> None:
    """A database of its own, brought to the shape of before, filled, and brought up to date by the command."""
    home = tmp_path / "old"
    told = run(
        home,
        """
from django.core.management import call_command
from django.db import connection
from shouwang.cli.setup import make_home
from django.conf import settings
make_home(settings.HOME)
call_command("migrate", "org", verbosity=0)
call_command("migrate", "outreach", "0001", verbosity=0)
with connection.cursor() as cursor:
    cursor.execute("INSERT INTO org_organisation (path, kind, code, name, name_en, starts) VALUES "
                   "('0001', 'class', 'C', 'C', '', '2026-01-01')")
    cursor.execute("INSERT INTO outreach_channel (name, kind, organisation_id, url, secret, hint, digest, created_at) "
                   "VALUES ('a', 'wecom', 1, %s, 'SEC-in-clear', 'h', 'd', '2026-01-01 00:00:00')", [URL])
call_command("migrate", "outreach", verbosity=0)
from shouwang.outreach.models import Channel
from shouwang.outreach.sealed import target_of
target = target_of(Channel.objects.get())
print(target.url == URL, target.secret)
""",
    )
    assert told.split() == ["True", "SEC-in-clear"]
    for file in home.glob("shouwang.sqlite3*"):
        raw = file.read_bytes()
        assert b"SEC-in-clear" not in raw and b"0123456789abcdef0123" not in raw


def run(home: Path, program: str) -> str:
    """What a program of its own says, in a home of its own on SQLite."""
    own = {"SHOUWANG_HOME": str(home), "SHOUWANG_DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "shouwang.web.settings"}
    words = [sys.executable, "-W", "ignore", "-c", f"import django; django.setup(); URL = {URL!r}\n{program}"]
    done = subprocess.run(words, env=os.environ | own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
