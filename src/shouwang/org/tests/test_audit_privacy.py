"""The audit log tells supervisors who acted; it is no list of patients, contacts or people in quarantine."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from shouwang.core import audit
from shouwang.core.models import AuditEntry
from shouwang.org import queries
from shouwang.org.models import Grant
from shouwang.org.queries import AuditFilter
from shouwang.org.tests.cast import NOON, SINCE, Cast

SUPERVISORS = ["admin", "su"]


@pytest.fixture
def recorded(cast: Cast) -> Cast:
    """The clinic opened a case on Lin, the tracer looked at where she was, she read her order; Wang moved class."""
    lin, wang = cast.person["lin"].pk, cast.person["wang"].pk
    with transaction.atomic():
        audit.record("case.opened", "case", 1, by=cast.by("he"), at=NOON, subject=lin, new={"pack": "x"})
        audit.record("order.acknowledged", "order", 1, by=cast.by("lin"), at=NOON, subject=lin)
        audit.record("person.moved", "person", wang, by=cast.by("admin"), at=NOON, subject=wang, new={"home": "CS"})
    audit.saw("presence.read", "person", [lin], by=cast.by("qiu"), at=NOON)
    return cast


@pytest.mark.parametrize("name", SUPERVISORS)
def test_supervisors_read_who_acted_but_not_on_whose_health(
    recorded: Cast, sign_in: Callable[[str], Client], name: str
) -> None:
    _page, lines = queries.audit_page(recorded.by(name), AuditFilter())
    found = {line.verb: line for line in lines}
    for verb, who in (("case.opened", "何医生"), ("presence.read", "邱追踪")):
        line = found[verb]
        assert (line.who, line.about, line.about_number, line.object, line.new) == (who, "", "", "", None)
        assert line.hidden
    assert found["order.acknowledged"].who not in {"林晓", "lin"}
    moved = [line for line in lines if line.verb == "person.moved" and line.about == "王蕾" and line.new]
    assert [line.new for line in moved] == [{"home": "CS"}]
    for kind in ("case", "order"):
        page = sign_in(name).get(reverse("org:audit"), {"kind": kind}).content.decode()
        assert "林晓" not in page
        assert "2023010101" not in page


@pytest.mark.parametrize("name", SUPERVISORS)
def test_no_filter_is_an_oracle(recorded: Cast, name: str) -> None:
    by = recorded.by(name)
    for chosen in (AuditFilter(number="2023010101"), AuditFilter(account="lin")):
        _page, lines = queries.audit_page(by, chosen)
        assert {line.verb for line in lines}.isdisjoint({"case.opened", "order.acknowledged", "presence.read"})
    _page, of_clinic = queries.audit_page(by, AuditFilter(account="he"))
    assert [line.verb for line in of_clinic] == ["case.opened"]


def test_the_person_reads_everything_and_health_roles_see_names_where_they_reach(recorded: Cast) -> None:
    _page, lines = queries.seen_page(recorded.by("lin"))
    assert {"case.opened": "何医生", "presence.read": "邱追踪", "order.acknowledged": "林晓"}.items() <= {
        line.verb: line.who for line in lines
    }.items()
    for role, code in (("clinic", "FL"), ("tracer", "FL")):
        Grant.objects.create(account=recorded.account["su"], role=role, organisation=recorded.org[code], starts=SINCE)
    _page, lines = queries.audit_page(recorded.by("su"), AuditFilter(kind="case"))
    assert [line.about for line in lines] == [""]
    for role in ("clinic", "tracer"):
        Grant.objects.create(account=recorded.account["su"], role=role, organisation=recorded.org["IE"], starts=SINCE)
    _page, lines = queries.audit_page(recorded.by("su"), AuditFilter(kind="case"))
    assert [line.about for line in lines] == ["林晓"]


def test_thousands_of_reads_are_written_as_a_few_are(cast: Cast) -> None:
    by = cast.by("he")
    people = [*range(90_000, 90_001 + audit.FEW), 90_000, by.person_id or 0]
    audit.saw("case.listed", "case", people[:3], by=by, at=NOON, object_id=7)
    audit.saw("case.listed", "case", people, by=by, at=NOON, object_id=7)
    same = ("at", "account", "label", "mouth", "address", "kind", "object", "is_read", "purge_on", "old", "new")
    rows = AuditEntry.objects.filter(verb="case.listed").order_by("pk")
    assert len(set(rows.values_list(*same))) == 1
    told = list(rows.values_list("subject", flat=True))
    assert told[:3] == people[:3]
    assert len(told[3:]) == len(set(told[3:]))
    assert set(told[3:]) == set(people) - {by.person_id}
