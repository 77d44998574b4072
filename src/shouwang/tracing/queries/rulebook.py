"""Which rule says who is a contact of a case: the editions at hand, and the one in force for a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec
from django.utils.translation import gettext_lazy as _

from shouwang.cases import queries as case_queries
from shouwang.cases.models import Case, Classification
from shouwang.core import clock
from shouwang.core.packs import Pack, Source, Text
from shouwang.org.models import Place
from shouwang.tracing.models import CaseRule
from shouwang.tracing.queries import judging
from shouwang.tracing.queries.catalogue import edition_files, get_edition, own_folder, weights_file
from shouwang.tracing.rules import editions
from shouwang.tracing.rules.closeness import NEAR, Distances, Weights
from shouwang.tracing.rules.editions import CaseDates, DatedSource, Edition, SecondRing, TracingWindow
from shouwang.tracing.rules.grading import Condition, ContactRule

T = TypeVar("T", Weights, Distances)
ROOM = Path(__file__).resolve().parent.parent
BASES = {
    "chosen": _("chosen for this case"),
    "date": _("in force on the day the case was detected"),
    "pack": _("of the disease pack this institution has put in force"),
}


def editions_of(disease: str | None = None) -> list[Edition]:
    """Every edition at hand (of one disease), oldest first; one that is not by date stands last in its disease."""
    found = [get_edition(code) for code in edition_files()]
    rows = [item for item in found if disease is None or item.head.disease == disease]
    return sorted(rows, key=lambda e: (e.head.disease, not e.head.by_date, e.head.in_force_from, e.code))


def edition_in_force(disease: str, day: date) -> Edition | None:
    """The edition of the day: an institution's own before a shipped one, then the one that came in last."""
    files = edition_files()
    rows = [item for item in editions_of(disease) if item.head.by_date and item.in_force(day)]
    rows.sort(key=lambda e: (files[e.code].parent == own_folder(), e.head.in_force_from))
    return rows[-1] if rows else None


def weights_of(edition: Edition | None) -> Weights | None:
    """Factors of the edition's weights file; None where it names none. EditionError where the file is broken."""
    if edition is None or not edition.head.weights:
        return None
    path = weights_file(edition.head.weights)
    found: Weights = _figures(path, path.stat().st_mtime_ns, Weights)
    return found


def distances() -> Distances:
    """Classes of distance and what parts two encounters."""
    path = ROOM / "distance.toml"
    found: Distances = _figures(path, path.stat().st_mtime_ns, Distances)
    return found


@lru_cache(maxsize=64)
def _figures(path: Path, mtime_ns: int, shape: type[T]) -> T:
    document = editions.document_of(path.read_bytes(), path.name)
    try:
        found = msgspec.convert(document, shape, strict=True)
    except msgspec.ValidationError as error:
        raise editions.refused(path.name, str(error)) from error
    editions.check_sources(document, {source.id: source for source in found.sources}, path.name)
    lists = found.places if isinstance(found, Weights) else found.classes
    known = {*Place.Kind.values, NEAR}
    for word in [kind for item in lists for kind in item.kinds]:
        if word not in known:
            raise editions.refused(path.name, f"{word!r} is none of {', '.join(sorted(known))}", "kinds")
    return found


@dataclass(frozen=True, slots=True)
class Ruling:
    """The rule for one case. `basis` says why this one: a key of `BASES`. `rule` is None where the edition says that
    contacts are not determined; `edition` is None where the pack's own [contact_rule] holds."""

    name: str
    title: Text
    rule: ContactRule | None
    basis: str
    sha256: str
    window: TracingWindow
    edition: Edition | None
    pack: Pack
    chosen: CaseRule | None = None

    @property
    def why(self) -> str:
        return str(BASES[self.basis])

    @property
    def second_ring(self) -> SecondRing | None:
        """The second ring where the edition looks for it."""
        ring = self.edition.second_ring if self.edition else None
        return ring if ring is not None and ring.on else None

    @property
    def grade_names(self) -> dict[str, Text]:
        """Code -> name, closest first, the second ring where the rule puts it."""
        names = {grade.code: grade.name for grade in (self.rule.grades if self.rule else ())}
        ring = self.second_ring
        if ring is None or ring.name is None:
            return names
        first = {code: name for code, name in names.items() if code not in ring.outranks}
        return first | {editions.SECONDARY: ring.name} | names

    def rank(self, code: str) -> int:
        """0 is the closest grade; one the rule does not know comes last."""
        codes = list(self.grade_names)
        return codes.index(code) if code in codes else len(codes)

    def source_of(self, condition: Condition) -> DatedSource | Source | None:
        """Where a condition comes from: its own source, else that of the rule or ring it belongs to."""
        ring = self.second_ring
        rest = self.rule.source if self.rule is not None else ring.source if ring is not None else ""
        return self.source(condition.source or rest)

    def source(self, name: str) -> DatedSource | Source | None:
        """A source of the file, with its date; a pack's has none."""
        return self.edition.sources.get(name) if self.edition is not None else self.pack.sources.get(name)


def ruling(case: Case, at: datetime) -> Ruling:
    """The rule that judges the contacts of this case, as of `at`.

    What a person chose for the case; else the edition of its disease in force on the day it was detected. A pack that
    the institution uses outside the dates its own text gives is a decision of the institution: then, and where no
    edition is at hand, the pack's own [contact_rule] holds, or the edition which that names.
    """
    chosen = CaseRule.objects.filter(case=case).order_by("-at", "-pk").first()
    if chosen is not None:
        return under(case, get_edition(chosen.edition), at, basis="chosen", chosen=chosen)
    by_date = edition_by_date(case)
    pack, day = case_queries.pack_of(case), clock.local_day(case.detected_at)
    in_time = pack.head.in_force_from <= day and (pack.head.in_force_to is None or day <= pack.head.in_force_to)
    if by_date is not None and in_time:
        return under(case, by_date, at, basis="date")
    named = judging.named_edition(pack)
    if named is not None:
        return under(case, named, at, basis="pack")
    start, end = case_queries.infectious_window(case, at)
    days = case_queries.protocol_of(case).infectious
    ended_by = "isolated" if case.isolated_at else "now" if end >= at else "rule"
    basis = "onset" if case.onset_at else "sampling"
    window = TracingWindow(start, end, basis, ended_by, days.days_before_onset, days.days_after_onset)
    rule = judging.contact_rule(pack)
    return Ruling(rule.name, pack.head.name, rule, "pack", pack.sha256, window, None, pack)


def edition_by_date(case: Case) -> Edition | None:
    """The edition in force on the local day the case was detected."""
    return edition_in_force(case.disease, clock.local_day(case.detected_at))


def under(
    case: Case,
    edition: Edition,
    at: datetime,
    *,
    basis: str = "chosen",
    chosen: CaseRule | None = None,
    last_negative: datetime | None = None,
) -> Ruling:
    """What this edition would say of the case, whether or not it is in force for it."""
    dates = CaseDates(
        onset=case.onset_at,
        sampled=case.detected_at,
        isolated=case.isolated_at,
        asymptomatic=case.classification == Classification.ASYMPTOMATIC,
        last_negative=chosen.last_negative_at if chosen else last_negative,
    )
    window = editions.window(dates, edition.window, at)
    rule = edition.rule if edition.determined.on else None
    title = edition.head.title
    return Ruling(edition.code, title, rule, basis, edition.sha256, window, edition, case_queries.pack_of(case), chosen)
