"""Who sees whom: by place in the tree, by further memberships, and nobody else."""

from __future__ import annotations

import pytest

from shouwang.core.errors import NotFound
from shouwang.core.scope import system_actor
from shouwang.org import actions, queries
from shouwang.org.tests.cast import NOON, SINCE, Cast


def names(cast: Cast, actor: str) -> set[str]:
    return {person.name for person in queries.visible_people(cast.by(actor))}


def test_counsellor_sees_own_college_only(cast: Cast) -> None:
    assert names(cast, "fang") == {"林晓", "王蕾", "孟欣", "赵宁", "方老师"}
    assert names(cast, "xu") == {"欧阳静", "徐老师"}


def test_monitor_sees_own_class_only(cast: Cast) -> None:
    assert names(cast, "meng") == {"林晓", "王蕾", "孟欣"}


def test_student_and_leader_see_nobody(cast: Cast) -> None:
    assert names(cast, "lin") == set()
    assert names(cast, "tang") == set()


def test_a_further_membership_is_reached(cast: Cast) -> None:
    actions.join(cast.person["ou"], organisation=cast.org["IE"], since=SINCE, by=system_actor(), at=NOON)
    assert "欧阳静" in names(cast, "fang")
    assert "徐老师" not in names(cast, "fang")


def test_oneself_is_always_found_and_a_stranger_never(cast: Cast) -> None:
    lin, ou = cast.person["lin"], cast.person["ou"]
    assert queries.person_for(cast.by("lin"), lin.pk) == lin
    with pytest.raises(NotFound):
        queries.person_for(cast.by("lin"), ou.pk)
    with pytest.raises(NotFound):
        queries.person_for(cast.by("fang"), ou.pk)


def test_managing_people_carries_no_health_right(cast: Cast) -> None:
    from shouwang.org.rules import HEALTH_RIGHTS, ROLE_RIGHTS

    managing = {role for role, rights in ROLE_RIGHTS.items() if rights & {"people.manage", "account.manage"}}
    assert managing == {"administrator"}
    assert all(not ROLE_RIGHTS[role] & HEALTH_RIGHTS for role in managing)


def test_who_moves_class_is_seen_by_the_new_counsellor_and_keeps_history(cast: Cast) -> None:
    lin = cast.person["lin"]
    actions.move_home(lin, to=cast.org["EN2301"], on=NOON.date(), by=system_actor(), at=NOON)
    assert "林晓" in names(cast, "xu")
    assert "林晓" not in names(cast, "fang")
    spells = [(m.organisation.code, m.starts, m.ends) for m in lin.memberships.order_by("starts")]
    assert spells == [("CS2301", SINCE, NOON.date().replace(day=1)), ("EN2301", NOON.date(), None)]
