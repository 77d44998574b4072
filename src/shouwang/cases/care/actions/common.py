"""What every write of care shares: the lock, the right, the version, what counts, the trail."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.cases.actions.checks import MANAGE, aware, lock, reason_text, require
from shouwang.cases.care import rules
from shouwang.cases.care.models import Care, Referral, ReferralStep
from shouwang.cases.models import Case, Classification
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor, system_actor

M = TypeVar("M", bound=Model)
LONGEST = timedelta(days=366)  # assumption: an absence or a return further ahead is a slip of the keyboard
PROGRAM = system_actor("care")

__all__ = ["MANAGE", "aware", "reason_text", "require"]


def begin(case: Case, *, by: Actor, at: datetime, version: int | None = None) -> Care:
    """The care of a case, begun where there is none, and locked with the case until the transaction ends. Needs
    case.manage over the person. Conflict (`version_conflict`) where it has changed since `version`; 0 is "none yet"."""
    lock(case)
    require(by, case.person, MANAGE)
    care, made = Care.objects.select_for_update(of=("self",)).get_or_create(
        case=case,
        defaults={"began_at": at, "changed_at": at, "changed_by_id": by.account_id, "purge_on": purge_on(at)},
    )
    care.case = case
    if version is not None and version != (0 if made else care.version):
        raise Conflict(
            _("The care of %(number)s has been changed since you opened it. Look again, then decide."),
            code="version_conflict", field="version", number=case.number,
        )  # fmt: skip
    return care


def begun(care: Care, *, by: Actor, at: datetime, version: int | None = None) -> Care:
    """As `begin`, for care that was fetched."""
    return begin(Case.objects.select_related("person").get(pk=care.case_id), by=by, at=at, version=version)


def purge_on(at: datetime) -> date:
    return clock.local_day(at) + timedelta(days=keep_days("care"))


def save(care: Care, *fields: str, by: Actor, at: datetime) -> None:
    care.version += 1
    care.changed_at, care.changed_by_id, care.purge_on = at, by.account_id, purge_on(at)
    care.save(update_fields=[*fields, "version", "changed_at", "changed_by", "purge_on"])


def note(verb: str, care: Care, *, by: Actor, at: datetime, **new: Any) -> None:
    """The log names the act, never what ails anybody: it is also read by people without health rights. Inside the
    caller's transaction."""
    audit.record(verb, "care", care.pk, by=by, at=at, subject=care.case.person_id, new={"version": care.version, **new})


def counting(rows: QuerySet[M]) -> QuerySet[M]:
    """The entries that count: neither taken back nor corrected."""
    return rows.filter(void=False, corrected_by__isnull=True)


def steps_of(referral: Referral, *, without: ReferralStep | None = None) -> list[rules.Step]:
    """The steps that count."""
    rows = counting(ReferralStep.objects.filter(referral=referral)).values_list("pk", "what", "happened_at")
    return [rules.Step(what, when) for pk, what, when in rows if without is None or pk != without.pk]


def check_alive(care: Care) -> None:
    if care.state == Care.State.DIED:
        raise Conflict(_("The hospital said that the person has died. Correct that entry first."), code="care_over")


def check_case(case: Case) -> None:
    if case.classification == Classification.DISCARDED:
        raise Conflict(
            _("Case %(number)s is discarded. Classify it anew first."), code="case_discarded", number=case.number
        )


def check_correctable(entry: Any) -> None:
    """`entry` is one of the dated kinds."""
    if entry.void or type(entry).objects.filter(corrects=entry).exists():
        raise Conflict(_("This entry has been corrected already. Correct the latest one."), code="entry_corrected")


def words(value: str, field: str, *, limit: int, missing: Any = "") -> str:
    """Free text, stripped. BadInput when it is too long, or empty and `missing` says what is asked for."""
    text = value.strip()
    if not text and missing:
        raise BadInput(missing, code=f"{field}_missing", field=field)
    if len(text) > limit:
        raise BadInput(_("The text is longer than %(limit)s characters. Shorten it."), field=field, limit=limit)
    return text


def one_of(value: str, known: Any, field: str) -> str:
    """`value` if the choices `known` hold it. BadInput naming them otherwise."""
    if value not in known.values:
        raise BadInput(
            _("“%(value)s” is none of: %(words)s."),
            code="choice_invalid", field=field, value=value or "–", words=", ".join(known.values),
        )  # fmt: skip
    return value


def moment(value: datetime | None, field: str, *, otherwise: datetime) -> datetime:
    return aware(value, field) or otherwise
