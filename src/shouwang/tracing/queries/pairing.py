"""Which cases may have infected which, by record: the facts that `rules.chains` judges. Shown to nobody as they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import F, Q

from shouwang.cases import rules as case_rules
from shouwang.cases.models import Case
from shouwang.cases.queries import infectious_window
from shouwang.core import clock
from shouwang.core.packs import PackError, get_pack
from shouwang.tracing.models import Contact
from shouwang.tracing.rules import chains

COUNTED = tuple(name for name, effects in case_rules.EFFECTS.items() if effects.counts)
Pair = tuple[int, int]
"""(case, infector)."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs with a record of the two together, and every case they name."""

    exposures: Mapping[Pair, chains.Exposure]
    cases: Mapping[int, Case]


def pairs_of(case_ids: Collection[int]) -> Pairs:
    """Every pair in which one of `case_ids` is the infected or the infecting one. Three queries.

    Both must have the same disease and be held to be cases. Contacts of contacts were with the contact between, not
    with the case: they make no pair.
    """
    shared = Q(
        link__isnull=True, person__cases__disease=F("case__disease"), case__classification__in=COUNTED,
        person__cases__classification__in=COUNTED,
    )  # fmt: skip
    columns = (
        "pk", "case", "person__cases", "person__cases__detected_at", "grade", "state", "seconds", "encounters", "days",
        "found_at",
    )  # fmt: skip
    ids = list(case_ids)
    rows = {
        (row["pk"], row["person__cases"]): row
        for condition in (Q(case__in=ids), Q(person__cases__in=ids))
        for row in Contact.objects.filter(shared & condition).order_by("pk").values(*columns)
    }
    exposures: dict[Pair, chains.Exposure] = {}
    for row in rows.values():
        traced, met = row["case"], row["person__cases"]
        if traced == met:
            continue
        before = row["found_at"] <= row["person__cases__detected_at"]
        # The trace of the infector looked at its infectious days: what it found stands before what was met by chance.
        exposures[met, traced] = _exposure(row, chains.TRACED_BEFORE if before else chains.TRACED_AFTER)
        exposures.setdefault((traced, met), _exposure(row, chains.MET))
    named = {pk for pair in exposures for pk in pair} | set(ids)
    return Pairs(exposures, Case.objects.in_bulk(sorted(named)))


def _exposure(row: Mapping[str, Any], how: str) -> chains.Exposure:
    return chains.Exposure(
        how=how,
        grade=row["grade"],
        dismissed=row["state"] == Contact.State.DISMISSED,
        days=tuple(sorted(date.fromisoformat(day) for day in row["days"])),
        seconds=row["seconds"],
        encounters=row["encounters"],
    )


def sick(case: Case, at: datetime) -> chains.Sick:
    """The days of a case that a link is judged by."""
    start, end = infectious_window(case, at)
    last = clock.local_day(end - timedelta(microseconds=1)) if end > start else clock.local_day(start)
    onset = clock.local_day(case.onset_at) if case.onset_at else None
    return chains.Sick(onset, (clock.local_day(start), last))


def numbers_of(case: Case) -> chains.Transmission:
    """What the case's pack says today; nothing where the pack has gone."""
    try:
        pack = get_pack(case.pack)
    except PackError:
        return chains.Transmission()
    return _numbers(case.pack, pack.sha256)


@lru_cache(maxsize=64)
def _numbers(code: str, sha256: str) -> chains.Transmission:
    """Named by its hash it never changes."""
    return chains.transmission(get_pack(code))


def judged(case: Case, infector: Case, exposure: chains.Exposure | None, at: datetime) -> chains.Judgement:
    """How certain it is that `infector` infected `case`, by the pack of the infected one."""
    return chains.judge(sick(infector, at), sick(case, at), exposure, numbers_of(case))
