"""Taking check-ins in: receipts, retries, who may speak, alerts, and that many at once equal one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from shouwang.checkins import actions, queries, rules
from shouwang.checkins.models import CheckIn, LatestCheckIn, SymptomAlert
from shouwang.checkins.rules import Answers
from shouwang.checkins.tests.builders import COVID, TODAY, fever, key, say, watch, well
from shouwang.core import events
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.models import ActivePack, AuditEntry
from shouwang.org import actions as org
from shouwang.org.tests.cast import NOON, Cast

YESTERDAY = NOON - timedelta(days=1)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Events as they are published, without whoever listens in the whole program."""
    found: list[tuple[str, Any]] = []

    def publish(name: str, **payload: Any) -> None:
        assert connection.in_atomic_block
        found.append((name, payload.get("checkin") or payload.get("alert")))

    monkeypatch.setattr(events, "publish", publish)
    return found


def test_a_healthy_entry_is_stored_numbered_and_the_latest(cast: Cast, heard: list[tuple[str, Any]]) -> None:
    row = say(cast, "lin", well())
    assert (row.day, row.source, row.severity, row.exposure, row.temperature_c) == (TODAY, "self", "none", False, None)
    assert row.account_id == cast.account["lin"].pk
    assert row.purge_on == TODAY + timedelta(days=30)
    assert row.pack_sha256 and queries.receipt_for(cast.by("lin"), row.receipt) == row
    assert cast.person["lin"].latest_checkin.checkin_id == row.pk
    assert heard == []
    # The row names account and moment and is never changed: it is its own record.
    assert not AuditEntry.objects.filter(verb="checkin.submitted").exists()


def test_a_retry_returns_the_same_receipt_and_other_answers_do_not(cast: Cast) -> None:
    first = say(cast, "lin", well(), client_key="once")
    later = NOON + timedelta(minutes=3)
    assert say(cast, "lin", well(), client_key="once", at=later) == first
    assert CheckIn.objects.count() == 1
    # The back button, then "I feel unwell" under the old key: never a silent yes.
    with pytest.raises(Conflict) as caught:
        say(cast, "lin", fever(), client_key="once", at=later)
    assert caught.value.error_code == "sent_differently"
    with pytest.raises(Conflict) as caught:
        say(cast, "wang", well(), client_key="once")
    assert caught.value.error_code == "client_key_used"
    assert CheckIn.objects.count() == 1


def test_a_retry_is_known_although_the_pack_has_changed_since(cast: Cast) -> None:
    first = say(cast, "lin", Answers(symptoms=("cough",)), client_key="once")
    ActivePack.objects.update(active_to=TODAY - timedelta(days=1))
    watch(cast, "lin")
    assert say(cast, "lin", Answers(symptoms=("cough",)), client_key="once") == first


@pytest.mark.parametrize("bad", ["", "x" * 65, "a\x00", "钥匙"])
def test_a_key_is_short_and_plain(cast: Cast, bad: str) -> None:
    with pytest.raises(BadInput) as caught:
        actions.submit(person=cast.person["lin"], answers=well(), client_key=bad, by=cast.by("lin"), at=NOON)
    assert caught.value.field == "client_key"
    assert not CheckIn.objects.exists()


def test_one_speaks_for_oneself_and_a_monitor_for_the_class_with_a_reason(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        actions.submit(person=cast.person["wang"], answers=well(), client_key=key(), by=cast.by("lin"), at=NOON)

    def enter(by: str, whom: str, source: str = "proxy", reason: str = "phone broken") -> CheckIn:
        return actions.submit(
            person=cast.person[whom], answers=well(), client_key=key(), source=source, proxy_reason=reason,
            by=cast.by(by), at=NOON,
        )  # fmt: skip

    row = enter("meng", "wang")
    entry = AuditEntry.objects.get(verb="checkin.submitted")
    assert (entry.subject, entry.object, entry.new) == (cast.person["wang"].pk, str(row.pk), {"source": "proxy"})
    assert (row.source, row.proxy_reason, row.account_id) == ("proxy", "phone broken", cast.account["meng"].pk)
    for by, whom in [("meng", "zhao"), ("lin", "wang"), ("xu", "lin"), ("su", "lin"), ("admin", "lin"), ("qiu", "lin")]:
        with pytest.raises(Forbidden):
            enter(by, whom)
    with pytest.raises(Forbidden):
        enter("fang", "lin", source="clinic")
    assert enter("he", "ou", source="clinic", reason="").source == "clinic"
    with pytest.raises(BadInput):
        enter("meng", "lin", reason=" ")


def test_a_further_membership_gives_the_proxy_right(cast: Cast) -> None:
    from shouwang.core.scope import system_actor

    org.join(cast.person["ou"], organisation=cast.org["CS2301"], since=TODAY, by=system_actor(), at=NOON)
    row = actions.submit(
        person=cast.person["ou"], answers=well(), client_key=key(), source="proxy", proxy_reason="asked in person",
        by=cast.by("meng"), at=NOON,
    )  # fmt: skip
    assert row.person_id == cast.person["ou"].pk


def test_another_never_stands_over_the_persons_own_word(cast: Cast) -> None:
    say(cast, "lin", fever())
    proxy: dict[str, Any] = {"source": "proxy", "proxy_reason": "asked in person", "by": cast.by("meng"), "at": NOON}
    with pytest.raises(Conflict) as caught:
        actions.submit(person=cast.person["lin"], answers=well(), client_key=key(), **proxy)
    assert caught.value.error_code == "already_in"
    assert "12:00" in caught.value.sentence
    # what makes them ill may be added by whoever saw it
    row = actions.submit(person=cast.person["lin"], answers=fever("39.0", "short_breath"), client_key=key(), **proxy)
    assert row.severity == "urgent"


def test_unchanged_copies_a_healthy_yesterday_and_stops_the_ill(cast: Cast) -> None:
    with pytest.raises(BadInput) as caught:
        say(cast, "lin", Answers(unchanged=True))
    assert caught.value.error_code == "changed_expected"
    say(cast, "lin", well(), at=YESTERDAY)
    row = say(cast, "lin", Answers(unchanged=True))
    assert (row.unchanged, row.exposure, row.symptoms) == (True, False, [])
    say(cast, "wang", fever(), at=YESTERDAY)
    with pytest.raises(BadInput):
        say(cast, "wang", Answers(unchanged=True))
    assert not CheckIn.objects.filter(person=cast.person["wang"], day=TODAY).exists()


def test_a_monitored_person_gives_a_temperature(cast: Cast) -> None:
    say(cast, "lin", well(), at=YESTERDAY)
    watch(cast, "lin")
    with pytest.raises(BadInput) as caught:
        say(cast, "lin", Answers(unchanged=True))
    assert caught.value.error_code == "temperature_required"
    row = say(cast, "lin", Answers(unchanged=True, temperature_c=Decimal("36.6")))
    assert row.temperature_c == Decimal("36.6")
    say(cast, "wang", well())  # nobody else is asked


def test_my_place_changed_moves_the_situation_with_its_history(cast: Cast) -> None:
    row = say(cast, "lin", Answers(situation="off_campus", place_note="with my parents, Zhengzhou", exposure=False))
    assert row.place_changed
    lin = cast.person["lin"]
    lin.refresh_from_db()
    assert lin.situation == "off_campus"
    assert list(lin.situations.order_by("starts").values_list("situation", flat=True)) == ["on_campus", "off_campus"]
    with pytest.raises(BadInput):
        say(cast, "wang", Answers(situation="the moon"))
    assert CheckIn.objects.count() == 1


def test_a_refusal_leaves_nothing(cast: Cast, heard: list[tuple[str, Any]]) -> None:
    before = AuditEntry.objects.count()
    for bad in (Answers(temperature_c=Decimal("99")), Answers(symptoms=("plague",)), Answers(note="\x00")):
        with pytest.raises(BadInput):
            say(cast, "lin", bad)
    org.leave_institution(cast.person["wang"], on=TODAY, by=org_system(), at=NOON)
    with pytest.raises(Conflict) as caught:
        say(cast, "wang", well())
    assert caught.value.error_code == "person_left"
    assert not CheckIn.objects.exists() and not LatestCheckIn.objects.filter(checkin__isnull=False).exists()
    assert [event for event in heard if event[0] != "people.changed"] == []
    assert AuditEntry.objects.count() == before + 1  # the leaving


def org_system() -> Any:
    from shouwang.core.scope import system_actor

    return system_actor()


def test_a_correction_is_a_new_check_in(cast: Cast) -> None:
    say(cast, "lin", fever())
    row = say(cast, "lin", well(), at=NOON + timedelta(minutes=5))
    assert CheckIn.objects.filter(person=cast.person["lin"]).count() == 2
    assert cast.person["lin"].latest_checkin.checkin_id == row.pk
    assert SymptomAlert.objects.get().state == "open"  # only the clinic answers an alert


def test_an_entry_of_earlier_never_replaces_a_later_one(cast: Cast) -> None:
    row = say(cast, "lin", well())
    early = actions.Entry(cast.person["lin"], fever(), key(), said_at=NOON - timedelta(hours=3))
    result = actions.submit_many([early], by=cast.by("lin"), at=NOON)
    assert result.made == 1 and len(result.alerts) == 1
    assert cast.person["lin"].latest_checkin.checkin_id == row.pk


def test_a_whole_answer_for_each_row(cast: Cast) -> None:
    """One refusal holds up nobody; the results stand in the order of the entries."""
    entries = [
        actions.Entry(cast.person["lin"], well(), "a"),
        actions.Entry(cast.person["lin"], Answers(temperature_c=Decimal("50")), "b"),
        actions.Entry(cast.person["lin"], well(), "a"),
        actions.Entry(cast.person["wang"], well(), "c"),
        actions.Entry(cast.person["lin"], fever(), "d", said_at=NOON + timedelta(hours=1)),
    ]
    result = actions.submit_many(entries, by=cast.by("lin"), at=NOON)
    codes = [row.error.error_code if row.error else "repeated" if row.repeated else "made" for row in result.rows]
    assert codes == ["made", "temperature_implausible", "repeated", "forbidden", "moment_future"]
    assert (result.made, result.repeated, result.refused) == (1, 1, 3)
    assert result.rows[0].checkin == result.rows[2].checkin


def test_a_key_taken_between_look_and_write_is_seen_the_second_time(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two servers, one key: the one that loses the race answers with the winner's receipt."""
    from shouwang.checkins.actions import facts

    winner = say(cast, "lin", well(), client_key="raced")
    real, looks = facts.look, []

    def blind_at_first(*asked: Any) -> facts.Facts:
        looks.append(1)
        found = real(*asked)
        return replace(found, stored={}) if len(looks) == 1 else found

    monkeypatch.setattr(facts, "look", blind_at_first)
    assert say(cast, "lin", well(), client_key="raced") == winner
    assert len(looks) == 2
    assert CheckIn.objects.count() == 1


def test_the_hash_of_what_was_asked_is_kept(cast: Cast) -> None:
    from shouwang.core.packs import get_pack

    assert say(cast, "lin", well()).pack_sha256 == get_pack(COVID).sha256
    flu = get_pack("influenza-seasonal")
    ActivePack.objects.create(code=flu.code, sha256=flu.sha256, active_from=TODAY)
    both = say(cast, "wang", well()).pack_sha256
    assert len(both) == 64 and both not in {flu.sha256, get_pack(COVID).sha256}
    assert rules.Protocols.of([get_pack(COVID), flu]).sha256 == both


def test_a_receipt_is_shown_to_its_owner_and_whoever_may_see_the_status(cast: Cast) -> None:
    text = say(cast, "lin", well()).receipt
    assert all(queries.receipt_for(cast.by(name), text) for name in ("lin", "meng", "fang", "he", "su"))
    for name in ("wang", "xu", "qiu", "tang", "admin"):
        with pytest.raises(NotFound):
            queries.receipt_for(cast.by(name), text)
    with pytest.raises(NotFound):
        queries.receipt_for(cast.by("lin"), rules.receipt(TODAY, 10**6))
    with pytest.raises(BadInput):
        queries.receipt_for(cast.by("lin"), text[:-1])
