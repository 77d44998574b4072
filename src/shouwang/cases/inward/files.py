"""A case file of another system as an import run: judged by `check`, written by `commit` a few cases at a time.

Opening a case tells every room, so that a long file in one transaction would keep check-ins waiting. A killed commit
has opened some: performed again it finds these known, and opens the rest; the same file again changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shouwang.cases.actions import open_case
from shouwang.cases.inward import rules
from shouwang.cases.inward.models import OutsideCase
from shouwang.cases.inward.reading import Reading, read_cases
from shouwang.cases.inward.words import unknown_columns, words
from shouwang.cases.models import Case
from shouwang.cases.queries import active_pack
from shouwang.core import audit, clock, imports
from shouwang.core.bulk import batches
from shouwang.core.errors import Conflict, NotFound
from shouwang.core.files.problems import RowProblem
from shouwang.core.imports import Job, Outcome
from shouwang.core.models import ImportRun
from shouwang.core.packs import Pack, active_packs
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.core.tree import Range, in_ranges, overlap, subtree
from shouwang.org.models import Organisation, Person

KIND = "outside_cases"
MANAGE = "case.manage"
CHUNK = 2000  # keys in one query
AT_ONCE = 10  # cases a transaction: with all that follows about a fifth of a second, in which check-ins wait


class CaseImporter:
    """`core.imports.Importer` for case files of other systems."""

    def check(self, job: Job) -> Outcome:
        root, pack = root_of(job.run), pack_of(job)
        reading = _read(job)
        verdicts = _judge(reading, root, pack, job)
        return _outcome(reading, verdicts, job)

    def commit(self, job: Job, done: Callable[[Outcome], None]) -> None:
        root, pack = root_of(job.run), pack_of(job)
        reading = _read(job)
        verdicts = _judge(reading, root, pack, job)
        outcome = _outcome(reading, verdicts, job)
        queued = 0
        for part in batches([one for one in verdicts if one.kind in (rules.NEW, rules.REVIEW)], AT_ONCE):
            with transaction.atomic():
                # One file of an institution after the other: the second sees what the first has written.
                Organisation.objects.select_for_update().get(pk=root.pk)
                queued += _write(_unwritten(part, reading.system, root), reading.system, root, pack, job)
        with transaction.atomic():
            if queued:
                new = {"rows": queued}
                audit.record("outside_case.queued", "outside_case", job.run.pk, by=job.by, at=job.at, new=new)
            done(outcome)


def root_of(run: ImportRun) -> Organisation:
    root = Organisation.objects.filter(pk=run.options.get("root")).first()
    if root is None:
        raise NotFound
    return root


def pack_of(job: Job) -> Pack:
    """The pack that was chosen for the file; BadInput when it is no longer in force."""
    return active_pack(active_packs(clock.local_day(job.at)), job.run.options.get("pack", ""))


def _read(job: Job) -> Reading[rules.Outside]:
    job.by.require(MANAGE, root_of(job.run).path)
    order, today = job.run.options.get("order", ""), clock.local_day(job.at)
    return read_cases(job.path, name=job.run.file_name, order=order, today=today, progress=job.progress)


def _judge(reading: Reading[rules.Outside], root: Organisation, pack: Pack, job: Job) -> list[rules.Verdict]:
    known = load_known(reading.rows, reading.system, root, pack, by=job.by)
    return rules.judge(
        reading.rows, known, path=root.path, system=reading.system, past_days=words().past_days, now=job.at
    )


def _parts(values: Iterable[str]) -> Iterable[list[str]]:
    every = sorted(set(values))
    return (every[start : start + CHUNK] for start in range(0, len(every), CHUNK))


def load_known(rows: Sequence[rules.Outside], system: str, root: Organisation, pack: Pack, *, by: Actor) -> rules.Known:
    """People, cases and earlier rows that the file may mean, within reach of whoever brings it in."""
    reach = overlap(by.ranges(MANAGE), (subtree(root.path),))
    disease = pack.head.disease
    people = _people(rows, reach)
    by_name: dict[str, tuple[rules.PersonFact, ...]] = {}
    for person in people:
        key = rules.plain(person.name)
        by_name[key] = (*by_name.get(key, ()), person)
    numbers = {row.number for row in rows if row.number}
    return rules.Known(
        disease, by_name, {person.number: person for person in people if person.number in numbers},
        _cases_numbered((row.id for row in rows if row.id), reach), _open_cases(people, disease),
        _records(rules.fingerprint(root.path, system, row) for row in rows),
    )  # fmt: skip


def _people(rows: Sequence[rules.Outside], reach: Sequence[Range]) -> list[rules.PersonFact]:
    columns = ("pk", "number", "name", "sex", "born")
    within = Person.objects.filter(in_ranges("home_path", reach)).order_by()
    found: dict[int, rules.PersonFact] = {}
    for part in _parts(name for row in rows for name in row.names):
        found |= {row[0]: rules.PersonFact(*row) for row in within.filter(name__in=part).values_list(*columns)}
    for part in _parts(row.number for row in rows if row.number):
        found |= {row[0]: rules.PersonFact(*row) for row in within.filter(number__in=part).values_list(*columns)}
    return list(found.values())


CASE = ("pk", "person_id", "classification", "onset_at")


def fact_of(case: Case) -> rules.CaseFact:
    return _fact((case.pk, case.person_id, case.classification, case.onset_at))


def _fact(row: Any) -> rules.CaseFact:
    pk, person, classification, onset = row
    return rules.CaseFact(pk, person, classification, clock.local_day(onset) if onset else None)


def _cases_numbered(numbers: Iterable[str], reach: Sequence[Range]) -> dict[str, rules.CaseFact]:
    found: dict[str, rules.CaseFact] = {}
    within = Case.objects.filter(in_ranges("home_path", reach)).order_by()
    for part in _parts(numbers):
        for number, *row in within.filter(number__in=part).values_list("number", *CASE):
            found[number] = _fact(row)
    return found


def _open_cases(people: Sequence[rules.PersonFact], disease: str) -> dict[int, rules.CaseFact]:
    found: dict[int, rules.CaseFact] = {}
    ids = sorted(person.pk for person in people)
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        rows = Case.objects.filter(person__in=part, disease=disease, closed_at__isnull=True).order_by()
        found |= {row[1]: _fact(row) for row in rows.values_list(*CASE)}
    return found


def _records(keys: Iterable[str]) -> dict[str, rules.RecordFact]:
    found: dict[str, rules.RecordFact] = {}
    for part in _parts(keys):
        for row in OutsideCase.objects.filter(fingerprint__in=part).select_related("case").order_by():
            case = fact_of(row.case) if row.case is not None else None
            found[row.fingerprint] = rules.RecordFact(row.content, case, bool(row.settled))
    return found


def _outcome(reading: Reading[rules.Outside], verdicts: Sequence[rules.Verdict], job: Job) -> Outcome:
    problems, refused = list(reading.problems), Counter(reading.refused)
    for verdict in verdicts:
        if verdict.error is not None:
            refused[verdict.error.error_code] += 1
            problems.append(_problem(verdict, reading))
    kinds = Counter(verdict.kind for verdict in verdicts)
    why = Counter(verdict.code for verdict in verdicts if verdict.kind == rules.REVIEW)
    counts = {
        "read": reading.read, "new": kinds[rules.NEW], "unchanged": kinds[rules.SAME],
        "repeated": kinds[rules.REPEATED], "left": kinds[rules.LEFT], "review": kinds[rules.REVIEW],
        "refused": dict(refused), "refused_rows": sum(refused.values()),
    }  # fmt: skip
    report = {
        "system": reading.system, "remarks": _remarks(reading, job.run), "order": reading.order,
        "review": [{"code": code, "rows": number} for code, number in why.most_common()],
    }  # fmt: skip
    problems.sort(key=lambda problem: problem.row)
    return Outcome(counts=counts, report=report, problems=tuple(problems), header=reading.header)


FIELDS = {"onset_at": "onset", "detected_at": "reported", "classification": "classification", "id": "id"}


def _problem(verdict: rules.Verdict, reading: Reading[rules.Outside]) -> RowProblem:
    error = verdict.error
    assert error is not None
    key = FIELDS.get(error.field or "", "")
    value = getattr(verdict.outside, key) if key else ""
    return RowProblem.from_error(error, row=verdict.outside.row, column=reading.label(key), value=str(value or ""))


def _remarks(reading: Reading[rules.Outside], run: ImportRun) -> list[dict[str, Any]]:
    """What whoever brings the file in must know of it as a whole."""
    found: list[tuple[str, str]] = []
    if slips := unknown_columns(reading.header, reading.system):
        names = ", ".join(f"“{name}”" for name in slips[:8])
        found.append(("columns_unknown", _("SORMAS has no such column, so it is not read: %(names)s.")
                      % {"names": names}))  # fmt: skip
    if "classification" not in reading.columns:
        found.append(("classification_missing", _("No column says how the cases are classified: a person decides.")))
    if "reported" not in reading.columns:
        found.append(("reported_missing", _("No column says when the cases were reported: they count as known today.")))
    if ImportRun.objects.filter(kind=KIND, sha256=run.sha256, state=ImportRun.State.DONE).exclude(pk=run.pk).exists():
        found.append(("already_imported", _("This very file was imported before; doing it again changes nothing.")))
    return [{"code": code, "message": message, "count": 1, "rows": ()} for code, message in found]


def _unwritten(part: Sequence[rules.Verdict], system: str, root: Organisation) -> list[rules.Verdict]:
    """Those that nobody has written since the file was judged."""
    keys = {rules.fingerprint(root.path, system, verdict.outside): verdict for verdict in part}
    there = _records(keys)
    return [one for key, one in keys.items() if key not in there or there[key].content != one.outside.content()]


def _write(verdicts: Sequence[rules.Verdict], system: str, root: Organisation, pack: Pack, job: Job) -> int:
    """Open and queue; how many wait."""
    ids = {verdict.person for verdict in verdicts if verdict.kind == rules.NEW}
    people = Person.objects.select_related("home").in_bulk([pk for pk in ids if pk is not None])
    waiting = 0
    for verdict in verdicts:
        case = None
        if verdict.kind == rules.NEW and verdict.person is not None:
            try:
                case = _open(verdict.outside, people[verdict.person], pack, system, job)
            except Conflict:  # somebody has opened one since the file was judged
                verdict = replace(verdict, kind=rules.REVIEW, code=rules.OPEN)
        _keep(verdict, system, root, pack, job, case)
        waiting += case is None
    return waiting


def _open(outside: rules.Outside, person: Person, pack: Pack, system: str, job: Job) -> Case:
    reason = _("Brought in from %(system)s: %(id)s") % {"system": system, "id": outside.id or "–"}
    onset = clock.day_start(outside.onset) if outside.onset else None
    return open_case(
        person=person, pack=pack, classification=outside.classification, onset_at=onset,
        onset_day_only=onset is not None, reason=reason, detected_at=rules.detected(outside, job.at),
        by=job.by, at=job.at,
    )  # fmt: skip


def _keep(
    verdict: rules.Verdict, system: str, root: Organisation, pack: Pack, job: Job, case: Case | None
) -> OutsideCase:
    """The row, waiting or linked. One that says something new waits again, whatever had been decided."""
    outside = verdict.outside
    values: Mapping[str, Any] = {
        "system": system, "outside_id": outside.id[:80], "content": outside.content(), "why": verdict.code,
        "pack": pack.code, "run": job.run.pk, "row": outside.row, "path": root.path, "person_id": verdict.person,
        "case_id": case.pk if case else verdict.case, "made_at": job.at,
        "settled": OutsideCase.Settled.TAKEN if case else OutsideCase.Settled.WAITING,
        "settled_at": job.at if case else None, "settled_by_id": job.by.account_id if case else None,
        "settled_reason": "", "purge_on": clock.local_day(job.at) + timedelta(days=keep_days("outside")),
    }  # fmt: skip
    key = rules.fingerprint(root.path, system, outside)
    row: OutsideCase = OutsideCase.objects.update_or_create(fingerprint=key, defaults=values)[0]
    return row


def connect() -> None:
    """Called once when the program starts."""
    imports.register(KIND, CaseImporter(), piecewise=True)
