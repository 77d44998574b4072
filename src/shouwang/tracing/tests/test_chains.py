"""What the rule proposes from records, and what a tracer makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from shouwang.cases import actions as case_actions
from shouwang.cases.models import Case
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions
from shouwang.tracing.models import Contact, LinkStep, TransmissionLink
from shouwang.tracing.queries import sources
from shouwang.tracing.tests.chain_scene import DAY, chain, day, sick, together


def link(case: Case, infector: Case) -> TransmissionLink:
    return TransmissionLink.objects.get(case=case, infector=infector)


def sureness() -> dict[tuple[str, str], str]:
    rows = TransmissionLink.objects.values_list("infector__person__name", "case__person__name", "certainty")
    return {(infector, case): certainty for infector, case, certainty in rows}


def do(cast: Cast, **more: Any) -> dict[str, Any]:
    return {"reason": "询问双方", "by": cast.by("qiu"), "at": NOON, **more}


def test_an_earlier_contact_who_falls_ill_is_proposed_in_both_directions(cast: Cast) -> None:
    chain(cast)
    assert sureness() == {
        ("林晓", "王蕾"): "probable",
        ("王蕾", "林晓"): "unlikely",
        ("王蕾", "赵宁"): "probable",
        ("赵宁", "王蕾"): "unlikely",
    }


def test_a_new_case_is_judged_at_once_through_the_wiring(cast: Cast) -> None:
    lin = sick(cast, "lin", 9)
    together(lin, cast.person["wang"], [day(9)], found=NOON - 7 * DAY)
    wang = sick(cast, "wang", 5)
    assert link(wang, lin).certainty == "probable"
    assert AuditEntry.objects.filter(verb="chain.proposed", object=str(wang.pk)).exists()


def test_a_corrected_onset_is_judged_anew(cast: Cast) -> None:
    found = chain(cast)
    case_actions.set_dates(found["wang"], onset_at=NOON - 30 * DAY, by=cast.by("he"), at=NOON)
    assert link(found["wang"], found["lin"]).certainty == "unlikely"


def test_what_a_tracer_says_of_the_contact_is_heard_at_once(cast: Cast) -> None:
    found = chain(cast)
    contact = Contact.objects.get(case=found["lin"], person=cast.person["wang"])
    actions.dismiss(contact, reason="请假", by=cast.by("qiu"), at=NOON)
    assert link(found["wang"], found["lin"]).certainty == "unlikely"
    actions.reconsider(contact, reason="当天在寝室", by=cast.by("qiu"), at=NOON)
    assert link(found["wang"], found["lin"]).certainty == "probable"
    actions.regrade(contact, "general", reason="隔断", by=cast.by("qiu"), at=NOON)
    assert link(found["wang"], found["lin"]).certainty == "possible"


def test_contacts_of_contacts_and_other_diseases_make_no_pair(cast: Cast) -> None:
    lin = sick(cast, "lin", 9)
    row = together(lin, cast.person["wang"], [day(9)], found=NOON - 7 * DAY)
    Contact.objects.filter(pk=row.pk).update(link=cast.person["zhao"])
    sick(cast, "wang", 5)
    assert not TransmissionLink.objects.exists()


def test_a_discarded_case_leaves_no_proposal_behind(cast: Cast) -> None:
    found = chain(cast)
    case_actions.classify(found["lin"], new="discarded", reason="阴性", by=cast.by("he"), at=NOON)
    assert ("林晓", "王蕾") not in sureness()


def test_proposing_again_changes_nothing(cast: Cast) -> None:
    chain(cast)
    before = list(TransmissionLink.objects.order_by("pk").values())
    assert actions.propose_all(by=cast.by("qiu"), at=NOON + DAY) == 0
    assert list(TransmissionLink.objects.order_by("pk").values()) == before


def test_a_decision_is_kept_with_its_reason_and_can_be_taken_back(cast: Cast) -> None:
    found = chain(cast)
    row = actions.accept_link(link(found["wang"], found["lin"]), **do(cast))
    assert (row.state, row.version) == ("accepted", 2)
    row = actions.reopen_link(row, **do(cast, reason="记错了"))
    assert row.state == "proposed"
    row = actions.reject_link(row, **do(cast, reason="不在一处"))
    steps = LinkStep.objects.filter(link=row).order_by("pk").values_list("old", "new", "certainty", "reason")
    assert list(steps) == [
        ("proposed", "accepted", "probable", "询问双方"),
        ("accepted", "proposed", "probable", "记错了"),
        ("proposed", "rejected", "probable", "不在一处"),
    ]
    said = AuditEntry.objects.filter(object=str(found["wang"].pk), account=cast.account["qiu"].pk)
    assert {"chain.accepted", "chain.reopened", "chain.rejected"} <= set(said.values_list("verb", flat=True))
    assert "询问双方" not in str(list(said.values_list("new", flat=True)))
    actions.propose_all(by=cast.by("qiu"), at=NOON)
    row.refresh_from_db()
    assert row.state == "rejected"


def test_a_decided_link_outlives_its_record(cast: Cast) -> None:
    found = chain(cast)
    row = actions.accept_link(link(found["wang"], found["lin"]), **do(cast))
    Contact.objects.all().delete()
    actions.propose_all(by=cast.by("qiu"), at=NOON)
    assert list(TransmissionLink.objects.values_list("pk", flat=True)) == [row.pk]
    row = actions.reopen_link(row, **do(cast))
    assert (row.certainty, row.checks[0]["code"]) == ("possible", "no_record")


def test_one_source_is_accepted_and_the_others_stay_alternatives(cast: Cast) -> None:
    found = chain(cast)
    actions.accept_link(link(found["wang"], found["lin"]), **do(cast))
    with pytest.raises(Conflict) as refused:
        actions.accept_link(link(found["wang"], found["zhao"]), **do(cast))
    assert refused.value.error_code == "source_accepted"
    assert link(found["wang"], found["zhao"]).state == "proposed"
    with pytest.raises(IntegrityError), transaction.atomic():
        TransmissionLink.objects.filter(case=found["wang"]).update(state="accepted")


def test_a_circle_is_refused(cast: Cast) -> None:
    found = chain(cast)
    actions.accept_link(link(found["wang"], found["lin"]), **do(cast))
    actions.accept_link(link(found["zhao"], found["wang"]), **do(cast))
    with pytest.raises(Conflict) as refused:
        actions.add_link(found["lin"], infector=found["zhao"], **do(cast))
    assert refused.value.error_code == "chain_circle"
    assert not TransmissionLink.objects.filter(case=found["lin"], infector=found["zhao"]).exists()


@pytest.mark.parametrize("origin", ["imported", "unknown"])
def test_where_from_can_be_stated_without_a_case(cast: Cast, origin: str) -> None:
    found = chain(cast)
    row = actions.add_link(found["lin"], origin=origin, **do(cast, reason="外地返校"))
    assert (row.state, row.infector, row.certainty, row.by_rule) == ("accepted", None, "", False)
    with pytest.raises(Conflict):
        actions.accept_link(link(found["lin"], found["wang"]), **do(cast))
    assert actions.reopen_link(row, **do(cast)).state == "proposed"


def test_a_tracer_adds_a_source_no_record_shows(cast: Cast) -> None:
    found = chain(cast)
    row = actions.add_link(found["ou"], infector=found["lin"], **do(cast, reason="共同聚餐"))
    assert (row.state, row.by_rule, row.certainty) == ("accepted", False, "possible")
    assert row.checks[0]["code"] == "no_record"
    assert LinkStep.objects.get(link=row).old == ""


def test_bad_input_is_named(cast: Cast) -> None:
    found = chain(cast)
    with pytest.raises(BadInput) as refused:
        actions.accept_link(link(found["wang"], found["lin"]), **do(cast, reason=" "))
    assert refused.value.field == "reason"
    with pytest.raises(BadInput):
        actions.accept_link(link(found["wang"], found["lin"]), **do(cast, reason="长" * 301))
    with pytest.raises(BadInput) as refused:
        actions.add_link(found["lin"], infector=found["lin"], **do(cast))
    assert refused.value.field == "infector"
    with pytest.raises(BadInput):
        actions.add_link(found["lin"], origin="case", **do(cast))
    with pytest.raises(BadInput):
        actions.add_link(found["lin"], origin="moon", **do(cast))


def test_a_colleague_who_decided_meanwhile_is_heard(cast: Cast) -> None:
    found = chain(cast)
    row = link(found["wang"], found["lin"])
    actions.reject_link(row, **do(cast))
    with pytest.raises(Conflict):
        actions.accept_link(row, **do(cast, version=row.version))


@pytest.mark.parametrize("who", ["he", "su", "fang", "lin", "admin"])
def test_only_a_tracer_decides(cast: Cast, who: str) -> None:
    found = chain(cast)
    with pytest.raises(NotFound):
        actions.accept_link(link(found["wang"], found["lin"]), reason="x", by=cast.by(who), at=NOON)
    with pytest.raises(NotFound):
        actions.add_link(found["lin"], origin="imported", reason="x", by=cast.by(who), at=NOON)


def test_the_chain_above_a_case_is_walked_to_its_beginning(cast: Cast) -> None:
    found = chain(cast)
    actions.accept_link(link(found["wang"], found["lin"]), **do(cast))
    actions.accept_link(link(found["zhao"], found["wang"]), **do(cast))
    assert sources.ancestors(found["zhao"].pk) == [found[name].pk for name in ("zhao", "wang", "lin")]
