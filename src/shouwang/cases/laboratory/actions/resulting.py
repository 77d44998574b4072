"""Results: one typed in, or thousands from a file; both end in `write_results`, which is set-based."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shouwang.cases.actions.checks import aware, reason_text
from shouwang.cases.laboratory import rules
from shouwang.cases.laboratory.actions.common import (
    RESULT,
    due_of,
    lock,
    purge_on,
    require_over,
    short,
)
from shouwang.cases.laboratory.models import Purpose, Sample, SampleResult, Test
from shouwang.core import audit
from shouwang.core.bulk import insert_many, update_many
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.events import publish
from shouwang.core.scope import Actor

TUBES = 2000  # at once; ten people in each stay below the 32,766 variables of SQLite


@dataclass(frozen=True, slots=True)
class Finding:
    """One result to write: the next `version` of a sample's."""

    sample: int
    version: int
    outcome: str
    value: str = ""
    laboratory: str = ""
    resulted_at: datetime | None = None
    reason: str = ""
    row: int | None = None


@transaction.atomic
def record_result(
    sample: Sample,
    *,
    outcome: str,
    value: str = "",
    laboratory: str = "",
    resulted_at: datetime | None = None,
    reason: str = "",
    version: int | None = None,
    by: Actor,
    at: datetime,
) -> Sample:
    """What the laboratory found. Needs test.result over everybody in the tube. A second one is a correction: a new
    version, with a reason. `version` is the one that was read; Conflict when somebody entered a result meanwhile.
    Publishes test.resulted."""
    tests = lock(sample)
    require_over(by, [test.person_id for test in tests], RESULT)
    rules.check_outcome(outcome)
    if version is not None and version != sample.result_version:
        sentence = gettext_lazy("Somebody entered a result meanwhile. Look at it before you enter another.")
        raise Conflict(sentence, code="result_changed", version=sample.result_version)
    correction = sample.result_version > 0
    text = reason_text(reason, required=correction)
    found = aware(resulted_at, "resulted_at")
    if found is not None:
        moments = rules.Moments(sample.taken_at, sample.taken_at, sample.received_at, found)
        rules.check_moments(moments, now=at)
    if not tests:
        raise BadInput(gettext_lazy("Nobody's sample is in this tube."), code="tube_empty", field="barcode")
    finding = Finding(
        sample.pk, sample.result_version + 1, outcome, short(value, "value"), short(laboratory, "laboratory"), found,
        text if correction else "",
    )  # fmt: skip
    write_results([finding], by=by, at=at)
    sample.refresh_from_db()
    return sample


def write_results(findings: Sequence[Finding], *, run: int | None = None, by: Actor, at: datetime) -> int:
    """Write them for everybody in the tubes; returns how many tests have got an outcome or a re-test. Inside the
    caller's transaction, which holds the samples. Publishes test.resulted once for all."""
    columns = (
        "sample", "version", "outcome", "value", "laboratory", "resulted_at", "entered_at", "entered_by", "reason",
        "run", "row",
    )  # fmt: skip
    insert_many(
        SampleResult,
        columns,
        (
            (
                f.sample,
                f.version,
                f.outcome,
                f.value,
                f.laboratory,
                f.resulted_at,
                at,
                by.account_id,
                f.reason,
                run,
                f.row,
            )
            for f in findings
        ),
    )
    update_many(Sample, ("outcome", "result_version"), ((f.outcome, f.version, f.sample) for f in findings))
    touched: list[Test] = []
    for part in _parts(findings):
        touched += _share_out(part, by=by, at=at)
    audit.record_many("test.resulted", "test", ((t.pk, t.person_id, None) for t in touched), by=by, at=at)
    publish("test.resulted", tests=[test.pk for test in touched], by=by, at=at)
    return len(touched)


def _parts(findings: Iterable[Finding]) -> Iterable[list[Finding]]:
    iterator = iter(findings)
    while part := list(islice(iterator, TUBES)):
        yield part


def _share_out(findings: Sequence[Finding], *, by: Actor, at: datetime) -> list[Test]:
    """From tubes to people: each test's own outcome, and the single re-tests of pools that cleared nobody."""
    by_sample = {finding.sample: finding for finding in findings}
    inside: dict[int, list[Test]] = {}
    for test in Test.objects.filter(sample_id__in=list(by_sample)).order_by("pk"):
        inside.setdefault(test.sample_id or 0, []).append(test)
    touched: list[Test] = []
    again: list[Test] = []
    cleared: list[Test] = []
    for key, tests in inside.items():
        finding = by_sample[key]
        share = rules.of_member(finding.outcome, len(tests))
        for test in tests:
            test.state, test.outcome, test.pool_of = share.state, share.outcome, share.pool_of
            test.value = finding.value if not share.pool_of else ""
            test.laboratory = finding.laboratory or test.laboratory
            test.resulted_at = finding.resulted_at if share.outcome else None
            test.told_at = at if share.outcome else None
            test.due_at = None
            touched.append(test)
            (again if share.again else cleared).append(test)
    columns = ("state", "outcome", "value", "laboratory", "pool_of", "resulted_at", "told_at", "due_at")
    # A corrected result is looked at anew.
    rows = ((*(getattr(test, name) for name in columns), None, "", test.pk) for test in touched)
    update_many(Test, (*columns, "settled_at", "settled_reason"), rows)
    _order_again(again, by=by, at=at)
    _take_back([test for test in cleared if test.pool_of], at=at)
    return touched


def _order_again(tests: Sequence[Test], *, by: Actor, at: datetime) -> None:
    """Everybody of a pool that cleared nobody is tested singly. A re-test that a correction had taken back waits again;
    one that exists is left as it is."""
    there = {t.retest_of_id: t for t in Test.objects.filter(retest_of_id__in=[test.pk for test in tests])}
    new = [test for test in tests if test.pk not in there]
    columns = (
        "person", "case", "day", "retest_of", "purpose", "method", "disease", "ordered_at", "ordered_by", "due_at",
        "state", "purge_on",
    )  # fmt: skip
    insert_many(
        Test,
        columns,
        (
            (
                t.person_id, t.case_id, t.day_id, t.pk, Purpose.RETEST, t.method, t.disease, at, by.account_id,
                due_of(t.method, rules.Moments(at)), Test.State.ORDERED, purge_on(at),
            )
            for t in new
        ),
    )  # fmt: skip
    revived = [t for t in there.values() if t.state == Test.State.CANCELLED]
    for test in revived:
        test.state, test.note, test.ordered_at = Test.State.ORDERED, "", at
        test.due_at = due_of(test.method, rules.Moments(at))
    Test.objects.bulk_update(revived, ["state", "note", "ordered_at", "due_at"], batch_size=500)


def _take_back(tests: Sequence[Test], *, at: datetime) -> None:
    """A pool corrected to negative: re-tests not taken yet are not needed. One already taken keeps its own result."""
    waiting = Test.objects.filter(retest_of_id__in=[test.pk for test in tests], state=Test.State.ORDERED)
    waiting.update(state=Test.State.CANCELLED, due_at=None, note=_("The pool was corrected to negative."))
