"""What tracing deletes on its purge date: whereabouts first, files before rows."""

from __future__ import annotations

from datetime import date

from django.db.models import PROTECT, Exists, OuterRef, QuerySet

from shouwang.core.purging import Dataset, register
from shouwang.org.models import Person
from shouwang.tracing.actions.days import remove_segments
from shouwang.tracing.actions.visitors import PREFIX as VISITOR_PREFIX
from shouwang.tracing.models import Contact, FollowUp, PresenceBatch, PresenceDay
from shouwang.tracing.models_gatherings import Gathering
from shouwang.tracing.models_readers import DayProfile
from shouwang.tracing.models_scans import PlaceScan
from shouwang.tracing.models_seats import SeatPlan
from shouwang.tracing.models_told import InterviewNote, Statement, UnknownContact
from shouwang.tracing.models_visitors import Visit
from shouwang.tracing.presence.files import batches_root


def due_days(on: date) -> QuerySet[PresenceDay]:
    return PresenceDay.objects.filter(purge_on__lte=on)


def due_batches(on: date) -> QuerySet[PresenceBatch]:
    return PresenceBatch.objects.filter(purge_on__lte=on)


def due_contacts(on: date) -> QuerySet[Contact]:
    return Contact.objects.filter(purge_on__lte=on)


def due_follow_ups(on: date) -> QuerySet[FollowUp]:
    return FollowUp.objects.filter(purge_on__lte=on).exclude(state=FollowUp.State.RUNNING)


def _remove_days(on: date) -> None:
    remove_segments(due_days(on).values_list("stored_as", flat=True))


def _remove_batches(on: date) -> None:
    for name in due_batches(on).values_list("stored_as", flat=True):
        (batches_root() / name).unlink(missing_ok=True)


def due_statements(on: date) -> QuerySet[Statement]:
    return Statement.objects.filter(purge_on__lte=on)


def due_unknowns(on: date) -> QuerySet[UnknownContact]:
    return UnknownContact.objects.filter(purge_on__lte=on)


def due_notes(on: date) -> QuerySet[InterviewNote]:
    return InterviewNote.objects.filter(purge_on__lte=on)


def due_gatherings(on: date) -> QuerySet[Gathering]:
    return Gathering.objects.filter(purge_on__lte=on)


def due_scans(on: date) -> QuerySet[PlaceScan]:
    return PlaceScan.objects.filter(purge_on__lte=on)


def due_profiles(on: date) -> QuerySet[DayProfile]:
    return DayProfile.objects.filter(purge_on__lte=on)


def due_visits(on: date) -> QuerySet[Visit]:
    return Visit.objects.filter(purge_on__lte=on)


def due_visitors(on: date) -> QuerySet[Person]:
    """Visitors of the gate whose visits are all gone, and of whom nothing else is on record that holds them."""
    people = Person.objects.filter(kind=Person.Kind.VISITOR, number__startswith=VISITOR_PREFIX, visits=None)
    for relation in Person._meta.related_objects:
        if getattr(relation, "on_delete", None) is PROTECT:
            held = relation.related_model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
            people = people.filter(~Exists(held))
    return people.filter(left_on__lt=on)


def due_seat_plans(on: date) -> QuerySet[SeatPlan]:
    return SeatPlan.objects.filter(purge_on__lte=on)


def connect() -> None:
    """Called once when the program starts."""
    register(Dataset("presence_day", due_days, _remove_days))
    register(Dataset("presence_batch", due_batches, _remove_batches))
    register(Dataset("visitor", due_visitors))  # after their visits: the purge goes from the last to the first
    register(Dataset("visit", due_visits))
    register(Dataset("day_profile", due_profiles))
    register(Dataset("gathering", due_gatherings))
    register(Dataset("place_scan", due_scans))
    register(Dataset("seat_plan", due_seat_plans))
    register(Dataset("interview_note", due_notes))
    register(Dataset("unknown_contact", due_unknowns))
    register(Dataset("statement", due_statements))
    register(Dataset("followup", due_follow_ups))
    register(Dataset("contact", due_contacts))
