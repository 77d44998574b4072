"""Opening a case: its number, its protocol, its first classification."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from shouwang.cases import queries, rules
from shouwang.cases.actions import clocks
from shouwang.cases.actions.checks import (
    MANAGE,
    aware,
    check_none_open,
    onset_moment,
    purge_on,
    reason_text,
    require,
)
from shouwang.cases.actions.deciding import write_class
from shouwang.cases.models import Case, CaseCounter, CaseProtocol
from shouwang.checkins.actions import mark_case_opened
from shouwang.checkins.models import SymptomAlert
from shouwang.core import audit, clock
from shouwang.core.actions import keep_version
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.events import publish
from shouwang.core.packs import Pack
from shouwang.core.scope import Actor
from shouwang.org.models import Person


@transaction.atomic
def open_case(
    *,
    person: Person,
    pack: Pack,
    classification: str,
    onset_at: datetime | None = None,
    onset_day_only: bool = False,
    reason: str,
    alert: SymptomAlert | None = None,
    detected_at: datetime | None = None,
    by: Actor,
    at: datetime,
) -> Case:
    """A new case with its number and clocks. Detection is `detected_at`, else when the alert was raised, else `at`.

    Needs case.manage over the person. BadInput for dates that do not fit; Conflict naming the open case of the same
    disease. Publishes case.opened, then case.classified with an empty `old`.
    """
    require(by, person, MANAGE)
    text = reason_text(reason)
    spec = rules.protocol(pack)
    rules.check_transition("", classification, closed=False, onset_known=onset_at is not None)
    onset = onset_moment(onset_at, onset_day_only)
    detected = aware(detected_at, "detected_at") or (alert.raised_at if alert else at)
    rules.check_dates(rules.Dates(detected=detected, onset=onset, onset_day_only=onset_day_only), now=at)
    _check_alert(alert, person)
    check_none_open(person.pk, pack.head.disease)
    _keep_protocol(pack, spec, at=at)
    case = Case(
        number=_next_number(spec.case.number_prefix, clock.local_day(at).year),
        person=person, alert=alert, disease=pack.head.disease, pack=pack.code, pack_sha256=pack.sha256,
        classification=classification, classified_at=at, onset_at=onset,
        onset_day_only=onset_day_only and onset is not None, detected_at=detected,
        opened_at=at, opened_by_id=by.account_id, purge_on=purge_on(at),
    )  # fmt: skip
    try:
        with transaction.atomic():
            case.save(force_insert=True)
    except IntegrityError:
        # Somebody opened it since the check above; name theirs. Anything else that broke is raised as it is.
        check_none_open(person.pk, pack.head.disease)
        raise
    if alert is not None:
        mark_case_opened(alert, by=by, at=at)
    clocks.sync(case, spec.clocks, at=at)
    new = {"version": case.version, "alert": alert.pk if alert else None}
    audit.record("case.opened", "case", case.pk, by=by, at=at, subject=person.pk, new=new)
    publish("case.opened", case=case, by=by, at=at)
    write_class(case, "", text, by=by, at=at)
    return case


def _check_alert(alert: SymptomAlert | None, person: Person) -> None:
    if alert is None:
        return
    if alert.person_id != person.pk:
        raise BadInput(_("This alert is about somebody else. Open the case from the alert itself."), field="alert")
    used = Case.objects.filter(alert=alert).values_list("number", flat=True).first()
    if used is not None:
        raise Conflict(_("Case %(number)s was already opened from this alert."), code="alert_used", number=used)


def _keep_protocol(pack: Pack, spec: rules.Protocol, *, at: datetime) -> None:
    keep_version(pack, at=at)
    CaseProtocol.objects.get_or_create(
        sha256=pack.sha256, defaults={"pack": pack.code, "content": queries.protocol_as_json(spec)}
    )


def _next_number(prefix: str, year: int) -> str:
    """The next number of a prefix and year. Undone with the transaction, and counted one at a time: no gaps."""
    CaseCounter.objects.get_or_create(prefix=prefix, year=year)
    CaseCounter.objects.filter(prefix=prefix, year=year).update(last=F("last") + 1)
    last = CaseCounter.objects.values_list("last", flat=True).get(prefix=prefix, year=year)
    return f"{prefix}-{year}-{last:04d}"
