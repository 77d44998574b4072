"""Possible duplicates by blocking keys; merging two records of one person, and undoing it exactly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.core.scope import system_actor
from shouwang.core.verbs import say
from shouwang.org import actions as org
from shouwang.org.merging import actions, keys, queries
from shouwang.org.merging.rules import Facts, Match, keys_of, plain, ranked, sounds_of
from shouwang.org.models import Membership, MergeMove, Person, PersonKey, PersonMerge, Residence
from shouwang.org.queries import person_by_number
from shouwang.org.tests.cast import NOON, SINCE, Cast

SignIn = Callable[[str], Client]
LATER = NOON + timedelta(hours=1)
names = st.text(max_size=20)


@pytest.fixture
def double(cast: Cast) -> Person:
    """Wang once more, entered at the gate: traditional characters, another number, her telephone."""
    by = system_actor("tests")
    org.correct_person(cast.person["wang"], phone="13800138000", by=by, at=NOON)
    return org.add_person(
        number="V0001", name="王 蕾", kind="visitor", home=cast.org["CS2301"], since=SINCE, phone="+86 138 0013 8000",
        card="C-77", born=date(2005, 3, 1), by=by, at=NOON,
    )  # fmt: skip


def everything() -> dict[str, list[Any]]:
    """All rows of every table that names a person, the people, and their keys."""
    models = {model for model, _column in queries.links()} | {Person, PersonKey}
    found = {}
    for model in models:
        rows = model._default_manager.order_by("pk").values()
        found[model._meta.label] = sorted(
            str({k: v for k, v in row.items() if model is not PersonKey or k != "id"}) for row in rows
        )
    return found


@given(names, names, st.one_of(st.none(), st.dates()), names)
def test_keys_are_short_and_the_same_for_the_same_person(name: str, phone: str, born: date | None, number: str) -> None:
    facts = Facts(name, (number,), phone, born)
    found = keys_of(facts)
    assert found == keys_of(Facts(f" {name} ", (number,), phone, born))
    assert all(0 < len(value) <= 80 and len(kind) <= 5 for kind, value in found)


@pytest.mark.parametrize(
    ("one", "other"), [("劉慧", "刘慧"), ("王蕾", "wang lei"), ("Lei Wang", "王蕾"), ("ＷＡＮＧ Lei", "王雷")]
)
def test_names_that_sound_the_same_share_a_key(one: str, other: str) -> None:
    sound = {key for key in keys_of(Facts(one)) if key[0] == "sound"}
    assert sound
    assert sound == {key for key in keys_of(Facts(other)) if key[0] == "sound"}


def test_what_is_no_key() -> None:
    assert keys_of(Facts("", (), "1234567", None)) == set()  # a short number is many people's
    assert {kind for kind, _value in keys_of(Facts("张"))} == {"name"}  # a family name alone has no sound key
    assert plain(" Ａ-b ") == "ab"
    assert sounds_of("欧阳静") == ["ou", "yang", "jing"]


@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from(["id", "phone", "born", "name", "sound"]))))
def test_the_surest_stand_first_and_nobody_twice(rows: list[tuple[int, str]]) -> None:
    found = ranked(rows, 3)
    assert len({match.person for match in found}) == len(found) <= 3
    assert [match.weight for match in found] == sorted((match.weight for match in found), reverse=True)
    assert all(not {"name", "sound"} <= set(match.kinds) for match in found)


def test_a_duplicate_is_found_with_its_reasons_within_reach(cast: Cast, double: Person) -> None:
    admin = cast.by("admin")
    (found,) = queries.duplicates_of(admin, cast.person["wang"])
    assert (found.person, found.match) == (double, Match(double.pk, ("phone", "name")))
    typed = queries.duplicates(cast.by("fang"), Facts("wang lei"), right="people.view")
    assert {one.person.number for one in typed} == {"V0001", "2023010102"}
    assert queries.duplicates(cast.by("xu"), Facts("王蕾"), right="people.view") == []
    org.correct_person(double, name="赵云", phone="", by=system_actor("t"), at=NOON)
    assert queries.duplicates_of(admin, cast.person["wang"]) == []


def test_looking_reads_index_ranges_and_never_the_roster(cast: Cast) -> None:
    rows = PersonKey.objects.filter(kind="sound", value="lei wang").values_list("person", "kind")
    with connection.cursor() as cursor:
        prefix = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # a few rows are read whole otherwise
        sql, parameters = rows.query.sql_with_params()
        cursor.execute(f"{prefix} {sql}", parameters)
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "person_key_once" in plan or "(kind=? AND value=?)" in plan  # as PostgreSQL and SQLite put it


def test_everybody_has_keys_however_they_came(cast: Cast) -> None:
    assert not keys.without_keys().exists()
    before = set(PersonKey.objects.values_list("person", "kind", "value"))
    keys.refresh(list(Person.objects.values_list("pk", flat=True)))
    assert set(PersonKey.objects.values_list("person", "kind", "value")) == before


def test_every_table_that_names_a_person_has_a_word() -> None:
    labels = {model._meta.label_lower for model, _column in queries.links()}
    assert {"tracing.contact", "tracing.statement_companions", "cases.case", "isolation.order"} <= labels
    assert [label for label in sorted(labels) if say(f"table.{label}") == f"table.{label}"] == []


def test_merged_and_undone_nothing_has_changed(cast: Cast, double: Person) -> None:
    by, wang = cast.by("admin"), cast.person["wang"]
    before = everything()
    plan = actions.rehearse(wang, double, by=by)
    assert everything() == before
    assert (plan.moved, plan.left) == ({}, {"org.membership": 1, "org.situationspell": 1})
    with pytest.raises(Conflict) as refused:
        actions.merge(wang, double, reason="同一手机号", by=by, at=LATER)
    assert refused.value.error_code == "merge_conflicts"
    assert everything() == before
    row = actions.merge(wang, double, reason="同一手机号", leave=True, by=by, at=LATER)
    wang.refresh_from_db()
    double.refresh_from_db()
    assert (wang.card, wang.born, double.left_on) == ("C-77", date(2005, 3, 1), NOON.date())
    assert person_by_number(by, "V0001") == wang
    undone, changes = actions.undo(row, reason="是姐妹", by=by, at=LATER)
    assert (undone.state, changes) == ("undone", [])
    assert everything() == before
    verbs = AuditEntry.objects.filter(subject=double.pk, verb__in=["person.merged", "person.unmerged"])
    assert verbs.count() == 2


def test_rows_move_and_what_changed_since_is_listed(cast: Cast, double: Person) -> None:
    by, wang = cast.by("admin"), cast.person["wang"]
    bed = Residence.objects.create(person=double, place=cast.place["D1-102"], starts=SINCE, ends=SINCE)
    gone = Membership.objects.create(person=double, organisation=cast.org["FL"], primary=False, starts=SINCE)
    row = actions.merge(wang, double, reason="同一人", leave=True, by=by, at=LATER)
    assert set(MergeMove.objects.filter(fate="moved").values_list("table", "row")) == {
        ("org.residence", bed.pk), ("org.membership", gone.pk)
    }  # fmt: skip
    Residence.objects.filter(pk=bed.pk).update(ends=SINCE + timedelta(days=3))
    gone_pk = gone.pk
    gone.delete()
    fresh = Membership.objects.create(person=wang, organisation=cast.org["HOSP"], primary=False, starts=SINCE)
    stays = Membership.objects.create(person=wang, organisation=cast.org["LGO"], primary=False, starts=SINCE)
    kinds = {(change.kind, change.row) for change in actions.changes_since(row)}
    assert kinds == {("changed", bed.pk), ("gone", gone_pk), ("new", fresh.pk), ("new", stays.pk)}
    with pytest.raises(BadInput):
        actions.undo(row, reason="x", give=["org.membership.person.1"], by=by, at=LATER)
    actions.undo(row, reason="不是同一人", give=[f"org.membership.person.{fresh.pk}"], by=by, at=LATER)
    owners = [Membership.objects.get(pk=one.pk).person for one in (fresh, stays)]
    assert owners == [double, wang]
    assert Residence.objects.get(pk=bed.pk).person == double


def test_merges_are_undone_in_the_opposite_order(cast: Cast, double: Person) -> None:
    by, wang, meng = cast.by("admin"), cast.person["wang"], cast.person["meng"]
    first = actions.merge(wang, double, reason="同一人", leave=True, by=by, at=LATER)
    with pytest.raises(Conflict):
        actions.merge(meng, double, reason="同一人", leave=True, by=by, at=LATER)
    second = actions.merge(meng, wang, reason="同一人", leave=True, by=by, at=LATER)
    assert queries.standing() == {double.pk: meng.pk, wang.pk: meng.pk}
    assert person_by_number(by, "V0001") == meng
    with pytest.raises(Conflict) as refused:
        actions.undo(first, reason="x", by=by, at=LATER)
    assert refused.value.error_code == "later_merge"
    actions.undo(second, reason="x", by=by, at=LATER)
    actions.undo(first, reason="x", by=by, at=LATER)
    with pytest.raises(Conflict):
        actions.undo(first, reason="x", by=by, at=LATER)


def test_it_takes_the_right_over_both_and_a_reason(cast: Cast, double: Person) -> None:
    wang = cast.person["wang"]
    for who in ("fang", "qiu", "he", "lin"):
        with pytest.raises(Forbidden):
            actions.merge(wang, double, reason="x", leave=True, by=cast.by(who), at=LATER)
    for reason in ("", " ", "x" * 301):
        with pytest.raises(BadInput):
            actions.merge(wang, double, reason=reason, leave=True, by=cast.by("admin"), at=LATER)
    with pytest.raises(BadInput):
        actions.merge(wang, wang, reason="x", by=cast.by("admin"), at=LATER)
    row = actions.merge(wang, double, reason="x", leave=True, by=cast.by("admin"), at=LATER)
    with pytest.raises(NotFound):
        queries.merge_for(cast.by("fang"), row.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        PersonMerge.objects.create(kept=wang, merged=double, reason="x", at=NOON, purge_on=SINCE)


def test_pages_and_api(cast: Cast, sign_in: SignIn, double: Person) -> None:
    wang, admin = cast.person["wang"], sign_in("admin")
    page = admin.get(f"/org/people/{wang.pk}/duplicates/")
    assert "V0001" in page.content.decode()
    who = sign_in("fang").get("/org/who/?name=wang+lei").content.decode()
    assert "V0001" in who and "2023010102" in who
    assert sign_in("fang").get("/org/who/?born=x").status_code == 400
    address = f"/org/people/{wang.pk}/merge/"
    assert admin.get(f"{address}?other=V0001").status_code == 200
    assert admin.get(f"{address}?other=nobody").status_code == 404
    assert admin.post(address, {"other": "V0001", "reason": ""}).status_code == 400
    assert admin.post(address, {"other": "V0001", "reason": "同一人"}).status_code == 409
    done = admin.post(address, {"other": "V0001", "reason": "同一人", "leave": "on"})
    assert done.status_code == 302
    merge = PersonMerge.objects.get()
    assert admin.get(done.headers["Location"]).status_code == 200
    body = admin.get(f"/api/v1/org/merges/{merge.pk}").json()
    assert (body["state"], body["changes"]) == ("done", [])
    assert sign_in("su").get(f"/org/merges/{merge.pk}/").status_code == 404
    back = {"reason": "弄错了"}
    assert admin.post(f"/api/v1/org/merges/{merge.pk}/undo", back, content_type="application/json").status_code == 200
    plan = admin.post("/api/v1/org/people/2023010102/merge", {"other": "V0001"}, content_type="application/json").json()
    assert plan["moved"] == {}
    assert {row["number"] for row in admin.get("/api/v1/org/people/2023010102/duplicates").json()} == {"V0001"}
    assert admin.get("/api/v1/org/who?phone=8613800138000").json()[0]["kinds"] == ["phone"]
