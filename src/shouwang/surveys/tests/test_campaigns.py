"""A campaign asks the people it aims at, keeps its list true, and counts honestly."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.core.purging import purge
from shouwang.org import actions as org
from shouwang.org.tests.cast import NOON, Cast
from shouwang.surveys import actions, queries, ready, rules
from shouwang.surveys.models import Campaign, FormVersion, Submission, Target
from shouwang.surveys.queries import Aim
from shouwang.surveys.tests import scenes
from shouwang.surveys.tests.forms import xlsx

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


def names(cast: Cast, campaign: Campaign) -> set[str]:
    numbers = set(
        Target.objects.filter(campaign=campaign, left_at__isnull=True).values_list("person__number", flat=True)
    )
    return {name for name, person in cast.person.items() if person.number in numbers}


STUDENTS = {"lin", "wang", "meng", "zhao", "ou"}


@pytest.mark.parametrize(
    ("aim", "asked"),
    [
        (Aim(kinds=("student",)), STUDENTS),
        (Aim(kinds=("worker",)), {"deng", "gu"}),
        (Aim(situations=("abroad",)), set()),
    ],
)
def test_who_is_asked(cast: Cast, aim: Aim, asked: set[str]) -> None:
    row = scenes.draft(cast, aim=aim)
    if not asked:
        with pytest.raises(BadInput) as caught:
            actions.open_campaign(row, by=cast.by("su"), at=NOON)
        assert caught.value.error_code == "aim_empty"
        assert Campaign.objects.get().state == Campaign.State.DRAFT
        return
    assert actions.open_campaign(row, by=cast.by("su"), at=NOON).asked == len(asked)
    assert names(cast, row) == asked
    assert AuditEntry.objects.filter(verb="survey.opened", object=str(row.pk)).count() == 1


def test_by_place_and_by_unit(cast: Cast) -> None:
    lived = scenes.opened(cast, aim=Aim(places=(cast.place["D1-102"].pk,)))
    assert names(cast, lived) == {"zhao", "ou"}
    both = scenes.opened(cast, aim=Aim(organisations=(cast.org["IE"].pk,), places=(cast.place["D1"].pk,)))
    assert names(cast, both) == {"lin", "wang", "zhao"}


def test_the_list_follows_the_roster(cast: Cast) -> None:
    row = scenes.opened(cast, unit="IE", by="fang")
    scenes.answer(cast, row, "lin")
    assert names(cast, row) == {"lin", "wang", "meng", "zhao"}
    admin = cast.by("admin")
    org.move_home(cast.person["zhao"], to=cast.org["EN2301"], on=date(2026, 3, 2), by=admin, at=LATER)
    org.move_home(cast.person["ou"], to=cast.org["CS2301"], on=date(2026, 3, 2), by=admin, at=LATER)
    synced = actions.sync_targets(row, by=cast.by("fang"), at=LATER)
    assert (synced.joined, synced.left, synced.asked) == (1, 1, 4)
    assert names(cast, row) == {"lin", "wang", "meng", "ou"}
    again = actions.sync_targets(row, by=cast.by("fang"), at=LATER)
    assert (again.joined, again.left, again.asked) == (0, 0, 4)
    counts = queries.board(cast.by("fang"), row, None, at=LATER).counts
    assert (counts.asked, counts.answered, counts.unknown, counts.left) == (4, 1, 3, 1)


def test_only_over_ones_own(cast: Cast) -> None:
    made = scenes.version(cast)
    kwargs: dict[str, Any] = {"version": made, "aim": Aim(), "title": "", "deadline": LATER, "at": NOON}
    with pytest.raises(Forbidden):
        actions.new_campaign(organisation=cast.org["FL"], by=cast.by("fang"), **kwargs)
    with pytest.raises(Forbidden):
        actions.import_form(b"", file_name="x.xlsx", by=cast.by("meng"), at=NOON)
    with pytest.raises(BadInput) as caught:
        aim = Aim(organisations=(cast.org["EN2301"].pk,))
        actions.new_campaign(organisation=cast.org["IE"], by=cast.by("fang"), **(kwargs | {"aim": aim}))
    assert caught.value.field == "organisations"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"deadline": NOON}, "deadline"),
        ({"deadline": NOON + timedelta(days=999)}, "deadline"),
        ({"title": "x" * 300}, "title"),
        ({"remind_hours": 10_000}, "remind_hours"),
        ({"aim": Aim(kinds=("ghost",))}, "kinds"),
        ({"aim": Aim(places=(999_999,))}, "places"),
    ],
)
def test_what_a_campaign_may_not_be(cast: Cast, change: dict[str, object], field: str) -> None:
    good = {"version": scenes.version(cast), "organisation": cast.org["WCU"], "aim": Aim(), "title": "t",
            "deadline": LATER, "by": cast.by("su"), "at": NOON}  # fmt: skip
    with pytest.raises(BadInput) as caught:
        actions.new_campaign(**(good | change))  # type: ignore[arg-type]
    assert caught.value.field == field
    assert not Campaign.objects.exists()


def test_versions(cast: Cast) -> None:
    first = scenes.version(cast)
    assert scenes.version(cast).pk == first.pk
    second = scenes.version(cast, rows=scenes.SURVEY[:3])
    assert (second.form_id, second.number) == (first.form_id, 2)
    assert bytes(FormVersion.objects.get(pk=first.pk).original)[:2] == b"PK"
    with pytest.raises(rules.BrokenForm):
        actions.import_form(xlsx([{"type": "text"}]), file_name="b.xlsx", by=cast.by("su"), at=NOON)
    assert FormVersion.objects.count() == 2


@pytest.mark.parametrize("code", ready.codes())
def test_ready_made_forms_work(cast: Cast, code: str) -> None:
    made = actions.import_ready(code, by=cast.by("su"), at=NOON)
    form = queries.form_of(made)
    assert form.title
    assert len(form.questions) <= 14
    known = queries.known_of(cast.person["lin"], on=date(2026, 3, 2), contact=True) | {"phone": "13800000000"}
    begun = rules.prefilled(form, known)
    assert begun["number"] == "2023010101"
    for question in form.questions.values():
        assert form.say(question.label, "zh-hans") != form.say(question.label, "en") or not question.label
    state = rules.evaluate(form, begun, now=NOON.astimezone(), language="en")
    assert {fault.code for fault in state.faults} == {"required"}


def test_ready_made_there_are_five() -> None:
    assert len(ready.codes()) == 5
    assert ready.offered()[0].code == "return-risk-area"


def test_closing_and_extending(cast: Cast) -> None:
    row = scenes.opened(cast)
    actions.extend_campaign(row, deadline=NOON + timedelta(days=5), by=cast.by("su"), at=NOON)
    with pytest.raises(BadInput) as caught:
        actions.extend_campaign(row, deadline=NOON + timedelta(days=170), by=cast.by("su"), at=NOON)
    assert caught.value.error_code == "deadline_after_purge"
    actions.close_campaign(row, by=cast.by("su"), at=LATER)
    with pytest.raises(Conflict):
        scenes.answer(cast, row, "lin", at=LATER)
    with pytest.raises(Conflict):
        actions.sync_targets(row, by=cast.by("su"), at=LATER)
    assert not queries.who_owes(Campaign.objects.get(pk=row.pk))


def test_who_owes_and_when(cast: Cast) -> None:
    row = scenes.opened(cast)
    scenes.answer(cast, row, "lin")
    assert set(queries.who_owes(row)) == {cast.person[name] for name in STUDENTS - {"lin"}}
    day = NOON.date()
    assert queries.to_remind_on(day) == []
    assert queries.to_remind_on(day + timedelta(days=1)) == queries.to_remind_on(day + timedelta(days=2)) == [row]
    assert queries.to_remind_on(day + timedelta(days=3)) == []


def test_numbers_by_unit_and_reach(cast: Cast) -> None:
    row = scenes.opened(cast)
    scenes.answer(cast, row, "lin")
    scenes.answer(cast, row, "wang", by="meng", reason="手机坏了")
    whole = queries.board(cast.by("su"), row, None, at=NOON)
    assert [(line.unit.code, line.counts.asked, line.counts.answered) for line in whole.lines] == [
        ("IE", 4, 2), ("FL", 1, 0),
    ]  # fmt: skip
    classes = queries.board(cast.by("su"), row, cast.org["IE"], at=NOON)
    told = {line.unit.code: (line.counts.by_self, line.counts.by_proxy, line.counts.unknown) for line in classes.lines}
    assert told == {"CS2301": (1, 1, 1), "CS2302": (0, 0, 1)}
    monitor = queries.board(cast.by("meng"), row, None, at=NOON)
    assert monitor.counts == replace(whole.counts, asked=3)
    assert {t.person.number for t in queries.not_yet_page(cast.by("meng"), row, None).rows} == {"2023010103"}
    with pytest.raises(NotFound):
        queries.campaign_for(cast.by("lin"), row.pk)
    with pytest.raises(NotFound):
        queries.unit_named(cast.by("xu"), row, str(cast.org["CS2301"].pk))


def test_a_campaign_of_another_college_is_not_seen(cast: Cast) -> None:
    row = scenes.opened(cast, unit="IE", by="fang")
    assert queries.campaign_for(cast.by("meng"), row.pk)
    for name in ("xu", "deng", "tang"):
        with pytest.raises(NotFound):
            queries.campaign_for(cast.by(name), row.pk)
    hidden = scenes.draft(cast, by="fang", unit="IE")
    with pytest.raises(NotFound):
        queries.campaign_for(cast.by("meng"), hidden.pk)


def test_purged_on_its_day(cast: Cast) -> None:
    row = scenes.opened(cast)
    scenes.answer(cast, row, "lin")
    assert row.purge_on == date(2026, 3, 4) + timedelta(days=60)
    purge(on=row.purge_on - timedelta(days=1), at=NOON)
    assert Submission.objects.count() == 1
    purge(on=row.purge_on, at=NOON)
    assert not Submission.objects.exists()
    assert not Target.objects.exists()
    assert not Campaign.objects.exists()
