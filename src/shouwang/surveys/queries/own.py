"""What is asked of one person, what they answered, and what is known of them already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.org.models import Person, Residence
from shouwang.org.queries import current, reachable
from shouwang.surveys.models import Campaign, Submission, Target


def own_person(by: Actor) -> Person:
    """NotFound for accounts that belong to no person."""
    person = Person.objects.select_related("home").filter(pk=by.person_id or 0).first()
    if person is None:
        raise NotFound
    return person


def may_read(by: Actor, person: str = "person") -> Q:
    """Answers of people within reach of survey.view, and one's own; `person` is the way to the person of a row."""
    reach = reachable(by, "survey.view", f"{person}__")
    return reach | Q(**{person: by.person_id or 0}) if reach else reach  # an empty condition is everybody


def open_targets(person_id: int) -> QuerySet[Target]:
    """What is asked of a person now, answered or not, the nearest deadline first."""
    return (
        Target.objects.filter(person=person_id, left_at__isnull=True, campaign__state=Campaign.State.OPEN)
        .select_related("campaign", "campaign__organisation", "campaign__version__form")
        .defer("campaign__version__original", "campaign__version__xform", "campaign__version__rows")
        .order_by("campaign__deadline", "campaign_id")
    )


def own_submissions(by: Actor) -> QuerySet[Submission]:
    """Everything one sent or that was entered for one, newest first."""
    return Submission.objects.filter(person=by.person_id or 0).select_related("campaign").defer("answers")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is needed to fill in: whom, which campaign, what to begin with, what stands already."""

    campaign: Campaign
    person: Person
    target: Target
    known: Mapping[str, str]
    current: Submission | None
    previous: Mapping[str, Any]


def sheet_for(by: Actor, campaign_id: int, person_id: int, *, on: date) -> Sheet:
    """To fill in for oneself, or with survey.proxy for somebody within reach. NotFound when they are not asked.

    Earlier answers are laid in only for the person: who enters for another need not know them.
    """
    own = by.person_id == person_id
    rows = Target.objects.filter(campaign=campaign_id, person=person_id, left_at__isnull=True)
    rows = rows.exclude(campaign__state=Campaign.State.DRAFT)
    if not own:
        rows = rows.filter(reachable(by, "survey.proxy", "person__"))
    target = rows.select_related("campaign__organisation", "campaign__version__form", "person__home").defer(
        "campaign__version__original", "campaign__version__xform"
    ).first()  # fmt: skip
    if target is None:
        raise NotFound
    campaign, person = target.campaign, target.person
    now = Submission.objects.filter(campaign=campaign, person=person, current=True).first() if own else None
    before = (
        Submission.objects.filter(person=person, version__form=campaign.version.form, current=True)
        .exclude(campaign=campaign).order_by("-at").values_list("answers", flat=True).first()
        if own and now is None else None
    )  # fmt: skip
    return Sheet(campaign, person, target, known_of(person, on=on, contact=own), now, before or {})


def known_of(person: Person, *, on: date, contact: bool) -> dict[str, str]:
    """Facts of the roster under the names of `rules.prefill`. One query. Telephone and birthday only with `contact`."""
    bed = Residence.objects.filter(current(on), person=person).select_related("place").first()
    facts = {
        "number": person.number,
        "name": person.name,
        "unit": person.home.title if person.home else "",
        "room": bed.place.title if bed else "",
        "situation": person.situation,
        "kind": person.kind,
        "sex": person.sex,
    }
    if contact:
        facts |= {"phone": person.phone, "born": person.born.isoformat() if person.born else ""}
    return facts


def late(target: Target, at: datetime) -> bool:
    return target.campaign.deadline < at
