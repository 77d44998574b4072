"""Two universities in one installation: each asks by its own form, and nobody is asked by the other's."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from shouwang.checkins import actions, queries, rules
from shouwang.checkins.models import CheckIn, FormVersion
from shouwang.checkins.queries import reminders
from shouwang.checkins.rules import Answers
from shouwang.checkins.rules.asking import Cadence
from shouwang.checkins.tests.asking import intake, send, ticket
from shouwang.checkins.tests.builders import TODAY, say, well
from shouwang.checkins.tests.test_forms import document, question
from shouwang.core.bulk import one_row
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.core.scope import system_actor
from shouwang.org import actions as org
from shouwang.org.models import Grant, Organisation, Person
from shouwang.org.tests.cast import NOON, SINCE, Cast

HEALTHY = {"exposure": False}


@dataclass
class Two:
    """Wangchuan with form `here`; Donghai with form `there`, where Ou is a student and Xu holds the office."""

    cast: Cast
    donghai: Organisation
    here: FormVersion
    there: FormVersion

    def hash_of(self, name: str) -> str:
        return queries.protocols_of(TODAY, Person.objects.get(pk=self.cast.person[name].pk).home_path).sha256


@pytest.fixture
def two(cast: Cast) -> Two:
    by = system_actor()
    root = org.add_organisation(
        parent=None,
        kind="university",
        code="DHU",
        name="东海大学",
        name_en="Donghai University",
        starts=SINCE,
        by=by,
        at=NOON,
    )
    group = org.add_organisation(
        parent=root, kind="class", code="DH2301", name="东海2301班", name_en="", starts=SINCE, by=by, at=NOON
    )
    org.move_home(cast.person["ou"], to=group, on=TODAY, by=by, at=NOON)
    cast.person["ou"] = Person.objects.get(pk=cast.person["ou"].pk)
    Grant.objects.filter(account=cast.account["xu"]).delete()
    Grant.objects.create(account=cast.account["xu"], role="office", organisation=root, starts=SINCE)
    actions.set_level(root.path, "III", on=SINCE)
    here = actions.publish_form(
        document(1, question("flatmates", more="required = true")), unit=cast.org["WCU"], by=cast.by("su"), at=NOON
    )
    there = actions.publish_form(
        document(1, question("shuttle", more="required = true")).replace(b"09:30", b"08:15"),
        unit=root, by=cast.by("xu"), at=NOON,
    )  # fmt: skip
    return Two(cast, root, here, there)


def test_each_is_asked_by_the_form_of_their_own(two: Two) -> None:
    lin = say(two.cast, "lin", Answers(exposure=False, extra={"flatmates": True}))
    ou = say(two.cast, "ou", Answers(exposure=False, extra={"shuttle": False}))
    assert (lin.pack_sha256, ou.pack_sha256) != (two.hash_of("ou"), two.hash_of("lin"))
    for name, other in (("wang", "shuttle"), ("ou", "flatmates")):
        with pytest.raises(BadInput) as caught:
            say(two.cast, name, Answers(exposure=False, extra={other: True}))
        assert caught.value.error_code == "question_unknown"
    with pytest.raises(BadInput) as caught:
        say(two.cast, "wang", well())
    assert (caught.value.error_code, caught.value.field) == ("answer_required", "flatmates")


def test_a_new_version_of_one_moves_its_answers_on_and_touches_nobody_elses(two: Two) -> None:
    cast = two.cast
    say(cast, "lin", Answers(exposure=False, extra={"flatmates": True}))
    say(cast, "ou", Answers(exposure=False, extra={"shuttle": False}))
    before = two.hash_of("lin")
    moved = question("bus", more='was = ["shuttle"]\nrequired = true') + question("visitors")
    actions.publish_form(document(2, moved), unit=two.donghai, by=cast.by("xu"), at=NOON)
    own = queries.own_day(cast.by("ou"), at=NOON)
    assert own.copies is not None and own.copies.extra == {"bus": False}
    assert [asked.code for asked in own.new] == ["visitors"]
    assert two.hash_of("lin") == before and queries.own_day(cast.by("lin"), at=NOON).new == ()


def test_the_door_refuses_the_form_of_the_other_institution(two: Two) -> None:
    door, cast = intake(), two.cast
    body = {"key": "a", "answers": HEALTHY | {"extra": {"shuttle": True}}, "form": two.hash_of("ou")}
    status, refused, _headers = send(door, body, ticket(cast, "lin"), accept_language="en")
    assert (status, refused["code"], refused["field"]) == (409, "form_elsewhere", "form")
    assert "another institution" in refused["message"]
    status, refused, _headers = send(door, body | {"form": "0" * 64, "answers": HEALTHY}, ticket(cast, "lin"))
    assert (status, refused["code"]) == (409, "form_changed")
    assert not CheckIn.objects.exists()
    assert send(door, body, ticket(cast, "ou"))[0] == 201
    ill = {"key": "b", "answers": {"symptoms": ["fever"]}, "form": two.hash_of("ou")}
    assert send(door, ill, ticket(cast, "lin"))[0] == 201  # who is ill is heard, whatever form they hold


def test_the_form_costs_the_door_no_question_more_however_many_institutions(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []

    def heard(sql: str, parameters: Sequence[str] = ()) -> tuple[Any, ...]:  # on PostgreSQL none of it is logged
        statements.append(sql)
        return one_row(sql, parameters)

    monkeypatch.setattr("shouwang.checkins.queries.asking.one_row", heard)

    def asked(people: list[str]) -> list[str]:
        asks = [
            actions.Ask(
                two.cast.person[name].pk, Answers(symptoms=("cough",)), f"{len(people)}{name}", two.cast.by(name)
            )
            for name in people
        ]
        statements.clear()
        actions.take(asks, at=NOON)
        return [sql for sql in statements if "checkins_formversion" in sql]

    assert len(asked(["lin"])) == len(asked(["wang", "ou", "zhao"])) == 1


def test_the_nearest_form_is_asked_and_a_unit_may_have_its_own(two: Two) -> None:
    cast = two.cast
    actions.publish_form(document(1, question("lab")), unit=cast.org["IE"], by=cast.by("su"), at=NOON)
    everywhere = actions.publish_form(document(7), unit=None, by=system_actor(), at=NOON)
    assert set(queries.protocols_of(TODAY, cast.org["CS2301"].path).form.questions) == {"lab"}
    assert set(queries.protocols_of(TODAY, cast.org["EN2301"].path).form.questions) == {"flatmates"}
    assert queries.protocols_of(TODAY).form.sha256 == everywhere.sha256
    assert queries.form_owner(TODAY, cast.org["EN2301"].path) == cast.org["WCU"]
    actions.withdraw_form(FormVersion.objects.get(organisation=cast.org["IE"]), by=cast.by("su"), at=NOON)
    tomorrow = TODAY + timedelta(days=1)
    assert set(queries.protocols_of(tomorrow, cast.org["CS2301"].path).form.questions) == {"flatmates"}


def test_who_may_publish_for_whom(two: Two) -> None:
    cast = two.cast
    for name, unit in (("su", two.donghai), ("xu", cast.org["WCU"]), ("xu", None), ("fang", cast.org["IE"])):
        with pytest.raises(Forbidden):
            actions.publish_form(document(9), unit=unit, by=cast.by(name), at=NOON)
    with pytest.raises(Forbidden):
        actions.withdraw_form(two.there, by=cast.by("su"), at=NOON)
    assert set(queries.form_versions(cast.by("su"))) == {two.here}
    assert set(queries.form_versions(cast.by("xu"))) == {two.there}
    with pytest.raises(NotFound):
        queries.form_version_for(cast.by("su"), two.there.pk)
    entry = AuditEntry.objects.filter(verb="form.published").latest("pk")
    assert entry.new is not None and entry.new["unit"] == "DHU"


def test_both_may_publish_the_same_document_and_the_same_version(two: Two) -> None:
    raw = document(2, question("same"))
    one = actions.publish_form(raw, unit=two.donghai, by=two.cast.by("xu"), at=NOON)
    other = actions.publish_form(raw, unit=two.cast.org["WCU"], by=two.cast.by("su"), at=NOON)
    assert one != other and one.sha256 == other.sha256
    assert two.hash_of("lin") == two.hash_of("ou")
    with pytest.raises(Conflict):
        actions.publish_form(document(2, question("else")), unit=two.donghai, by=two.cast.by("xu"), at=NOON)


def test_lists_and_counts_follow_the_cadence_of_each(two: Two) -> None:
    """Wangchuan is at level I and asks twice a day; Donghai at III asks on Wednesdays; TODAY is a Monday."""
    assert queries.asking_on(TODAY, two.cast.org["WCU"].path).cadence is Cadence.TWICE_DAILY
    assert queries.asking_on(TODAY, two.donghai.path).cadence is Cadence.WEEKLY
    by = system_actor()
    board = queries.board(by, unit=None, at=NOON)
    excused = queries.unit_rows(by, unit=None, state=rules.State.EXCUSED, at=NOON).rows
    assert [person.pk for person in excused] == [two.cast.person["ou"].pk]
    assert board.states[rules.State.EXCUSED] == 1
    assert sum(board.states.values()) == board.counts.roster == Person.objects.count()
    due = {(one.part, f"{one.at:%H:%M}") for one in reminders.deadlines(TODAY)}
    assert due == {(0, "09:30"), (1, "20:00")}
    wednesday = {(one.part, f"{one.at:%H:%M}") for one in reminders.deadlines(TODAY + timedelta(days=2))}
    assert wednesday == {(0, "08:15"), (0, "09:30"), (1, "20:00")}


def test_page_and_api_say_and_publish_for_a_unit(two: Two, sign_in: Callable[[str], Client]) -> None:
    su, xu = sign_in("su"), sign_in("xu")
    page = su.get("/checkins/forms/").content.decode()
    assert "望川大学" in page and "flatmates" in page and "东海大学" not in page
    assert su.get("/checkins/forms/?unit=DHU").status_code == 404
    assert su.get("/checkins/forms/?unit=CS2301").content.decode().count("flatmates") >= 1
    assert su.post(f"/checkins/forms/{two.there.pk}/withdraw/").status_code == 404
    assert xu.post("/checkins/forms/?unit=DHU", {"text": document(2).decode()}).status_code == 302
    assert FormVersion.objects.filter(organisation=two.donghai, version=2).exists()
    found = su.get("/api/v1/checkins/forms?unit=CS2301").json()
    assert (found["unit"], found["asked_of"], found["cadence"]) == ("CS2301", "WCU", "twice_daily")
    assert [slot["starts"] for slot in found["slots"]] == ["00:00", "14:00"]
    assert [row["unit"] for row in found["versions"]] == ["WCU"]
    sent = json.dumps({"document": document(3).decode(), "unit": "WCU"})
    assert xu.post("/api/v1/checkins/forms", sent, "application/json").status_code == 404
    assert su.post("/api/v1/checkins/forms", sent, "application/json").json()["unit"] == "WCU"
