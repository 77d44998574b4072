"""Cases for research: pseudonyms that join with nothing, so coarse that nobody stands out, and what was left out."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shouwang.cases.models import Classification
from shouwang.cases.outward import queries
from shouwang.cases.queries import VIEW, disease_names
from shouwang.cases.rules import anonymity
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput
from shouwang.core.files.sheets import CellValue, SheetSpec, csv_chunks, write_xlsx
from shouwang.core.scope import Actor
from shouwang.core.snapshot import one_moment
from shouwang.core.tree import ancestors
from shouwang.org.models import Organisation, Person

RIGHT = "case.manage"
MOST_SUPPRESSED = 0.05  # share of rows that may be left out before the file is made coarser; assumption
LEAST_PURPOSE, LONGEST_PURPOSE = 10, 300
ANY = "*"
COLUMNS = (
    "pk", "person_id", "home_path", "person__sex", "person__born", "disease", "pack", "classification",
    "onset_at", "detected_at", "reported_at", "isolated_at", "treated_at", "recovered_at",
)  # fmt: skip
HEADER = (
    gettext_lazy("Pseudonym"), gettext_lazy("Age"), gettext_lazy("Sex"), gettext_lazy("Unit"),
    gettext_lazy("Onset"), gettext_lazy("Disease"), gettext_lazy("Pack"), gettext_lazy("Classification"),
    gettext_lazy("Days from onset to detection"), gettext_lazy("Days from detection to report"),
    gettext_lazy("Days from report to isolation"), gettext_lazy("Days from isolation to treatment"),
    gettext_lazy("Days from onset to recovery"),
)  # fmt: skip
BANDS = (5, 10, 20)


@dataclass(frozen=True, slots=True)
class Written:
    """What is in the file: `rows` of `cases`, the rest left out; `levels` how coarse each column became."""

    rows: int
    cases: int
    k: int
    groups: int
    smallest: int
    levels: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        names = ("rows", "cases", "k", "groups", "smallest", "levels")
        return {"suppressed": self.cases - self.rows, **{name: getattr(self, name) for name in names}}


def export_research(
    target: BinaryIO, wanted: queries.LineFilter, *, form: str, k: int, purpose: str, by: Actor, at: datetime
) -> Written:
    """Write cases without names as CSV or Excel, each sharing age, sex, unit and onset with at least `k` - 1 others.

    Needs case.manage. Pseudonyms are made with a key that is thrown away: two files cannot be joined. The purpose is
    kept in the audit log, with the numbers, before anything is handed over. BadInput names `form`, `k` or `purpose`.
    """
    by.require(VIEW)
    by.require(RIGHT)
    purpose = _checked(form, k, purpose)
    with one_moment():
        rows = list(queries.lines_of(by, wanted).order_by("pk").values_list(*COLUMNS))
        units = dict(Organisation.objects.values_list("path", "name"))
    ages = [_age(row) for row in rows]
    offered = {
        "age": _age_levels(ages), "sex": _codes([[row[3] for row in rows], [ANY] * len(rows)]),
        "unit": _codes(_unit_levels([row[2] for row in rows])), "onset": _codes(_onset_levels(rows)),
    }  # fmt: skip
    chosen = anonymity.recode(
        {name: codes for name, (codes, _words) in offered.items()}, k=k, most_suppressed=MOST_SUPPRESSED
    )
    words = {name: offered[name][1][level] for name, level in chosen.levels.items()}
    kept = np.flatnonzero(chosen.kept).tolist()
    key = secrets.token_bytes(32)
    order = sorted(
        kept, key=lambda index: _pseudonym(key, rows[index][1])
    )  # the order of keys would tell who came when
    lines = _lines(rows, words, units, order, key)
    written = Written(len(kept), len(rows), k, chosen.groups, chosen.smallest, _levels(chosen.levels, offered))
    _write(target, lines, written, form=form, purpose=purpose, by=by, at=at)
    with transaction.atomic():
        new = {"form": form, "purpose": purpose, "filters": wanted.named(), **written.as_dict()}
        audit.record("case.researched", "case", by=by, at=at, new=new)
        audit.saw("case.in_research", "case", (rows[index][1] for index in kept), by=by, at=at)
    return written


def _checked(form: str, k: int, purpose: str) -> str:
    if form not in ("csv", "xlsx"):
        raise BadInput(
            gettext_lazy("The list is written as %(forms)s."), code="form_invalid", field="form", forms="csv, xlsx"
        )
    if not anonymity.LEAST_K <= k <= anonymity.MOST_K:
        raise BadInput(
            gettext_lazy("A group has at least %(least)s and at most %(most)s people."), field="k",
            least=anonymity.LEAST_K, most=anonymity.MOST_K,
        )  # fmt: skip
    plain = " ".join(purpose.split())
    if not LEAST_PURPOSE <= len(plain) <= LONGEST_PURPOSE:
        raise BadInput(
            gettext_lazy("Say what the file is for, in %(least)s to %(most)s characters."), field="purpose",
            least=LEAST_PURPOSE, most=LONGEST_PURPOSE,
        )  # fmt: skip
    return plain


Levels = tuple[list[Any], list[list[Any]]]


def _codes(levels: Sequence[Sequence[Any]]) -> Levels:
    """Each level as codes, and its words."""
    coded = []
    for words in levels:
        numbers: dict[Any, int] = {}
        coded.append(np.array([numbers.setdefault(word, len(numbers)) for word in words], np.int64))
    return coded, [list(words) for words in levels]


def _age(row: tuple[Any, ...]) -> int | None:
    return queries.age_on(row[4], clock.local_day(row[8] or row[9]))


def _age_levels(ages: Sequence[int | None]) -> Levels:
    def band(age: int | None, width: int) -> str:
        return "" if age is None else f"{age // width * width}-{age // width * width + width - 1}"

    return _codes([*([band(age, width) for age in ages] for width in BANDS), [ANY] * len(ages)])


def _unit_levels(paths: Sequence[str]) -> list[list[str]]:
    """From the unit itself up, level by level; the last is no unit at all."""
    above = [ancestors(path) for path in paths]
    depth = max((len(one) for one in above), default=0)
    levels = [[(one[min(k, len(one)) - 1] if one else ANY) for one in above] for k in range(depth, 0, -1)]
    return [*levels, [ANY] * len(paths)]


def _onset_levels(rows: Sequence[tuple[Any, ...]]) -> list[list[str]]:
    days: list[date | None] = [clock.local_day(row[8]) if row[8] else None for row in rows]

    def said(day: date | None, level: int) -> str:
        if day is None:
            return ""
        if level == 0:
            year, week, _weekday = day.isocalendar()
            return f"{year}-W{week:02d}"
        return f"{day:%Y-%m}" if level == 1 else f"{day.year}-Q{(day.month + 2) // 3}"

    return [*([said(day, level) for day in days] for level in range(3)), [ANY] * len(days)]


def _levels(chosen: Any, offered: dict[str, Levels]) -> dict[str, str]:
    """How coarse each column is, for people: "2 of 3"."""
    return {name: f"{level} / {len(offered[name][0]) - 1}" for name, level in chosen.items()}


def _pseudonym(key: bytes, person: int) -> str:
    return hashlib.blake2b(str(person).encode(), key=key, digest_size=6).hexdigest()


def _lines(
    rows: Sequence[tuple[Any, ...]], words: dict[str, list[Any]], units: dict[str, str], kept: Sequence[int], key: bytes
) -> Iterator[tuple[CellValue, ...]]:
    classes = {code: str(word) for code, word in Classification.choices}
    sexes = {**{code: str(word) for code, word in Person.Sex.choices if code}, ANY: ANY}
    diseases = disease_names()
    for index in kept:
        row = rows[index]
        person, disease, pack, classification = row[1], row[5], row[6], row[7]
        onset, detected, reported, isolated, treated, recovered = row[8:14]
        unit = words["unit"][index]
        yield (
            _pseudonym(key, person), words["age"][index] or None, sexes.get(words["sex"][index]),
            units.get(unit, unit), words["onset"][index] or None, diseases.get(disease, disease), pack,
            classes[classification], _days(onset, detected), _days(detected, reported), _days(reported, isolated),
            _days(isolated, treated), _days(onset, recovered),
        )  # fmt: skip


def _days(start: datetime | None, end: datetime | None) -> int | None:
    """Whole local days; None where one of the two is unknown."""
    if start is None or end is None:
        return None
    return (clock.local_day(end) - clock.local_day(start)).days


def _write(
    target: BinaryIO, lines: Iterator[tuple[CellValue, ...]], written: Written, *, form: str, purpose: str, by: Actor,
    at: datetime,
) -> None:  # fmt: skip
    if form == "csv":
        for chunk in csv_chunks(HEADER, lines):
            target.write(chunk)
        return
    about: list[tuple[CellValue, ...]] = [
        (_("Purpose"), purpose),
        (_("Cases in the file"), written.rows),
        (_("Cases left out because too few are alike"), written.cases - written.rows),
        (_("At least so many share age, sex, unit and onset"), written.smallest or None),
        *((_("Coarseness of %(column)s (0 finest)") % {"column": name}, said) for name, said in written.levels.items()),
        (_("Unknown"), _("an empty cell; * is left out for all")),
    ]
    footer = f"{by.label} · {at.astimezone(clock.zone()):%Y-%m-%d %H:%M}"
    sheets = [SheetSpec(_("Cases"), HEADER, lines), SheetSpec(_("About this file"), (_("What"), _("Value")), about)]
    write_xlsx(target, sheets, footer=footer)
