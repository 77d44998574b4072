"""Everything with a purge date is deleted on it: rows, what hangs on them, and their files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.apps import apps
from django.db.models import Model

from shouwang.cases import actions as cases
from shouwang.cases.models import Case
from shouwang.checkins.models import CheckIn, LatestCheckIn, Monitoring, SymptomAlert
from shouwang.checkins.rules import NEVER
from shouwang.command.models import SituationReport
from shouwang.core import imports, purging
from shouwang.core.models import AuditEntry, ImportRun
from shouwang.core.retention import DEFAULT_KEEP_DAYS, keep_days
from shouwang.isolation import actions as isolation
from shouwang.isolation.models import Ground, Objection, Order
from shouwang.org.models import Account, ApiToken, Person
from shouwang.org.tests.cast import NOON
from shouwang.tracing.models import Contact, PresenceBatch, PresenceDay
from shouwang.tracing.presence.files import batches_root, days_root
from tests.story import TODAY, Story
from tests.walk import undone

if TYPE_CHECKING:
    from datetime import datetime

    from pytest_django import Settings

pytestmark = pytest.mark.django_db
FAR = timedelta(days=365 * 11)


@pytest.fixture
def told(story: Story, home: Path, tmp_path: Path, settings: Settings) -> Iterator[Story]:
    """The story with files of its own, which a test may delete."""
    copy = Path(shutil.copytree(home, tmp_path / "home"))
    settings.HOME, settings.FILES_ROOT, settings.SEGMENTS_ROOT = copy, copy / "files", copy / "segments"
    with undone():
        yield story


def dated() -> set[type[Model]]:
    """Every model of the house with a column `purge_on`."""
    found = [model for model in apps.get_models() if model.__module__.startswith("shouwang.")]
    return {model for model in found if any(field.name == "purge_on" for field in model._meta.get_fields())}


def test_every_model_with_a_purge_date_is_purged() -> None:
    covered = {dataset.due(date.max).model for dataset in purging.datasets()}
    missing = {model._meta.label for model in dated() - covered}
    assert dated(), "the walk over the apps found nothing"
    assert not missing, f"register a core.purging.Dataset for {missing}"


def test_every_retention_rule_has_its_dataset() -> None:
    names = {dataset.name for dataset in purging.datasets()}
    assert {key for key in DEFAULT_KEEP_DAYS if not any(name.split("_")[0] == key for name in names)} == set()


def test_what_stands_on_something_goes_before_it() -> None:
    order = [dataset.name for dataset in purging.datasets()]
    assert order.index("order") < order.index("contact") < order.index("case") < order.index("alert")
    assert order.index("alert") < order.index("checkin")
    assert order[-1] == "audit"


def test_nothing_is_due_on_the_day_it_was_made(told: Story) -> None:
    assert {name: count for name, count in purging.purge(on=TODAY, at=NOON).items() if count} == {}


def test_each_dataset_goes_on_its_own_day(told: Story) -> None:
    last = TODAY + timedelta(days=keep_days("checkin"))
    made = CheckIn.objects.count()
    assert made == 5
    counts = purging.purge(on=last - timedelta(days=1), at=NOON)
    assert counts["checkin"] == 0
    counts = purging.purge(on=last, at=NOON)
    assert counts["checkin"] == made
    assert not CheckIn.objects.exists()
    assert not LatestCheckIn.objects.exclude(day=NEVER, checkin=None, at=None, severity="none", words=0).exists()
    # Alerts and cases are kept longer and have only lost the answers they stem from.
    assert set(SymptomAlert.objects.values_list("checkin", flat=True)) == {None}
    assert Case.objects.count() == 4
    entries = AuditEntry.objects.filter(verb="dataset.purged", object="checkin")
    assert [entry.new for entry in entries] == [{"rows": made}]


def test_work_nobody_has_finished_is_never_purged(told: Story) -> None:
    purging.purge(on=TODAY + timedelta(days=365 * 2), at=NOON)
    assert SymptomAlert.objects.get().state == "open"
    assert set(Order.objects.values_list("state", flat=True)) <= {"served", "acknowledged"}
    assert Order.objects.count() == 2
    assert not Contact.objects.exists()
    purging.purge(on=TODAY + FAR, at=NOON)
    assert Case.objects.count() == 2, "the two that are open"
    assert not AuditEntry.objects.filter(at__lte=NOON - timedelta(minutes=1)).exists()


def finish(told: Story) -> None:
    """Everybody is released and both cases closed, as the office does at the end."""
    for order in Order.objects.all():
        isolation.end_order(order, reason="解除", by=told.cast.by("he"), at=NOON)
    for case in Case.objects.filter(closed_at__isnull=True):
        if case.classification == "suspected":
            cases.classify(case, new="discarded", reason="检测阴性", by=told.cast.by("he"), at=NOON)
            continue  # which closes it
        cases.close_case(case, reason="治愈", by=told.cast.by("he"), at=NOON)
    SymptomAlert.objects.filter(state="open").update(state="closed", close_reason="无异常", handled_at=NOON)


def test_in_the_end_nothing_of_the_outbreak_is_left(told: Story) -> None:
    finish(told)
    # Older versions of a day go when its transaction ends, which this one never does.
    segments = [days_root() / day.stored_as for day in PresenceDay.objects.all()]
    batches = list(batches_root().iterdir())
    sheets = [imports.error_sheet(run) for run in ImportRun.objects.all()]
    uploads = [imports.stored(run) for run in ImportRun.objects.all()]
    assert segments and batches and any(sheet.exists() for sheet in sheets) and all(file.exists() for file in uploads)

    only_counted = purging.purge(on=TODAY + FAR, at=NOON, dry_run=True)
    done = purging.purge(on=TODAY + FAR, at=NOON)
    # Counted beforehand, the case still has its orders to wait for, and the visitor the visit; these go first.
    assert done == {**only_counted, "case": 4, "visitor": 1, "audit": done["audit"]}

    gone: tuple[type[Model], ...] = (
        *(CheckIn, SymptomAlert, Monitoring, Case, Contact, Order, Ground, Objection),
        *(PresenceDay, PresenceBatch, ImportRun, SituationReport, ApiToken),
    )
    assert [model.__name__ for model in gone if model._default_manager.exists()] == []
    assert [path.name for path in [*segments, *batches, *sheets, *uploads] if path.exists()] == []
    assert Person.objects.exists() and Account.objects.exists()
    # What remains of the audit log says that it was purged, and by whom.
    assert set(AuditEntry.objects.values_list("verb", "label")) == {("dataset.purged", "purge")}


def test_a_crash_between_files_and_rows_is_mended_by_the_next_purge(
    told: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = TODAY + timedelta(days=keep_days("presence"))

    def dies(dataset: purging.Dataset, *, on: date, at: datetime) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(purging, "_remove_slice", dies)
        with pytest.raises(KeyboardInterrupt):
            purging.purge(on=due, at=NOON)
    assert purging.purge(on=due, at=NOON)["presence_batch"] == 1
    assert not PresenceDay.objects.exists()
    assert not list(batches_root().iterdir())


def test_large_datasets_go_in_slices(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "ROWS_AT_ONCE", 2)
    assert purging.purge(on=TODAY + timedelta(days=30), at=NOON)["checkin"] == 5
    slices = AuditEntry.objects.filter(verb="dataset.purged", object="checkin").order_by("pk")
    assert [entry.new for entry in slices] == [{"rows": 2}, {"rows": 2}, {"rows": 1}]
