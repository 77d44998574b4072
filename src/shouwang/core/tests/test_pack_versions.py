"""Packs in force from–to: several at once, one a disease; a version that judged can be read after its file changed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shouwang.checkins.queries.asking import protocols_of
from shouwang.core.actions import activate_pack, deactivate_pack
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.models import ActivePack, AuditEntry, PackVersion
from shouwang.core.packs import SHIPPED, active_packs, get_pack
from shouwang.org.tests.cast import NOON, Cast

if TYPE_CHECKING:
    from pytest_django import Settings

DAY = date(2026, 3, 2)
pytestmark = pytest.mark.django_db


def put(cast: Cast, code: str, since: date = DAY, until: date | None = None) -> ActivePack:
    return activate_pack(code, since=since, until=until, by=cast.by("su"), at=NOON)


def own(settings: Settings, code: str, old: str, new: str) -> Path:
    """The institution's own file of a shipped pack, changed."""
    file = Path(settings.PACKS_ROOT) / f"{code}.toml"
    file.parent.mkdir(exist_ok=True)
    text = (SHIPPED / f"{code}.toml").read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


def codes(day: date = DAY) -> list[str]:
    return [pack.code for pack in active_packs(day)]


def test_several_diseases_are_in_force_at_once(cast: Cast) -> None:
    put(cast, "measles-school")
    put(cast, "norovirus-school", until=DAY + timedelta(days=9))
    assert codes() == ["covid19-2020-6", "measles-school", "norovirus-school"]
    assert codes(DAY + timedelta(days=9)) == codes()
    assert codes(DAY + timedelta(days=10)) == ["covid19-2020-6", "measles-school"]
    assert {"rash", "vomiting", "cough"} <= protocols_of(DAY).symptoms.keys()


def test_of_one_disease_there_is_one_edition_a_day(cast: Cast) -> None:
    with pytest.raises(Conflict) as refusal:
        put(cast, "covid19-2022-9")
    assert refusal.value.data["other"] == "covid19-2020-6"
    deactivate_pack("covid19-2020-6", on=DAY + timedelta(days=6), by=cast.by("su"), at=NOON)
    with pytest.raises(Conflict):  # its last day is still to come
        put(cast, "covid19-2022-9", DAY + timedelta(days=6))
    put(cast, "covid19-2022-9", DAY + timedelta(days=7))
    assert codes(DAY + timedelta(days=6)) == ["covid19-2020-6"]
    assert codes(DAY + timedelta(days=7)) == ["covid19-2022-9"]
    with pytest.raises(Conflict):  # nor may an earlier spell reach into a later one
        put(cast, "covid19-2021-8", DAY + timedelta(days=7), DAY + timedelta(days=8))


def test_days_in_the_wrong_order_and_without_the_right(cast: Cast) -> None:
    with pytest.raises(BadInput):
        put(cast, "measles-school", DAY, DAY - timedelta(days=1))
    with pytest.raises(Forbidden):
        activate_pack("measles-school", since=DAY, by=cast.by("he"), at=NOON)
    assert ActivePack.objects.count() == 1
    assert not PackVersion.objects.exists()


def test_a_changed_file_changes_nothing_before_it_is_put_in_force_again(cast: Cast, settings: Settings) -> None:
    first = put(cast, "measles-school")
    file = own(settings, "measles-school", "fever_c = 38.0", "fever_c = 37.5")
    changed = get_pack("measles-school").sha256
    assert changed != first.sha256
    assert [pack.sha256 for pack in active_packs(DAY)][1] == first.sha256
    assert protocols_of(DAY).fever_c == 37.3
    assert [p.thresholds.fever_c for p in protocols_of(DAY).active] == [37.3, 38.0]
    put(cast, "measles-school", DAY + timedelta(days=1))
    spells = ActivePack.objects.filter(code="measles-school").order_by("active_from")
    assert [(row.active_from, row.active_to, row.sha256) for row in spells] == [
        (DAY, DAY, first.sha256),
        (DAY + timedelta(days=1), None, changed),
    ]
    assert [p.thresholds.fever_c for p in protocols_of(DAY + timedelta(days=1)).active] == [37.3, 37.5]
    file.write_text("broken [", encoding="utf-8")  # what was kept is read from the database, not from the file
    assert [pack.sha256 for pack in active_packs(DAY)][1] == first.sha256


def test_twice_the_same_is_once_and_a_correction_of_the_same_day_replaces(cast: Cast, settings: Settings) -> None:
    first = put(cast, "measles-school")
    assert put(cast, "measles-school").pk == first.pk
    assert AuditEntry.objects.filter(verb="pack.activated").count() == 1
    own(settings, "measles-school", "fever_c = 38.0", "fever_c = 37.5")
    second = put(cast, "measles-school")
    assert ActivePack.objects.get(code="measles-school").pk == second.pk
    assert PackVersion.objects.filter(code="measles-school").count() == 2
    assert AuditEntry.objects.filter(verb="pack.ended").count() == 1


def test_a_kept_version_is_the_file_to_the_byte(cast: Cast, settings: Settings) -> None:
    file = own(settings, "measles-school", "\n", "\r\n")
    row = put(cast, "measles-school")
    assert bytes(PackVersion.objects.get(sha256=row.sha256).content) == file.read_bytes()
    file.unlink()
    again = get_pack("measles-school", row.sha256)
    assert (again.sha256, again.head) == (row.sha256, get_pack("measles-school").head)
    assert get_pack("measles-school", "0" * 64).sha256 != row.sha256  # never kept: the file at hand
