"""A campaign's life: made, opened, its list of people kept true, extended, closed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit, clock, events
from shouwang.core.bulk import insert_many
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation, Person
from shouwang.surveys.models import Campaign, FormVersion, Target
from shouwang.surveys.queries.aiming import Aim, aimed_people, check_aim

LONGEST = timedelta(days=180)  # assumption: a survey that asks for longer is a register, not a campaign
State = Campaign.State


@dataclass(frozen=True, slots=True)
class Synced:
    """What bringing the list up to date did, in people."""

    joined: int
    left: int
    asked: int


def new_campaign(
    *,
    version: FormVersion,
    organisation: Organisation,
    aim: Aim,
    title: str,
    deadline: datetime,
    why: str = "",
    remind_hours: int = 24,
    by: Actor,
    at: datetime,
) -> Campaign:
    """A draft: it asks nobody yet. Needs survey.manage over `organisation`; BadInput names the field."""
    by.require("survey.manage", organisation.path)
    check_aim(aim, organisation)
    title = title.strip() or version.title
    if len(title) > 200 or len(why) > 500:
        raise BadInput(_("This text is too long."), field="title" if len(title) > 200 else "why")
    _check_deadline(deadline, at)
    if not 0 <= remind_hours <= 24 * 14:
        raise BadInput(_("Between 0 and %(most)s hours."), field="remind_hours", most=24 * 14)
    with transaction.atomic():
        row = Campaign.objects.create(
            version=version,
            organisation=organisation,
            title=title,
            why=why.strip(),
            aim=asdict(aim),
            deadline=deadline,
            remind_hours=remind_hours,
            account_id=by.account_id,
            created_at=at,
            purge_on=clock.local_day(deadline) + timedelta(days=keep_days("survey")),
        )
        new = {"form": version.form.code, "version": version.number, "unit": organisation.code}
        audit.record("survey.made", "survey", row.pk, by=by, at=at, new=new)
    return row


def _check_deadline(deadline: datetime, at: datetime) -> None:
    if deadline <= at:
        raise BadInput(_("The deadline is over already."), code="deadline_past", field="deadline")
    if deadline > at + LONGEST:
        raise BadInput(
            _("At most %(days)s days ahead."), code="deadline_far", field="deadline", days=LONGEST.days
        )  # fmt: skip


@transaction.atomic
def open_campaign(campaign: Campaign, *, by: Actor, at: datetime) -> Synced:
    """From now on everybody it aims at is asked. BadInput when that is nobody, Conflict when it is no draft."""
    row = _locked(campaign, by)
    if row.state != State.DRAFT:
        raise Conflict(_("This survey has been opened already."), code="campaign_not_draft")
    _check_deadline(row.deadline, at)
    row.state, row.opened_at = State.OPEN, at
    row.save(update_fields=["state", "opened_at"])
    synced = _sync(row, at=at)
    if not synced.asked:
        raise BadInput(_("This survey is aimed at nobody. Widen its aim."), code="aim_empty", field="aim")
    audit.record("survey.opened", "survey", row.pk, by=by, at=at, new={"people": synced.asked})
    events.publish("survey.opened", campaign=row, by=by, at=at)
    campaign.state, campaign.opened_at = row.state, row.opened_at
    return synced


@transaction.atomic
def close_campaign(campaign: Campaign, *, by: Actor, at: datetime) -> Campaign:
    """No further answers. Closing a closed one changes nothing."""
    row = _locked(campaign, by)
    if row.state == State.CLOSED:
        return row
    row.state, row.closed_at = State.CLOSED, at
    row.save(update_fields=["state", "closed_at"])
    audit.record("survey.closed", "survey", row.pk, by=by, at=at)
    events.publish("survey.closed", campaign=row, by=by, at=at)
    return row


@transaction.atomic
def extend_campaign(campaign: Campaign, *, deadline: datetime, by: Actor, at: datetime) -> Campaign:
    """Another deadline. The purge date stays: what was promised to those who answered holds."""
    row = _locked(campaign, by)
    if row.state == State.CLOSED:
        raise Conflict(_("This survey is closed."), code="campaign_closed")
    _check_deadline(deadline, at)
    if clock.local_day(deadline) >= row.purge_on:
        raise BadInput(
            _("Its answers are deleted on %(day)s. Make a new survey instead."),
            code="deadline_after_purge", field="deadline", day=row.purge_on.isoformat(),
        )  # fmt: skip
    old = {"deadline": row.deadline.isoformat()}
    row.deadline = deadline
    row.save(update_fields=["deadline"])
    audit.record(
        "survey.extended", "survey", row.pk, by=by, at=at, old=old, new={"deadline": deadline.isoformat()}
    )  # fmt: skip
    return row


@transaction.atomic
def sync_targets(campaign: Campaign, *, by: Actor, at: datetime) -> Synced:
    """Bring the list of an open campaign up to date with the roster: who came is asked, who left is not."""
    row = _locked(campaign, by)
    if row.state != State.OPEN:
        raise Conflict(_("Only an open survey has a list to keep."), code="campaign_not_open")
    synced = _sync(row, at=at)
    if synced.joined or synced.left:
        new = {"joined": synced.joined, "left": synced.left}
        audit.record("survey.synced", "survey", row.pk, by=by, at=at, new=new)
    return synced


def sync_open(*, by: Actor, at: datetime) -> int:
    """For the sweeper: every open campaign not brought up to date for an hour. Returns how many were."""
    stale = Campaign.objects.filter(state=State.OPEN).exclude(synced_at__gt=at - timedelta(hours=1))
    rows = list(stale)
    for row in rows:
        sync_targets(row, by=by, at=at)
    return len(rows)


def _locked(campaign: Campaign, by: Actor) -> Campaign:
    row = (
        Campaign.objects.select_for_update(of=("self",))
        .select_related("organisation", "version__form").filter(pk=campaign.pk).first()
    )  # fmt: skip
    if row is None:
        raise NotFound
    by.require("survey.manage", row.organisation.path)
    return row


COLUMNS = ("campaign", "person", "home_path", "joined_at", "source")


def _sync(campaign: Campaign, *, at: datetime) -> Synced:
    """Four statements and one insert of many rows, whatever the size."""
    people = aimed_people(campaign)
    targets = Target.objects.filter(campaign=campaign)
    left = targets.filter(left_at__isnull=True).exclude(person__in=people.values("pk")).update(left_at=at)
    back = targets.filter(left_at__isnull=False, person__in=people.values("pk")).update(left_at=None)
    fresh = (
        people.exclude(pk__in=targets.values("person")).order_by("home_path", "number").values_list("pk", "home_path")
    )
    rows = [(campaign.pk, pk, path, at, "") for pk, path in fresh]
    insert_many(Target, COLUMNS, rows)
    moved = targets.exclude(home_path=F("person__home_path"))
    paths = Person.objects.filter(pk__in=moved.values("person")).values_list("pk", "home_path")
    for person, path in list(paths):
        targets.filter(person=person).update(home_path=path)
    campaign.synced_at = at
    campaign.save(update_fields=["synced_at"])
    return Synced(len(rows) + back, left, targets.filter(left_at__isnull=True).count())
