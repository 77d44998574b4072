"""Answers are taken once, from whoever may speak, and read by whoever may read."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast
from shouwang.surveys import actions, queries
from shouwang.surveys.models import Source, Submission, Target
from shouwang.surveys.tests import scenes

pytestmark = pytest.mark.django_db
TODAY_LOCAL = date(2026, 3, 2)


def source(cast: Cast, name: str) -> str:
    return Target.objects.get(person=cast.person[name]).source


def test_taken_with_a_trace_that_says_nothing(cast: Cast) -> None:
    row = scenes.opened(cast)
    made = scenes.answer(cast, row, "lin", {"went": "yes", "city": "武汉", "strange": "x"})
    assert made.answers == {"went": "yes", "city": "武汉"}
    assert made.purge_on == row.purge_on
    entry = AuditEntry.objects.get(verb="survey.submitted")
    assert (entry.subject, entry.new) == (cast.person["lin"].pk, {"source": "self"})


def test_faults_name_every_question_and_nothing_is_written(cast: Cast) -> None:
    row = scenes.opened(cast)
    with pytest.raises(actions.BadAnswers) as caught:
        scenes.answer(cast, row, "lin", {"went": "yes"})
    assert [fault["key"] for fault in caught.value.as_dict()["data"]["faults"]] == ["city"]
    assert not Submission.objects.exists()
    assert source(cast, "lin") == ""


def test_a_retry_is_the_same_submission(cast: Cast) -> None:
    row = scenes.opened(cast)
    first = scenes.answer(cast, row, "lin", client_key="k")
    assert scenes.answer(cast, row, "lin", client_key="k").pk == first.pk
    with pytest.raises(Conflict) as caught:
        scenes.answer(cast, row, "lin", {"went": "yes", "city": "x"}, client_key="k")
    assert caught.value.error_code == "sent_differently"
    assert Submission.objects.count() == 1


def test_a_correction_keeps_the_first(cast: Cast) -> None:
    row = scenes.opened(cast)
    first = scenes.answer(cast, row, "lin")
    second = scenes.answer(cast, row, "lin", {"went": "yes", "city": "武汉"}, at=NOON + timedelta(minutes=5))
    assert list(Submission.objects.filter(current=True)) == [second]
    assert Submission.objects.get(pk=first.pk).answers == {"went": "no"}


def test_for_another_with_a_reason(cast: Cast) -> None:
    row = scenes.opened(cast)
    with pytest.raises(BadInput) as caught:
        scenes.answer(cast, row, "wang", by="meng")
    assert caught.value.field == "proxy_reason"
    with pytest.raises(Forbidden):
        scenes.answer(cast, row, "zhao", by="meng", reason="手机坏了")
    scenes.answer(cast, row, "wang", by="meng", reason="手机坏了")
    assert source(cast, "wang") == Source.PROXY
    scenes.answer(cast, row, "wang", {"went": "yes", "city": "x"})
    assert source(cast, "wang") == Source.SELF
    with pytest.raises(Conflict) as stands:
        scenes.answer(cast, row, "wang", by="meng", reason="又问了")
    assert stands.value.error_code == "already_in"


def test_who_is_not_asked_cannot_answer(cast: Cast) -> None:
    row = scenes.opened(cast, unit="IE", by="fang")
    with pytest.raises(NotFound):
        scenes.answer(cast, row, "ou")
    with pytest.raises(NotFound):
        queries.sheet_for(cast.by("meng"), row.pk, cast.person["zhao"].pk, on=TODAY_LOCAL)


def test_verified_is_kept_apart(cast: Cast) -> None:
    row = scenes.opened(cast)
    made = scenes.answer(cast, row, "lin")
    with pytest.raises(NotFound):
        actions.verify(made, by=cast.by("meng"), at=NOON)
    actions.verify(made, by=cast.by("fang"), at=NOON)
    counts = queries.board(cast.by("su"), row, None, at=NOON).counts
    assert (counts.verified, counts.by_self, counts.answered) == (1, 0, 1)
    scenes.answer(cast, row, "lin", {"went": "yes", "city": "x"})
    with pytest.raises(Conflict):
        actions.verify(made, by=cast.by("fang"), at=NOON)


def test_answers_are_read_by_right_and_reach(cast: Cast) -> None:
    row = scenes.opened(cast)
    for name in ("lin", "ou"):
        scenes.answer(cast, row, name)
    numbers = {
        name: [s.person.number for s in queries.results_page(cast.by(name), row, None).rows]
        for name in ("he", "fang", "xu")
    }
    assert numbers == {"he": ["2023010101", "2023020101"], "fang": ["2023010101"], "xu": ["2023020101"]}
    for name in ("meng", "su"):
        with pytest.raises(NotFound):
            queries.results_page(cast.by(name), row, None)


def test_reading_is_noted_once_an_hour(cast: Cast) -> None:
    row, by = scenes.opened(cast), cast.by("fang")
    people = [cast.person["lin"].pk, cast.person["fang"].pk]
    actions.note_reading(row, people, by=by, at=NOON)
    actions.note_reading(row, people, by=by, at=NOON + timedelta(minutes=5))
    assert AuditEntry.objects.filter(verb="survey.read").count() == 1


def test_prefill_from_roster_and_last_time(cast: Cast) -> None:
    first = scenes.opened(cast)
    scenes.answer(cast, first, "lin", {"went": "yes", "city": "武汉"})
    again = scenes.opened(cast)
    own = queries.sheet_for(cast.by("lin"), again.pk, cast.person["lin"].pk, on=TODAY_LOCAL)
    assert own.previous == {"went": "yes", "city": "武汉"}
    assert (own.known["number"], own.known["room"]) == ("2023010101", "一号楼101")
    other = queries.sheet_for(cast.by("meng"), again.pk, cast.person["lin"].pk, on=TODAY_LOCAL)
    assert other.previous == {}
    assert "phone" not in other.known


def test_cross_table(cast: Cast) -> None:
    row = scenes.opened(cast)
    scenes.answer(cast, row, "lin", {"went": "yes", "city": "x"})
    scenes.answer(cast, row, "wang")
    scenes.answer(cast, row, "ou")
    form = queries.form_of(row.version)
    table = queries.cross_tab(cast.by("he"), row, form, "went")
    assert [(line.unit.code, list(line.counts), line.answered, line.asked) for line in table.lines if line.unit] == [
        ("IE", [1, 1], 2, 4), ("FL", [0, 1], 1, 1),
    ]  # fmt: skip
    assert (list(table.total.counts), table.total.answered, table.total.asked) == ([1, 2], 3, 5)
    few = queries.cross_tab(cast.by("su"), row, form, "went")
    assert (list(few.total.counts), few.total.answered, few.total.asked) == ([None, None], 3, 5)
    with pytest.raises(BadInput):
        queries.cross_tab(cast.by("su"), row, form, "city")
    with pytest.raises(NotFound):
        queries.cross_tab(cast.by("meng"), row, form, "went")
