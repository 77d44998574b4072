"""Tracing from the terminal leaves the same mark as from a page: whoever was found can read who looked."""

from __future__ import annotations

from click.testing import CliRunner

from shouwang.cases.models import Case
from shouwang.cli.trace import trace
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import Cast


def test_everyone_found_can_read_who_looked(cast: Cast, traced: Case) -> None:
    words = ["--person", "2023010101", "--onset", "2026-03-02T06:00:00+08:00", "--lookback-days", "2"]
    assert CliRunner().invoke(trace, [*words, "--as", "qiu"]).exit_code == 0
    found = AuditEntry.objects.filter(verb="presence.read", mouth="cli", account=cast.account["qiu"].pk, is_read=True)
    names = ("lin", "wang", "zhao", "meng", "ou")
    assert set(found.values_list("subject", flat=True)) == {cast.person[name].pk for name in names}
    assert CliRunner().invoke(trace, [*words, "--as", "fang"]).exit_code != 0
    assert found.count() == AuditEntry.objects.filter(verb="presence.read", mouth="cli").count()
