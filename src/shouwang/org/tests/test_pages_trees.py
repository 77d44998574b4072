"""The organisation tree, the place tree, the responsibility grid."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from shouwang.core.models import AuditEntry
from shouwang.org import queries
from shouwang.org.models import Organisation, Place, Responsibility
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]
DAY = NOON.date()


def get(client: Client, name: str, *args: object, **query: str) -> tuple[int, str]:
    response = client.get(reverse(f"org:{name}", args=args), query)
    return response.status_code, response.content.decode()


def test_the_tree_begins_where_ones_reach_begins(cast: Cast, sign_in: SignIn) -> None:
    tops = {
        name: [b.node.code for b in queries.top_organisations(cast.by(name), on=DAY)] for name in ("fang", "meng", "su")
    }
    assert tops == {"fang": ["IE"], "meng": ["CS2301"], "su": ["WCU"]}
    status, page = get(sign_in("fang"), "tree")
    assert status == 200
    assert "计科2301班" in page
    assert "外国语学院" not in page
    assert get(sign_in("lin"), "tree")[0] == 403


def test_counts_are_of_the_whole_subtree_and_who_answers_is_shown(cast: Cast) -> None:
    (top,) = queries.top_organisations(cast.by("su"), on=DAY)
    assert (top.people, top.children) == (len(cast.person), 4)
    below = {branch.node.code: branch for branch in queries.child_organisations(cast.org["WCU"], on=DAY)}
    assert (below["IE"].people, below["FL"].people) == (5, 2)
    assert below["IE"].first == cast.person["fang"]
    assert below["FL"].first is None


def test_children_are_a_fragment_within_reach(cast: Cast, sign_in: SignIn) -> None:
    status, page = get(sign_in("fang"), "tree_children", cast.org["IE"].pk)
    assert (status, "计科2302班" in page, "<html" in page) == (200, True, False)
    assert get(sign_in("fang"), "tree_children", cast.org["FL"].pk)[0] == 404


def test_the_tree_costs_a_fixed_number_of_queries(
    sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in("su")
    with django_assert_max_num_queries(16):
        client.get(reverse("org:tree"))


def test_units_are_added_renamed_and_closed_by_org_manage_only(cast: Cast, sign_in: SignIn) -> None:
    admin, college = sign_in("admin"), cast.org["IE"]
    where = reverse("org:change_organisation", args=[college.pk, "add"])
    values = {"add-kind": "class", "add-code": "CS2303", "add-name": "计科2303班", "add-name_en": ""}
    assert sign_in("fang").post(where, values).status_code in {403, 404}
    assert admin.post(where, values).status_code == 302
    made = Organisation.objects.get(code="CS2303")
    assert made.path.startswith(college.path)
    assert admin.post(where, values).status_code == 422  # the code is taken
    rename = reverse("org:change_organisation", args=[made.pk, "rename"])
    assert admin.post(rename, {"rename-name": "计科2303卓越班", "rename-name_en": "CS 2303"}).status_code == 302
    close = reverse("org:change_organisation", args=[college.pk, "close"])
    assert admin.post(close, {"close-ends": "2026-03-02"}).status_code == 422  # people still belong there
    assert (
        admin.post(
            reverse("org:change_organisation", args=[made.pk, "close"]), {"close-ends": "2026-03-01"}
        ).status_code
        == 422
    )
    assert (
        admin.post(
            reverse("org:change_organisation", args=[made.pk, "close"]), {"close-ends": "2026-03-02"}
        ).status_code
        == 302
    )
    made.refresh_from_db()
    assert (made.name, str(made.ends)) == ("计科2303卓越班", "2026-03-02")
    verbs = set(AuditEntry.objects.filter(kind="organisation", object=str(made.pk)).values_list("verb", flat=True))
    assert verbs == {"organisation.added", "organisation.renamed", "organisation.closed"}


def test_residents_are_counted_for_work_and_named_within_reach(cast: Cast, sign_in: SignIn) -> None:
    spots = {s.node.code: s for s in queries.rooms_of(cast.by("fang"), cast.place["D1"], on=DAY)}
    assert (spots["D1-102"].residents, [p.name for p in spots["D1-102"].names], spots["D1-102"].hidden) == (
        2,
        ["赵宁"],
        1,
    )
    status, page = get(sign_in("fang"), "place", cast.place["D1"].pk)
    assert status == 200
    assert "赵宁" in page
    assert "欧阳静" not in page


def test_a_student_sees_the_map_without_residents(cast: Cast, sign_in: SignIn) -> None:
    status, page = get(sign_in("lin"), "place", cast.place["D1"].pk)
    assert (status, "林晓" in page, "王蕾" in page) == (200, False, False)
    assert all(spot.residents is None for spot in queries.child_places(cast.by("lin"), cast.place["D1"], on=DAY))
    status, page = get(sign_in("lin"), "places")
    assert (status, "第一食堂" in page) == (200, True)
    assert get(sign_in("lin"), "place", 999_999)[0] == 404


def test_floors_are_chosen_and_rooms_of_one_are_shown(cast: Cast, sign_in: SignIn) -> None:
    from shouwang.core.scope import system_actor
    from shouwang.org import actions

    how = {"starts": DAY, "by": system_actor(), "at": NOON}
    house = actions.add_place(parent=cast.place["MAIN"], kind="building", code="D9", name="九号楼", **how)  # type: ignore[arg-type]
    for floor in (1, 2):
        level = actions.add_place(parent=house, kind="floor", code=f"D9-F{floor}", name=f"{floor}层", **how)  # type: ignore[arg-type]
        actions.add_place(parent=level, kind="dorm_room", code=f"D9-{floor}01", name=f"{floor}01", **how)  # type: ignore[arg-type]
    admin = sign_in("admin")
    assert "101" in get(admin, "place", house.pk)[1]
    second = Place.objects.get(code="D9-F2")
    page = get(admin, "place", house.pk, floor=str(second.pk))[1]
    assert "201" in page


def test_a_building_of_many_rooms_without_floors_is_drawn_in_parts(cast: Cast, sign_in: SignIn) -> None:
    from shouwang.core.scope import system_actor
    from shouwang.org import actions

    for number in range(100, 190):
        actions.add_place(
            parent=cast.place["D1"], kind="dorm_room", code=f"D1-{number}x", name=f"{number}x", starts=DAY,
            by=system_actor(), at=NOON,
        )  # fmt: skip
    admin = sign_in("admin")
    first, last = (get(admin, "place", cast.place["D1"].pk, part=part)[1] for part in ("0", "1"))
    assert ("100x</" in first or "100x<" in first, "189x<" in first.replace("– 189x<", "")) == (True, False)
    assert "189x" in last
    assert get(admin, "place", cast.place["D1"].pk, part="999999999")[0] == 200


def test_places_are_changed_by_org_manage_only(cast: Cast, sign_in: SignIn) -> None:
    where = reverse("org:change_place", args=[cast.place["MAIN"].pk, "add"])
    values = {"add-kind": "gate", "add-code": "GATE-S", "add-name": "南门", "add-capacity": ""}
    assert sign_in("su").post(where, values).status_code == 403
    assert sign_in("admin").post(where, values).status_code == 302
    gate = Place.objects.get(code="GATE-S")
    assert gate.parent == cast.place["MAIN"]
    full = reverse("org:change_place", args=[cast.place["D1-101"].pk, "close"])
    assert sign_in("admin").post(full, {"close-ends": "2026-03-02"}).status_code == 422


def test_suggestions_stay_within_reach(cast: Cast, sign_in: SignIn) -> None:
    assert 'value="CS2301"' in get(sign_in("fang"), "suggest_organisations", organisation="计科")[1]
    assert get(sign_in("fang"), "suggest_organisations", organisation="英语")[1].strip() == ""
    assert get(sign_in("lin"), "suggest_organisations", organisation="计科")[1].strip() == ""
    assert 'value="C1"' in get(sign_in("admin"), "suggest_places", **{"residence-place": "食堂"})[1]


def test_gaps_come_first_and_are_counted_of_all(cast: Cast, sign_in: SignIn) -> None:
    found = queries.gaps(cast.by("fang"), on=DAY)
    assert [node.code for node in found.organisations] == ["CS2301", "CS2302"]
    assert (found.organisations_total, found.organisations_all) == (2, 3)
    assert {place.code for place in found.places} >= {"D1", "C1", "GATE-N", "CLINIC", "ISO"}
    status, page = get(sign_in("fang"), "responsibility")
    assert (status, "计科2302班" in page, 'name="number"' in page) == (200, True, False)
    assert get(sign_in("lin"), "responsibility")[0] == 403


def test_somebody_is_named_by_number_and_ended(cast: Cast, sign_in: SignIn) -> None:
    admin, where = sign_in("admin"), reverse("org:responsibility")
    values = {"organisation": "CS2301", "place": "", "number": "T0001", "rank": "deputy", "on": "2026-03-02"}
    assert sign_in("fang").post(where, values).status_code == 403
    assert admin.post(where, values).status_code == 302
    row = Responsibility.objects.get(organisation=cast.org["CS2301"], rank="deputy")
    assert row.person == cast.person["fang"]
    entry = AuditEntry.objects.get(verb="responsibility.assigned", object=str(row.pk))
    assert (entry.subject, entry.label) == (cast.person["fang"].pk, "admin")
    assert admin.post(reverse("org:end_responsibility", args=[row.pk])).status_code == 302
    row.refresh_from_db()
    assert row.ends == DAY
    for wrong in (
        {"number": "NOBODY"},
        {"organisation": "NOWHERE"},
        {"place": "D1"},
        {"organisation": ""},
        {"on": "x"},
    ):
        assert admin.post(where, {**values, **wrong}).status_code == 422
    assert sign_in("lin").post(reverse("org:end_responsibility", args=[row.pk])).status_code in {403, 404}


def test_the_grid_costs_a_fixed_number_of_queries(
    sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in("su")
    with django_assert_max_num_queries(20):
        client.get(reverse("org:responsibility"))
