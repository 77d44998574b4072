"""Two records of one episode: what moves, what stays, that it counts once, and that it can be taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from shouwang.cases import actions, queries
from shouwang.cases.inward.models import OutsideCase
from shouwang.cases.laboratory.tests.scenes import ordered
from shouwang.cases.models import Case, CaseMerge
from shouwang.cases.outward import queries as outward
from shouwang.cases.rules import EFFECTS
from shouwang.cases.tests.builders import DAY, FLU, HOUR, opened, states, verbs
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]
LATER = NOON + DAY


@pytest.fixture
def two(cast: Cast) -> tuple[Case, Case]:
    """(kept, duplicate): the older record was closed, and the same episode was opened again."""
    old = opened(cast, "lin", classification="confirmed", onset_at=NOON - DAY, at=NOON)
    ordered(cast, "lin", case=old)
    actions.set_dates(old, isolated_at=NOON, treated_at=NOON, by=cast.by("he"), at=NOON)
    actions.close_case(old, reason="录错", by=cast.by("he"), at=NOON + HOUR)
    new = opened(cast, "lin", classification="probable", at=NOON + 2 * HOUR)
    return new, old


def merged(cast: Cast, two: tuple[Case, Case]) -> CaseMerge:
    kept, duplicate = two
    return actions.merge_cases(kept, duplicate, reason="同一次发病", by=cast.by("he"), at=LATER)


def test_what_hangs_on_the_duplicate_moves_and_it_counts_no_more(cast: Cast, two: tuple[Case, Case]) -> None:
    kept, duplicate = two
    assert actions.plan_of(kept, duplicate, by=cast.by("he")) == {"moved": {"cases.test": 1}, "left": {}}
    assert duplicate.tests.count() == 1, "a plan moves nothing"
    row = merged(cast, two)
    assert (kept.tests.count(), duplicate.tests.count()) == (1, 0)
    duplicate.refresh_from_db()
    kept.refresh_from_db()
    assert duplicate.classification == "discarded" and not duplicate.is_open
    assert not EFFECTS[duplicate.classification].counts and kept.number in duplicate.close_reason
    assert kept.onset_at == NOON - DAY and kept.isolated_at == NOON and kept.is_open
    assert row.before["classification"] == "confirmed" and set(row.before["taken"]) >= {"onset_at", "isolated_at"}
    assert "running" not in states(duplicate).values() and "overdue" not in states(duplicate).values()
    assert verbs(kept)[-1] == verbs(duplicate)[-1] == "case.merged"


def test_undone_it_is_what_it_was(cast: Cast, two: tuple[Case, Case]) -> None:
    kept, duplicate = two
    closed = duplicate.closed_at
    row = merged(cast, two)
    actions.unmerge_cases(row, reason="是两次发病", by=cast.by("he"), at=LATER + HOUR)
    duplicate.refresh_from_db()
    assert (duplicate.classification, duplicate.closed_at, duplicate.close_reason) == ("confirmed", closed, "录错")
    assert (kept.tests.count(), duplicate.tests.count()) == (0, 1)
    assert [change.new for change in duplicate.history.order_by("id")] == ["confirmed", "discarded", "confirmed"]
    with pytest.raises(Conflict) as twice:
        actions.unmerge_cases(row, reason="再次", by=cast.by("he"), at=LATER + HOUR)
    assert twice.value.error_code == "undone_already"


def test_a_new_row_stays_with_the_kept_case(cast: Cast, two: tuple[Case, Case]) -> None:
    kept, duplicate = two
    row = merged(cast, two)
    after = ordered(cast, "lin", method="antigen", case=kept, at=LATER)
    kept.tests.exclude(pk=after.pk).delete()
    actions.unmerge_cases(row, reason="是两次发病", by=cast.by("he"), at=LATER + HOUR)
    assert kept.tests.get() == after and not duplicate.tests.exists()


def test_a_row_that_both_have_stays(cast: Cast, two: tuple[Case, Case]) -> None:
    kept, duplicate = two
    OutsideCase.objects.create(
        fingerprint="f", system="sormas", content={}, pack="p", row=1, path="0001", made_at=NOON, case=duplicate,
        purge_on=NOON.date(),
    )  # fmt: skip
    merged(cast, two)
    assert OutsideCase.objects.get().case == kept


def test_an_undo_that_would_open_two_cases_is_refused(cast: Cast) -> None:
    first = opened(cast, "lin", classification="confirmed")
    actions.close_case(first, reason="录错", by=cast.by("he"), at=NOON)
    second = opened(cast, "lin", at=NOON + HOUR)
    with pytest.raises(Conflict) as refused:
        actions.merge_cases(first, second, reason="同一次", by=cast.by("he"), at=LATER)
    assert refused.value.error_code == "keep_open_case" and second.number in str(refused.value)


def test_what_cannot_be_one_episode(cast: Cast, two: tuple[Case, Case]) -> None:
    kept, duplicate = two
    he = cast.by("he")
    other, flu = opened(cast, "wang"), opened(cast, "lin", pack=FLU)
    for one, code in ((kept, "same_case"), (other, "two_people"), (flu, "two_diseases")):
        with pytest.raises(BadInput) as refused:
            actions.merge_cases(kept, one, reason="x", by=he, at=LATER)
        assert refused.value.error_code == code
    with pytest.raises(BadInput):
        actions.merge_cases(kept, duplicate, reason=" ", by=he, at=LATER)
    with pytest.raises(Forbidden):
        actions.merge_cases(kept, duplicate, reason="x", by=cast.by("fang"), at=LATER)
    merged(cast, two)
    with pytest.raises(Conflict) as again:
        actions.merge_cases(kept, duplicate, reason="x", by=he, at=LATER)
    assert again.value.error_code == "merged_already"
    assert CaseMerge.objects.count() == 1


def test_dates_that_do_not_fit_stay_behind(cast: Cast) -> None:
    old = opened(cast, "lin", classification="confirmed", at=NOON, detected_at=NOON - 5 * DAY)
    actions.set_dates(old, reported_at=NOON - 4 * DAY, by=cast.by("he"), at=NOON)
    actions.close_case(old, reason="录错", by=cast.by("he"), at=NOON)
    new = opened(cast, "lin", at=NOON + HOUR)
    row = actions.merge_cases(new, old, reason="同一次", by=cast.by("he"), at=LATER)
    new.refresh_from_db()
    assert new.reported_at is None and "reported_at" not in row.before["taken"], "reported before it was detected"


def test_the_line_list_still_shows_it_as_discarded(cast: Cast, two: tuple[Case, Case]) -> None:
    merged(cast, two)
    lines = outward.lines(cast.by("he"), outward.LineFilter(), on=NOON.date()).rows
    assert sorted(str(line.as_dict()["classification"]) for line in lines) == sorted(["排除", "临床诊断"])


def test_on_the_page(cast: Cast, sign_in: SignIn, two: tuple[Case, Case]) -> None:
    kept, duplicate = two
    he = sign_in("he")
    assert duplicate.number in he.get(f"/cases/{kept.pk}/").content.decode()
    address = f"/cases/{kept.pk}/merge/"
    shown = he.post(address, {"other": duplicate.number, "reason": "同一次发病"})
    assert (
        shown.status_code == 200
        and "cases.test" not in shown.content.decode()
        and 'name="sure"' in shown.content.decode()
    )
    assert not CaseMerge.objects.exists()
    assert he.post(address, {"other": "COV-0", "reason": "x"}).status_code == 422
    he.post(address, {"other": duplicate.number, "reason": "同一次发病", "sure": "1"})
    row = CaseMerge.objects.get()
    he.post(f"/cases/merges/{row.pk}/undo/", {"reason": ""})
    row.refresh_from_db()
    assert row.state == "done"
    he.post(f"/cases/merges/{row.pk}/undo/", {"reason": "是两次"})
    row.refresh_from_db()
    assert row.state == "undone"
    with pytest.raises(NotFound):
        queries.merge_for(cast.by("fang"), row.pk)


def test_by_the_api(cast: Cast, sign_in: SignIn, two: tuple[Case, Case]) -> None:
    kept, duplicate = two
    he, address = sign_in("he"), f"/api/v1/cases/{kept.pk}/merge"
    body = {"other": duplicate.number, "reason": "同一次", "dry_run": True}
    assert he.post(address, body, content_type="application/json").json()["moved"] == {"cases.test": 1}
    done = he.post(address, {**body, "dry_run": False}, content_type="application/json").json()
    assert done["merged"] == duplicate.number
    undone = he.post(
        f"/api/v1/cases/merges/{done['merge']}/undo", {"reason": "是两次"}, content_type="application/json"
    )
    assert undone.json()["state"] == "undone"
