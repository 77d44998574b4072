"""The facts a release is judged by."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from shouwang.cases.laboratory.queries import findings
from shouwang.checkins.models import CheckIn, SymptomAlert
from shouwang.checkins.rules import Protocol as CheckProtocol
from shouwang.core import clock
from shouwang.core.packs import get_pack
from shouwang.isolation import rules
from shouwang.isolation.models import Order

MOST_CHECKS = 1000  # assumption: bounds one read; 24 checks a day, the most there can be, fill it in six weeks


def review(order: Order, at: datetime, confirmed: Collection[str] = ()) -> rules.Decision:
    """May this order end at `at`? Three queries, four where a pack asks for tests.
    Of several grounds the strictest pack decides. `confirmed`:
    codes of what whoever releases has seen.

    The caller holds isolation.manage over the person: the answer speaks of symptoms.
    """
    standing = order.grounds.filter(dropped_at__isnull=True).order_by()
    versions = list(standing.values_list("pack", "pack_sha256").distinct())
    packs = [get_pack(*version) for version in versions or [(order.pack, order.pack_sha256)]]
    protocols = [rules.protocol(pack) for pack in packs]
    isolation = order.kind == Order.Kind.ISOLATION
    specs = [spec for p in protocols if (spec := p.isolation if isolation else p.quarantine) is not None]
    thresholds = [CheckProtocol.of(pack).thresholds for pack in packs]
    fever_c = Decimal(str(min(limits.fever_c for limits in thresholds)))
    fever_codes = {code for limits in thresholds for code in limits.fever_symptoms}
    rows = CheckIn.objects.filter(person_id=order.person_id, at__gte=clock.day_start(order.starts_on), at__lte=at)
    checks = [
        rules.Check(
            at=row.at,
            fever=_fever(row.temperature_c, row.symptoms, fever_c, fever_codes),
            symptoms=len(row.symptoms),
            has_temperature=row.temperature_c is not None,
        )
        for row in rows.only("at", "temperature_c", "symptoms").order_by("-at", "-id")[:MOST_CHECKS]
    ]
    alerts = SymptomAlert.objects.filter(person_id=order.person_id, state=SymptomAlert.State.OPEN).count()
    hours = [spec.release.symptom_free_hours for spec in specs if spec.release.symptom_free_hours is not None]
    confirm = {item.code: item for spec in specs for item in spec.release.confirm}
    facts = rules.OrderFacts(
        starts_on=order.starts_on,
        ends_on=order.ends_on,
        checks_per_day=max((spec.checks_per_day for spec in specs), default=1),
        clear_checks=max((spec.release.clear_checks for spec in specs), default=1),
        temperature_required=any(spec.temperature_required for spec in specs),
        symptom_free_hours=max(hours, default=None),
        confirm=tuple(confirm.values()),
        tests=tuple(dict.fromkeys(item for spec in specs for item in spec.release.tests)),
    )
    since = clock.day_start(order.starts_on)
    diseases = {protocol.disease for protocol in protocols}
    found = findings(order.person_id, diseases, since=since, until=at) if facts.tests else ()
    return rules.may_end(facts, rules.ReviewFacts(checks, alerts, frozenset(confirmed), found), at, clock.zone())


def _fever(temperature: Decimal | None, symptoms: list[str], fever_c: Decimal, codes: set[str]) -> bool | None:
    """Fever measured or reported; None when neither a temperature nor a fever was stated."""
    if codes & set(symptoms):
        return True
    return None if temperature is None else temperature >= fever_c
