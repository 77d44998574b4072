"""Short words for the tests of this room."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count

from shouwang.checkins import actions, rules
from shouwang.checkins.models import CheckIn
from shouwang.core.packs import get_pack
from shouwang.core.scope import system_actor
from shouwang.org.tests.cast import NOON, Cast

COVID = "covid19-2020-6"
FLU = "influenza-seasonal"
TODAY = date(2026, 3, 2)
_keys = count()


def protocols(*codes: str) -> rules.Protocols:
    return rules.Protocols.of(get_pack(code) for code in codes)


def key() -> str:
    return f"test-{next(_keys)}"


def well() -> rules.Answers:
    return rules.Answers(exposure=False)


def fever(reading: str = "38.2", *symptoms: str, exposure: bool | None = None) -> rules.Answers:
    return rules.Answers(temperature_c=Decimal(reading), symptoms=symptoms, exposure=exposure)


def say(cast: Cast, name: str, answers: rules.Answers, *, at: datetime = NOON, client_key: str = "") -> CheckIn:
    """`name` checks in for themselves."""
    return actions.submit(
        person=cast.person[name], answers=answers, client_key=client_key or key(), by=cast.by(name, at), at=at
    )


def watch(cast: Cast, name: str, *, checks: int = 2, temperature: bool = True, days: int = 14) -> None:
    """`name` is monitored from today."""
    actions.start_monitoring(
        person=cast.person[name],
        starts=TODAY,
        ends=TODAY + timedelta(days=days - 1),
        checks_per_day=checks,
        temperature_required=temperature,
        reason="quarantine",
        reference=f"Q-{name}",
        by=system_actor(),
        at=NOON,
    )
