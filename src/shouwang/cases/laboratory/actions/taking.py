"""Taking a sample, and its chain of custody until the laboratory has it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from shouwang.cases.laboratory import rules
from shouwang.cases.laboratory.actions.common import (
    ORDER,
    due_of,
    lock,
    moment,
    moments_of,
    purge_on,
    require_over,
    short,
)
from shouwang.cases.laboratory.data import laboratory, method_of
from shouwang.cases.laboratory.models import Handover, Sample, Test
from shouwang.core import audit
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.scope import Actor


@transaction.atomic
def take_sample(
    tests: Sequence[Test],
    *,
    barcode: str,
    capacity: int = 1,
    taken_at: datetime | None = None,
    where: str = "",
    by: Actor,
    at: datetime,
) -> Sample:
    """One swab of each of these tests goes into the tube `barcode`. Needs test.order over everybody.

    A tube for several (5, 10) may be filled in several goes until it is full, handed over or received. BadInput for
    what does not fit; Conflict naming what the barcode already is.
    """
    code = rules.tidy_barcode(barcode)
    taken = moment(taken_at, "taken_at", at)
    rows = _lock_tests(tests)
    _check_tests(rows, capacity, taken, at)
    require_over(by, [test.person_id for test in rows], ORDER)
    sample = _tube(code, rows, capacity, taken, short(where, "where"), by=by, at=at)
    for test in rows:
        test.sample, test.state, test.taken_at = sample, Test.State.TAKEN, taken
        test.due_at = due_of(test.method, moments_of(test))
    Test.objects.bulk_update(rows, ["sample", "state", "taken_at", "due_at"])
    audit.record_many(
        "test.taken", "test", [(test.pk, test.person_id, {"sample": sample.pk}) for test in rows], by=by, at=at
    )
    return sample


def _lock_tests(tests: Sequence[Test]) -> list[Test]:
    keys = [test.pk for test in tests]
    rows = list(Test.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk"))
    if not rows:
        raise BadInput(_("Say whose sample this is."), code="nobody_named", field="tests")
    return rows


def _check_tests(rows: Sequence[Test], capacity: int, taken: datetime, now: datetime) -> None:
    if capacity not in laboratory().pools.capacities:
        raise BadInput(_("A tube is for 1, 5 or 10 people."), code="capacity_unknown", field="capacity")
    if any(test.state != Test.State.ORDERED for test in rows):
        raise Conflict(_("One of these tests has been taken or cancelled meanwhile."), code="test_moved_on")
    if len({(test.method, test.disease) for test in rows}) > 1:
        raise BadInput(_("Only samples for the same test go into one tube."), code="tests_differ", field="tests")
    if len({test.person_id for test in rows}) < len(rows):
        raise BadInput(_("The same person stands twice in this tube."), code="person_twice", field="tests")
    if capacity > 1 and not method_of(rows[0].method).pools:
        raise BadInput(_("This test is not made from pooled samples."), code="not_pooled", field="capacity")
    if capacity > 1 and any(test.retest_of_id for test in rows):
        raise BadInput(_("A re-test is taken singly, one person a tube."), code="retest_single", field="capacity")
    for test in rows:
        rules.check_moments(rules.Moments(test.ordered_at, taken), now=now)


def _tube(
    code: str, rows: Sequence[Test], capacity: int, taken: datetime, where: str, *, by: Actor, at: datetime
) -> Sample:
    """A new tube, or the one with this barcode when it is a pool with room left."""
    sample = Sample.objects.select_for_update().filter(barcode=code).first()
    inside = set(sample.tests.values_list("person_id", flat=True)) if sample is not None else set()
    if len(rows) + len(inside) > capacity:
        sentence = _("This tube is for %(capacity)s people; %(number)s would be in it. Take another tube.")
        number = len(rows) + len(inside)
        if sample is None or sample.capacity > 1:
            raise Conflict(sentence, code="tube_full", field="barcode", capacity=capacity, number=number)
    if sample is None:
        try:
            with transaction.atomic():
                return Sample.objects.create(
                    barcode=code, capacity=capacity, method=rows[0].method, disease=rows[0].disease, taken_at=taken,
                    taken_by_id=by.account_id, taken_where=where, purge_on=purge_on(at),
                )  # fmt: skip
        except IntegrityError as error:
            raise _used(code) from error
    same = (sample.method, sample.disease, sample.capacity) == (rows[0].method, rows[0].disease, capacity)
    if not same or not sample.pooled or sample.outcome or sample.received_at or sample.handovers.exists():
        raise _used(code)
    if any(test.person_id in inside for test in rows):
        raise BadInput(_("The same person stands twice in this tube."), code="person_twice", field="tests")
    # A pool is finished with its last swab: no result can be older than that.
    sample.taken_at = max(sample.taken_at, taken)
    sample.save(update_fields=["taken_at"])
    return sample


def _used(code: str) -> Conflict:
    return Conflict(
        _("The barcode %(barcode)s is already on another sample. Scan the tube in your hand again."),
        code="barcode_used", field="barcode", barcode=code,
    )  # fmt: skip


@transaction.atomic
def hand_over(
    sample: Sample,
    *,
    giver: str,
    taker: str,
    handed_at: datetime | None = None,
    note: str = "",
    by: Actor,
    at: datetime,
) -> Handover:
    """The tube changes hands. Conflict once the laboratory has it."""
    return _link(sample, giver, taker, handed_at, note, laboratory_name="", by=by, at=at)


@transaction.atomic
def receive_sample(
    sample: Sample,
    *,
    laboratory: str,
    giver: str,
    taker: str,
    received_at: datetime | None = None,
    note: str = "",
    by: Actor,
    at: datetime,
) -> Handover:
    """The laboratory has the tube: the last link of the chain."""
    name = short(laboratory, "laboratory")
    if not name:
        raise BadInput(_("Name the laboratory."), code="laboratory_missing", field="laboratory")
    return _link(sample, giver, taker, received_at, note, laboratory_name=name, by=by, at=at)


def _link(
    sample: Sample,
    giver: str,
    taker: str,
    when: datetime | None,
    note: str,
    *,
    laboratory_name: str,
    by: Actor,
    at: datetime,
) -> Handover:
    tests = lock(sample)
    require_over(by, [test.person_id for test in tests], ORDER)
    handed, names = (
        moment(when, "handed_at", at),
        {"giver": short(giver, "giver", 80), "taker": short(taker, "taker", 80)},
    )
    for field, name in names.items():
        if not name:
            raise BadInput(_("Write who it was: the chain must not have a gap."), code="name_missing", field=field)
    if sample.received_at is not None:
        raise Conflict(_("The laboratory has this sample already."), code="sample_received")
    last = sample.handovers.order_by("-at", "-id").values_list("at", flat=True).first() or sample.taken_at
    if rules.minute(handed) < rules.minute(last):
        raise BadInput(
            _("This hand-over lies before the one before it. Correct the time."), code="out_of_order", field="handed_at"
        )
    for test in tests:
        rules.check_moments(rules.Moments(test.ordered_at, test.taken_at, handed, test.resulted_at), now=at)
    row = Handover.objects.create(
        sample=sample, at=handed, at_laboratory=bool(laboratory_name), note=short(note, "note", 200), noted_at=at,
        noted_by_id=by.account_id, **names,
    )  # fmt: skip
    if laboratory_name:
        _received(sample, tests, max(handed, sample.taken_at), laboratory_name)
    verb = "sample.received" if laboratory_name else "sample.handed_over"
    rows: list[tuple[object, int | None, dict[str, object] | None]] = [(sample.pk, t.person_id, None) for t in tests]
    audit.record_many(verb, "sample", rows, by=by, at=at)
    return row


def _received(sample: Sample, tests: list[Test], moment_: datetime, name: str) -> None:
    sample.received_at, sample.laboratory = moment_, name
    sample.save(update_fields=["received_at", "laboratory"])
    for test in tests:
        test.received_at, test.laboratory = moment_, test.laboratory or name
        if test.state == Test.State.TAKEN:
            test.state, test.due_at = Test.State.RECEIVED, due_of(test.method, moments_of(test))
    Test.objects.bulk_update(tests, ["received_at", "laboratory", "state", "due_at"])
