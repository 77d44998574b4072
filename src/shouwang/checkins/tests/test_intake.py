"""The door in front of Django: who may pass, what is taken, and what no body, however wrong, can do."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

import pytest

from shouwang.checkins import actions, queries
from shouwang.checkins.intake import LARGEST_BODY, RATE_LIMIT
from shouwang.checkins.models import CheckIn, LatestCheckIn, SymptomAlert
from shouwang.checkins.rules import credentials
from shouwang.checkins.tests.asking import intake, send, ticket
from shouwang.checkins.tests.builders import TODAY, say, well
from shouwang.core.models import AuditEntry
from shouwang.org import actions as org
from shouwang.org.tests.cast import NOON, Cast

HEALTHY = {"temperature_c": 36.5, "exposure": False}


def test_a_check_in_is_stored_and_numbered_and_a_retry_gets_the_same_receipt(cast: Cast) -> None:
    door, token = intake(), ticket(cast, "lin")
    status, first, headers = send(door, {"key": "one", "answers": HEALTHY}, token)
    assert (status, first["severity"], first["day"], first["repeated"]) == (201, "none", "2026-03-02", False)
    assert headers["cache-control"] == "no-store"
    row = CheckIn.objects.get()
    assert (row.receipt, row.person, row.source, row.mouth) == (first["receipt"], cast.person["lin"], "self", "web")
    assert row.account == cast.account["lin"] and len(row.device) == 12
    assert LatestCheckIn.objects.get(person=row.person).checkin == row
    status, again, _headers = send(door, {"key": "one", "answers": HEALTHY}, token)
    assert (status, again["receipt"], again["repeated"]) == (200, first["receipt"], True)
    status, other, _headers = send(door, {"key": "one", "answers": {"symptoms": ["cough"]}}, token)
    assert (status, other["code"]) == (409, "sent_differently")
    assert CheckIn.objects.count() == 1


def test_who_is_ill_is_told_why_and_what_to_do_and_the_clinic_is_told_by_whom(cast: Cast) -> None:
    body = {"key": "ill", "answers": {"temperature_c": 38.4, "symptoms": ["cough"], "exposure": True}}
    status, said, _headers = send(intake(), body, ticket(cast, "lin"))
    assert (status, said["severity"]) == (201, "urgent")
    assert said["because"]["zh"] and said["advice"]["en"]
    assert SymptomAlert.objects.get().person == cast.person["lin"]
    entry = AuditEntry.objects.get(verb="alert.raised")
    assert (entry.label, entry.account) == (cast.person["lin"].number, cast.account["lin"].pk)


def test_what_was_said_offline_stands_where_it_belongs(cast: Cast) -> None:
    door, token = intake(), ticket(cast, "lin")
    assert send(door, {"key": "late", "answers": HEALTHY}, token)[0] == 201
    at = (NOON - timedelta(hours=3)).isoformat()
    ill = {"key": "early", "answers": {"temperature_c": 38.4, "exposure": False}, "at": at}
    status, said, _headers = send(door, ill, token)
    assert status == 201
    assert (said["later"]["source"], said["later"]["differs"]) == ("self", True)
    latest = LatestCheckIn.objects.get(person=cast.person["lin"])
    assert latest.checkin is not None and latest.checkin.client_key == "late"
    assert SymptomAlert.objects.count() == 1  # told late, heard all the same


def test_a_clock_that_steps_back_loses_nobodys_last_word(cast: Cast, noon: Any) -> None:
    door, token = intake(), ticket(cast, "lin")
    send(door, {"key": "before", "answers": HEALTHY}, token)
    noon.move_to(NOON - timedelta(hours=2))
    assert send(door, {"key": "after", "answers": {"temperature_c": 39}}, token)[0] == 201
    latest = LatestCheckIn.objects.get(person=cast.person["lin"])
    assert latest.checkin is not None and (latest.checkin.client_key, latest.symptomatic) == ("after", True)


def test_a_ticket_is_good_until_it_is_taken_back_or_runs_out(cast: Cast) -> None:
    door, old = intake(), ticket(cast, "lin")
    assert send(door, {"key": "a", "answers": HEALTHY}, old)[0] == 201
    actions.revoke_tickets(cast.person["lin"], by=cast.by("lin"), at=NOON)
    status, refused, headers = send(door, {"key": "b", "answers": HEALTHY}, old)
    assert (status, refused["code"], headers["www-authenticate"]) == (401, "credential_revoked", "Bearer")
    new = queries.ticket_for(cast.by("lin"), mouth=credentials.LINK, at=NOON)
    assert send(door, {"key": "b", "answers": HEALTHY}, new)[0] == 201
    assert CheckIn.objects.get(client_key="b").mouth == "link"
    ran_out = ticket(cast, "wang", at=NOON - credentials.LIFETIME)
    assert send(door, {"key": "c", "answers": HEALTHY}, ran_out)[1]["code"] == "credential_expired"
    org.set_active(cast.account["wang"], active=False, by=cast.by("admin"), at=NOON)
    closed = ticket(cast, "wang", serial=1)
    assert send(door, {"key": "d", "answers": HEALTHY}, closed)[1]["code"] == "credential_revoked"
    assert CheckIn.objects.count() == 2


def test_another_persons_ticket_speaks_for_that_person_alone(cast: Cast) -> None:
    raw = bytearray(ticket(cast, "lin"), "ascii")
    for place in range(len(credentials.PREFIX), len(raw) - 1):
        forged = raw.copy()
        forged[place] = ord("A") if forged[place] != ord("A") else ord("B")
        assert send(intake(), {"key": "x", "answers": HEALTHY}, forged.decode())[0] == 401
    assert not CheckIn.objects.exists()


def test_more_than_a_person_can_say_is_refused_with_the_reason(cast: Cast) -> None:
    door, token = intake(), ticket(cast, "lin")
    statuses = [send(door, {"key": "same", "answers": HEALTHY}, token)[0] for _ in range(RATE_LIMIT)]
    assert set(statuses) == {200, 201}
    status, refused, headers = send(door, {"key": "same", "answers": HEALTHY}, token, accept_language="en")
    assert (status, refused["code"]) == (429, "too_many")
    assert 1 <= int(headers["retry-after"]) <= 600 and "Try again in" in refused["message"]
    assert send(door, {"key": "other", "answers": HEALTHY}, ticket(cast, "wang"))[0] == 201


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", {}, 400, "malformed"),
        (b"{", {}, 400, "malformed"),
        (b"\xff\xfe", {}, 400, "malformed"),
        (b'{"key":"k"}', {}, 400, "malformed"),
        (b'{"key":"k","answers":{"temperature_c":NaN}}', {}, 400, "malformed"),
        (b'{"key":"k","answers":{"temperature_c":1e999}}', {}, 400, None),
        (b'{"key":"k","answers":{"temperature_c":"38.1","person":7}}', {}, 400, "malformed"),
        (b'{"key":"k","answers":{"extra":{"plague":true}}}', {}, 400, "question_unknown"),
        (b'{"key":"k","answers":{"symptoms":["plague"]}}', {}, 400, "symptom_unknown"),
        (b'{"key":"","answers":{}}', {}, 400, "client_key_invalid"),
        (b'{"key":"k","answers":{},"at":"2026-03-09T08:00:00+08:00"}', {}, 400, "moment_future"),
        (b'{"key":"k","answers":{},"at":"1926-03-01T08:00:00+08:00"}', {}, 400, "moment_ancient"),
        (b'{"key":"k","answers":{},"at":"2026-03-02T08:00:00"}', {}, 400, "moment_naive"),
        (b'{"key":"k","answers":{},"form":"0000"}', {}, 409, "form_changed"),
        (b'{"key":"k","answers":{},"corrects":"nonsense"}', {}, 400, "receipt_invalid"),
        (b" " * (LARGEST_BODY + 1), {}, 413, "too_large"),
        (b"{}", {"content_length": "99999999999"}, 413, "too_large"),
        (b"{}", {"content_type": "text/plain"}, 415, "not_json"),
    ],
)
def test_a_wrong_body_is_named_and_leaves_nothing(
    cast: Cast, body: bytes, headers: dict[str, str], status: int, code: str | None
) -> None:
    found, said, _headers = send(intake(), body, ticket(cast, "lin"), **headers)
    assert found == status
    assert code is None or said["code"] == code
    assert said["message"]
    assert not CheckIn.objects.exists()


def test_the_ill_are_heard_whatever_form_they_were_shown(cast: Cast) -> None:
    body = {"key": "k", "answers": {"symptoms": ["fever"]}, "form": "0" * 64}
    assert send(intake(), body, ticket(cast, "lin"))[0] == 201


def test_only_post_and_only_with_a_ticket(cast: Cast) -> None:
    assert send(intake(), b"", "", method="GET")[0] == 405
    status, said, _headers = send(intake(), {"key": "k", "answers": {}}, "")
    assert (status, said["code"]) == (401, "credential_missing")


def test_a_correction_names_what_it_corrects_and_both_stay(cast: Cast) -> None:
    wrong = say(cast, "lin", well())
    door, token = intake(), ticket(cast, "lin")
    body = {"key": "right", "answers": {"symptoms": ["cough"]}, "corrects": wrong.receipt}
    assert send(door, body, token)[0] == 201
    row = CheckIn.objects.get(client_key="right")
    assert row.corrects == wrong and CheckIn.objects.count() == 2
    others = say(cast, "wang", well())
    assert send(door, {**body, "key": "no", "corrects": others.receipt}, token)[0] == 404
    old = say(cast, "lin", well(), at=NOON - timedelta(days=5))
    assert send(door, {**body, "key": "no", "corrects": old.receipt}, token)[1]["code"] == "too_late_to_correct"


def _value(chance: random.Random, depth: int = 0) -> Any:
    kinds: list[Any] = [
        None, True, False, 0, -1, 10**30, 36.6, 1e308, "", "x", "名", "\x00", "\ud800", "y" * 3000, "2026-03-02",
        "fever", [], {},
    ]  # fmt: skip
    if depth < 3 and chance.random() < 0.3:
        return [_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if depth < 3 and chance.random() < 0.2:
        return {chance.choice(["a", "symptoms", "key", "\x00"]): _value(chance, depth + 1)}
    return chance.choice(kinds)


def _body(chance: random.Random) -> bytes:
    """A check-in with something wrong in it, or bytes that are none at all."""
    if chance.random() < 0.1:
        return chance.randbytes(chance.randrange(200))
    answers: dict[str, Any] = {"temperature_c": 36.5, "exposure": False}
    names = ["unchanged", "temperature_c", "symptoms", "exposure", "place_changed", "place_note", "note", "situation",
             "extra", "person", "nothing"]  # fmt: skip
    for _ in range(chance.randrange(1, 4)):
        answers[chance.choice(names)] = _value(chance)
    body: dict[str, Any] = {"key": f"f-{chance.randrange(10**9)}", "answers": answers}
    if chance.random() < 0.4:
        body[chance.choice(["key", "answers", "at", "form", "corrects", "person_id"])] = _value(chance)
    raw = json.dumps(body).encode()
    return raw if chance.random() > 0.05 else raw[: chance.randrange(len(raw))]


@pytest.mark.slow
def test_ten_thousand_wrong_bodies_never_break_the_door(cast: Cast) -> None:
    """Typed 4xx or, where the draw happens to be a sound check-in, exactly one row."""
    chance, door = random.Random(20200201), intake()
    tickets = [ticket(cast, "lin"), ticket(cast, "wang", serial=3), "sw1." + "A" * 54, "x"]
    statuses: dict[int, int] = {}
    for _ in range(10_000):
        door._counts.clear()  # the rate limit has its own test
        token = chance.choice(tickets) if chance.random() < 0.2 else tickets[0]
        status, said, _headers = send(door, _body(chance), token)
        statuses[status] = statuses.get(status, 0) + 1
        if status >= 400:
            assert said["code"] and said["message"], said
    assert set(statuses) <= {200, 201, 400, 401, 404, 409, 413}, statuses
    assert statuses[400] > 5_000 and statuses[401] > 500
    assert CheckIn.objects.count() == statuses.get(201, 0)
    assert not CheckIn.objects.exclude(person=cast.person["lin"]).exists()
    assert not CheckIn.objects.filter(day__gt=TODAY).exists()
