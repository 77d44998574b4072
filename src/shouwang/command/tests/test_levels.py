"""Declaring a level: who may, what it ends, what everybody sees of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shouwang.checkins.queries import level_on
from shouwang.command import actions, queries
from shouwang.command.models import ResponseLevel
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.models import AuditEntry
from shouwang.core.scope import NOBODY, Actor, system_actor
from shouwang.core.tree import subtree
from shouwang.org import actions as org
from shouwang.org.tests.cast import NOON

if TYPE_CHECKING:
    from django.test import Client

    from shouwang.org.tests.cast import Cast

BASIS = "豫政〔2020〕1号：启动重大突发公共卫生事件一级响应"
REVIEW = NOON.date() + timedelta(days=14)


def declare(cast: Cast, name: str, level: int, code: str = "WCU", basis: str = BASIS) -> ResponseLevel:
    return actions.declare_level(
        organisation=cast.org[code], level=level, basis=basis, review_on=REVIEW, by=cast.by(name), at=NOON
    )


def test_a_new_level_ends_the_former_and_is_audited(cast: Cast) -> None:
    first = declare(cast, "su", 1)
    second = declare(cast, "su", 2, basis="豫政〔2020〕9号：调整为二级")
    first.refresh_from_db()
    assert first.ends_at == NOON and second.ends_at is None
    assert queries.current_level(None, NOON) == second
    verbs = list(AuditEntry.objects.filter(kind="level").order_by("pk").values_list("verb", "old", "new__level"))
    assert verbs == [("level.declared", None, 1), ("level.declared", {"level": 1}, 2)]


def test_the_same_again_moves_only_the_review(cast: Cast) -> None:
    first = declare(cast, "su", 1)
    again = actions.declare_level(
        organisation=cast.org["WCU"], level=1, basis=BASIS, review_on=REVIEW + timedelta(days=7), by=cast.by("su"),
        at=NOON,
    )  # fmt: skip
    assert again.pk == first.pk and again.review_on == REVIEW + timedelta(days=7)
    assert ResponseLevel.objects.count() == 1


@pytest.mark.parametrize("name", ["lin", "meng", "fang", "he", "qiu", "tang", "admin"])
def test_nobody_but_the_office_declares(cast: Cast, name: str) -> None:
    with pytest.raises(Forbidden):
        declare(cast, name, 1)
    assert not ResponseLevel.objects.exists()


def test_the_nearest_level_holds(cast: Cast) -> None:
    declare(cast, "su", 3)
    near = declare(cast, "su", 1, "IE")
    assert queries.current_level(cast.org["CS2301"].path, NOON) == near
    found = queries.current_level(cast.org["EN2301"].path, NOON)
    assert found is not None and found.level == 3


def test_the_page_declares_and_shows(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    office = sign_in("su")
    answer = office.post("/command/level/", {"level": 1, "basis": BASIS, "review_on": str(REVIEW)})
    assert answer.status_code == 302
    assert BASIS in office.get("/command/level/").content.decode()
    # the badge in the head of every page, for whoever is signed in
    assert "I 级" in sign_in("lin").get("/").content.decode() or "Level I" in sign_in("lin").get("/").content.decode()


@pytest.mark.parametrize(
    "body", [{}, {"level": "9", "basis": BASIS, "review_on": str(REVIEW)}, {"level": 1, "basis": "x", "review_on": "?"}]
)
def test_bad_input_writes_nothing(cast: Cast, sign_in: Callable[[str], Client], body: dict[str, str]) -> None:
    assert sign_in("su").post("/command/level/", body).status_code == 422
    assert not ResponseLevel.objects.exists()


def test_a_past_review_is_refused_at_the_action(cast: Cast) -> None:
    with pytest.raises(BadInput):
        actions.declare_level(
            organisation=cast.org["WCU"], level=1, basis=BASIS, review_on=NOON.date(), by=cast.by("su"), at=NOON
        )


def test_each_university_under_one_roof_sees_its_own_level(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    system = system_actor("tests")
    other = org.add_organisation(
        parent=None, kind="university", code="OTHER", name="别的大学", starts=NOON.date(), by=system, at=NOON
    )
    actions.declare_level(organisation=other, level=1, basis=BASIS, review_on=REVIEW, by=system, at=NOON)
    assert queries.level_of(cast.by("lin"), NOON) is None
    assert sign_in("lin").get("/api/v1/command/level").json() is None
    near = declare(cast, "su", 2, code="IE")
    declare(cast, "su", 3)
    assert [queries.level_of(cast.by(name), NOON) for name in ("lin", "fang")] == [near, near]
    own = queries.level_of(cast.by("ou"), NOON)
    assert own is not None and own.level == 3
    assert queries.level_of(NOBODY, NOON) is None
    keeper = Actor(account_id=1, person_id=None, label="x", reach={"isolation.view": (subtree(other.path),)})
    found = queries.level_of(keeper, NOON)
    assert found is not None and found.organisation == other


def end(cast: Cast, name: str, code: str = "WCU", reason: str = "豫政〔2020〕30号：终止响应") -> ResponseLevel:
    return actions.end_level(organisation=cast.org[code], reason=reason, by=cast.by(name), at=NOON)


def test_an_ended_level_asks_nobody_and_says_why(cast: Cast) -> None:
    declare(cast, "su", 1)
    assert level_on(cast.org["CS2301"].path, NOON.date()) == "I"
    row = end(cast, "su")
    assert (row.ends_at, row.end_reason) == (NOON, "豫政〔2020〕30号：终止响应")
    assert queries.current_level(None, NOON) is None
    assert level_on(cast.org["CS2301"].path, NOON.date()) == "none"
    entry = AuditEntry.objects.get(verb="level.ended")
    assert entry.old == {"level": 1}


def test_the_level_above_holds_again(cast: Cast) -> None:
    declare(cast, "su", 3)
    declare(cast, "su", 1, "IE")
    assert level_on(cast.org["CS2301"].path, NOON.date()) == "I"
    end(cast, "su", "IE")
    assert level_on(cast.org["CS2301"].path, NOON.date()) == "III"
    found = queries.current_level(cast.org["CS2301"].path, NOON)
    assert found is not None and found.level == 3


def test_only_what_was_declared_here_ends_here_and_with_a_reason(cast: Cast) -> None:
    declare(cast, "su", 1)
    with pytest.raises(Conflict):
        end(cast, "su", "IE")
    with pytest.raises(BadInput):
        end(cast, "su", reason=" x ")
    with pytest.raises(Forbidden):
        end(cast, "lin")
    assert queries.current_level(None, NOON) is not None


def test_the_page_ends_it(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    declare(cast, "su", 1)
    client = sign_in("su")
    assert "/command/level/end/" in client.get("/command/level/").content.decode()
    response = client.post("/command/level/end/", {"reason": "形势缓和，终止响应"})
    assert response.status_code == 302
    assert queries.current_level(None, NOON) is None
