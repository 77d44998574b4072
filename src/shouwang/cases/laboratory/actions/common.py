"""What every verb of the laboratory does first: ask the right over everybody concerned, check text, find a disease."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from shouwang.cases.actions.checks import aware
from shouwang.cases.laboratory import rules
from shouwang.cases.laboratory.data import method_of
from shouwang.cases.laboratory.models import Sample, Test
from shouwang.core import clock
from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.packs import active_packs
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import reachable

ORDER, RESULT = "test.order", "test.result"


def require_over(by: Actor, people: Iterable[int], right: str) -> None:
    """Forbidden unless `by` holds the right over every one of them."""
    wanted = set(people)
    if not by.holds(right):
        raise Forbidden(data_right=right)
    if Person.objects.filter(reachable(by, right), pk__in=wanted).count() != len(wanted):
        raise Forbidden(data_right=right)


def short(text: str, field: str, limit: int = 120) -> str:
    """Tidied text. BadInput for what is too long or cannot be stored."""
    tidy = " ".join(text.split())
    if len(tidy) > limit or not tidy.isprintable():
        raise BadInput(_("At most %(limit)s characters are expected here."), field=field, limit=limit)
    return tidy


def moment(value: datetime | None, field: str, default: datetime) -> datetime:
    return aware(value, field) or default


def purge_on(at: datetime) -> date:
    return clock.local_day(at) + timedelta(days=keep_days("test"))


def check_disease(disease: str, *, at: datetime) -> str:
    """A disease of a pack that is in force. BadInput naming those there are."""
    known = {pack.head.disease for pack in active_packs(clock.local_day(at))}
    if disease not in known:
        raise BadInput(
            _("No active disease pack knows “%(value)s”. Choose one of: %(codes)s."),
            code="disease_unknown", field="disease", value=disease[:40] or "–", codes=", ".join(sorted(known)) or "–",
        )  # fmt: skip
    return disease


def moments_of(test: Test) -> rules.Moments:
    return rules.Moments(test.ordered_at, test.taken_at, test.received_at, test.resulted_at)


def due_of(method: str, moments: rules.Moments) -> datetime | None:
    hours = method_of(method).hours
    return rules.due(moments, take=hours.take, receive=hours.receive, result=hours.result)


def lock(sample: Sample) -> list[Test]:
    """Hold the tube and everybody in it until the transaction ends; the tube is refreshed in place."""
    sample.refresh_from_db(from_queryset=Sample.objects.select_for_update())
    return list(Test.objects.select_for_update(of=("self",)).filter(sample=sample).order_by("pk"))
