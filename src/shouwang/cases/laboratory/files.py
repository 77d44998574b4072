"""A laboratory's file as an import run: read and judged by `check`, written in one transaction by `commit`.

Columns are recognised by name in Chinese and English, in Excel and CSV, UTF-8 or GBK (`core.files`). A killed commit
has written nothing and is performed again; the same file again changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shouwang.cases.laboratory import rules
from shouwang.cases.laboratory.actions.common import RESULT, purge_on
from shouwang.cases.laboratory.actions.resulting import Finding, write_results
from shouwang.cases.laboratory.data import laboratory, plain
from shouwang.cases.laboratory.models import ReviewItem, Sample, Test
from shouwang.core import audit, clock, imports
from shouwang.core.bulk import insert_many
from shouwang.core.dates import DateError, parse_date, parse_datetime
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.files.columns import ColumnMap, map_columns
from shouwang.core.files.notes import Remark
from shouwang.core.files.problems import RowProblem
from shouwang.core.files.tables import Row, read_table
from shouwang.core.imports import Job, Outcome
from shouwang.core.models import ImportRun
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges, overlap, subtree
from shouwang.org.models import Organisation, Person

KIND = "laboratory"
EVERY = 1000  # rows between two reports of progress
CHUNK = 5000  # keys in one query
SHOWN = 80  # characters of a value quoted in a problem
TEXT = 120

LABELS = {
    "barcode": gettext_lazy("Barcode"),
    "number": gettext_lazy("Person number"),
    "name": gettext_lazy("Name"),
    "outcome": gettext_lazy("Result"),
    "value": gettext_lazy("Measured value"),
    "laboratory": gettext_lazy("Laboratory"),
    "resulted": gettext_lazy("Time of the result"),
}


@dataclass
class Reading:
    """What the file says: readable lines, problems of the others (one a row), remarks."""

    map: ColumnMap
    words: Mapping[str, str]
    read: int = 0
    lines: list[rules.Line] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    remarks: list[Remark] = field(default_factory=list)

    def refuse(self, row: int, code: str, value: str) -> None:
        key, message, remedy = rules.BAD_ROWS[code]
        self._note(RowProblem(row, self._label(key), code, str(message), value[:SHOWN], str(remedy)))

    def refuse_date(self, row: int, error: DateError, value: str) -> None:
        self._note(RowProblem.from_error(error, row=row, column=self._label("resulted"), value=value[:SHOWN]))

    def damaged(self, problems: Sequence[RowProblem]) -> None:
        self.refused[problems[0].code] += 1
        self.problems.extend(problems)

    def _note(self, problem: RowProblem) -> None:
        self.refused[problem.code] += 1
        self.problems.append(problem)

    def _label(self, key: str) -> str:
        return self.map.label(key) if key in self.map else str(LABELS[key])


class LaboratoryImporter:
    """`core.imports.Importer` for files of kind "laboratory"."""

    def check(self, job: Job) -> Outcome:
        root = root_of(job.run)
        reading = read_file(job)
        verdicts = rules.judge(reading.lines, load_known(reading.lines, root, by=job.by), now=job.at)
        return _outcome(reading, verdicts, _standing(root.path), job.run)

    def commit(self, job: Job, done: Callable[[Outcome], None]) -> None:
        root = root_of(job.run)
        reading = read_file(job)
        with transaction.atomic():
            # One file of an institution after the other: the second sees what the first has written.
            Organisation.objects.select_for_update().get(pk=root.pk)
            known = load_known(reading.lines, root, by=job.by, lock=True)
            verdicts = rules.judge(reading.lines, known, now=job.at)
            standing = _standing(root.path)
            outcome = _outcome(reading, verdicts, standing, job.run)
            _write(verdicts, standing, root, job)
            done(outcome)


def root_of(run: ImportRun) -> Organisation:
    root = Organisation.objects.filter(pk=run.options.get("root")).first()
    if root is None:
        raise NotFound
    return root


def read_file(job: Job) -> Reading:
    """Every row read. FileError or ColumnError when the file as a whole cannot hold results."""
    job.by.require(RESULT, root_of(job.run).path)
    mapping: Mapping[str, str] = job.run.options.get("mapping", {})
    with read_table(job.path, name=job.run.file_name) as table:
        reading = Reading(map_columns(table.header, laboratory().spec, mapping), laboratory().words)
        if "barcode" not in reading.map and "number" not in reading.map:
            raise BadInput(
                gettext_lazy("No column holds the barcode or the person's number. The file has: %(header)s."),
                code="column_missing", field="barcode", header=", ".join(filter(None, table.header)),
            )  # fmt: skip
        wanted = {reading.map.header[index] for index in reading.map.indices.values()}
        for row in table.rows:
            reading.read += 1
            if reading.read % EVERY == 0:
                fraction = table.fraction(row.number)
                job.progress(reading.read, int(reading.read / fraction) if fraction else None)
            _read_row(row, reading, wanted, job.at)
        reading.remarks.extend(table.remarks)
    return reading


def _read_row(row: Row, reading: Reading, wanted: set[str], now: datetime) -> None:
    if spoilt := [problem for problem in row.problems if not problem.column or problem.column in wanted]:
        reading.damaged(spoilt)
        return
    said = reading.map.values(row)
    code, value = _flaw(said, reading.words)
    if code:
        reading.refuse(row.number, code, value)
        return
    try:
        moment, day = _when(said.get("resulted", ""), now)
    except DateError as error:
        reading.refuse_date(row.number, error, said.get("resulted", ""))
        return
    reading.lines.append(
        rules.Line(
            row=row.number,
            outcome=reading.words[plain(said["outcome"])],
            barcode=rules.tidy_barcode(said["barcode"]) if said.get("barcode") else "",
            number=said.get("number", ""),
            name=said.get("name", ""),
            value=said.get("value", ""),
            laboratory=said.get("laboratory", ""),
            resulted_at=moment,
            day=day,
        )
    )


def _flaw(said: Mapping[str, str], words: Mapping[str, str]) -> tuple[str, str]:
    """(code, value) of the first thing wrong with a row; ("", "") for a sound one."""
    outcome, barcode = said.get("outcome", ""), said.get("barcode", "")
    if not outcome:
        return "outcome_missing", ""
    if plain(outcome) not in words:
        return "outcome_unknown", outcome
    if not barcode and not said.get("number"):
        return "nobody_named", ""
    if barcode:
        try:
            rules.tidy_barcode(barcode)
        except BadInput:
            return "barcode_malformed", barcode
    for key, limit in (("value", TEXT), ("laboratory", TEXT), ("name", TEXT), ("number", 40)):
        if len(said.get(key, "")) > limit:
            return "text_too_long", said[key]
    return "", ""


def _when(text: str, now: datetime) -> tuple[datetime | None, Any]:
    """(moment, day): the moment is None where the file names a day alone, or nothing."""
    if not text:
        return None, None
    try:
        return parse_datetime(text, clock.zone()), None
    except DateError as error:
        if error.error_code != "time_missing":
            raise
        today = clock.local_day(now)
        return None, parse_date(text, today=today, not_after=today)


def _parts(items: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(items)
    while part := list(islice(iterator, CHUNK)):
        yield part


def load_known(lines: Sequence[rules.Line], root: Organisation, *, by: Actor, lock: bool = False) -> rules.Known:
    """What is known of the tubes and people a file names, within reach of whoever brings it in: of others nothing is
    known, and their rows wait for somebody who may look."""
    reach = in_ranges("person__home_path", overlap(by.ranges(RESULT), (subtree(root.path),)))
    numbers = {line.number for line in lines if line.number}
    waiting: dict[str, list[str]] = {}
    for part in _parts(sorted(numbers)):
        people = Person.objects.filter(in_ranges("home_path", overlap(by.ranges(RESULT), (subtree(root.path),))))
        waiting |= {number: [] for number in people.filter(number__in=part).values_list("number", flat=True)}
    nameless = {line.number for line in lines if not line.barcode and line.number in waiting}
    for part in _parts(sorted(nameless)):
        rows = Test.objects.filter(reach, person__number__in=part, state__in=("taken", "received"), sample__capacity=1)
        for number, barcode in rows.values_list("person__number", "sample__barcode"):
            waiting[number].append(barcode)
    barcodes = {line.barcode for line in lines if line.barcode} | {b for found in waiting.values() for b in found}
    return rules.Known(
        _samples(sorted(barcodes), reach, lock), {number: tuple(found) for number, found in waiting.items()}
    )


def _samples(barcodes: Sequence[str], reach: Any, lock: bool) -> dict[str, rules.SampleFact]:
    facts: dict[str, rules.SampleFact] = {}
    for part in _parts(barcodes):
        tubes = Sample.objects.select_for_update() if lock else Sample.objects.all()
        columns = ("pk", "barcode", "taken_at", "outcome", "result_version")
        rows = {row[0]: row for row in tubes.filter(barcode__in=part).order_by("pk").values_list(*columns)}
        inside: dict[int, set[str]] = {}
        for sample, number in Test.objects.filter(reach, sample_id__in=list(rows)).values_list(
            "sample_id", "person__number"
        ):
            inside.setdefault(sample or 0, set()).add(number)
        for pk, people in inside.items():
            _pk, barcode, taken, outcome, version = rows[pk]
            facts[barcode] = rules.SampleFact(pk, taken, clock.local_day(taken), outcome, version, frozenset(people))
    return facts


@dataclass(frozen=True, slots=True)
class _Standing:
    """Fingerprints of rows that wait or were decided on already; `waiting` are those still open."""

    known: frozenset[str]
    waiting: frozenset[str]


def _standing(path: str) -> _Standing:
    rows = dict(ReviewItem.objects.filter(path=path).values_list("fingerprint", "settled"))
    return _Standing(frozenset(rows), frozenset(key for key, settled in rows.items() if not settled))


def _outcome(reading: Reading, verdicts: Sequence[rules.Verdict], standing: _Standing, run: ImportRun) -> Outcome:
    for verdict in verdicts:
        if verdict.kind == rules.REFUSED:
            reading.refuse(verdict.line.row, verdict.code, _shown(verdict.line))
    kinds = Counter(verdict.kind for verdict in verdicts)
    codes = Counter(verdict.code for verdict in verdicts if verdict.kind == rules.REVIEW)
    counts = {
        "read": reading.read,
        "new": kinds[rules.NEW],
        "unchanged": kinds[rules.SAME],
        "repeated": kinds[rules.REPEATED],
        "review": kinds[rules.REVIEW],
        "refused": dict(reading.refused),
        "refused_rows": sum(reading.refused.values()),
        "positive": sum(v.kind == rules.NEW and v.line.outcome == "positive" for v in verdicts),
    }
    remarks = [{"code": r.code, "message": r.message, "count": r.count, "rows": r.rows} for r in reading.remarks]
    if ImportRun.objects.filter(kind=KIND, sha256=run.sha256, state=ImportRun.State.DONE).exclude(pk=run.pk).exists():
        message = _("This very file was imported before; doing it again changes nothing.")
        remarks.append({"code": "already_imported", "message": message, "count": 1, "rows": ()})
    report = {
        "remarks": remarks,
        "review": [{"code": code, "rows": n} for code, n in codes.most_common()],
        "columns": reading.map.as_dict(),
        "ignored": reading.map.ignored,
    }
    problems = tuple(sorted(reading.problems, key=lambda problem: problem.row))
    return Outcome(counts=counts, report=report, problems=problems, header=reading.map.header)


def _shown(line: rules.Line) -> str:
    return f"{line.resulted_at.astimezone(clock.zone()):%Y-%m-%d %H:%M}" if line.resulted_at else str(line.day)


def _write(verdicts: Sequence[rules.Verdict], standing: _Standing, root: Organisation, job: Job) -> None:
    findings = [
        Finding(
            v.sample.pk, v.sample.version + 1, v.line.outcome, v.line.value, v.line.laboratory, v.line.resulted_at,
            row=v.line.row,
        )
        for v in verdicts
        if v.kind == rules.NEW and v.sample is not None
    ]  # fmt: skip
    if findings:
        write_results(findings, run=job.run.pk, by=job.by, at=job.at)
    _queue(verdicts, standing, root, job)
    if standing.waiting:
        # A row that waited for its sample has now been taken over by itself.
        settled = {rules.fingerprint(v.line, root.path) for v in verdicts if v.kind in (rules.NEW, rules.SAME)}
        for part in _parts(sorted(settled & standing.waiting)):
            ReviewItem.objects.filter(fingerprint__in=part).update(
                settled=ReviewItem.Settled.TAKEN, settled_at=job.at, settled_by=job.by.account_id,
                settled_reason=_("The same row was imported again and fitted."),
            )  # fmt: skip


def _queue(verdicts: Sequence[rules.Verdict], standing: _Standing, root: Organisation, job: Job) -> None:
    """What names nobody for certain waits; the same row is queued once."""
    rows: dict[str, rules.Verdict] = {}
    for verdict in verdicts:
        if verdict.kind == rules.REVIEW:
            rows.setdefault(rules.fingerprint(verdict.line, root.path), verdict)
    columns = (
        "fingerprint", "why", "run", "row", "path", "barcode", "number", "name", "outcome", "value", "laboratory",
        "resulted_at", "made_at", "purge_on",
    )  # fmt: skip
    insert_many(
        ReviewItem,
        columns,
        (
            (
                key, v.code, job.run.pk, v.line.row, root.path, v.line.barcode, v.line.number, v.line.name,
                v.line.outcome, v.line.value, v.line.laboratory, v.line.resulted_at, job.at, purge_on(job.at),
            )
            for key, v in rows.items()
            if key not in standing.known
        ),
    )  # fmt: skip
    new = len(rows.keys() - standing.known)
    if new:
        audit.record("test_review.queued", "test_review", job.run.pk, by=job.by, at=job.at, new={"rows": new})


def connect() -> None:
    """Called once when the program starts."""
    imports.register(KIND, LaboratoryImporter())
