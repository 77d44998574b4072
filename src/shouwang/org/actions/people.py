"""People: adding them, and every dated change of where they belong and live."""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit, events
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.scope import Actor
from shouwang.org import rules
from shouwang.org.merging.keys import refresh
from shouwang.org.models import Membership, Organisation, Person, Place, Residence, SituationSpell


@transaction.atomic
def add_person(
    *,
    number: str,
    name: str,
    kind: str,
    home: Organisation,
    since: date,
    sex: str = "",
    born: date | None = None,
    phone: str = "",
    card: str = "",
    situation: str = Person.Situation.ON_CAMPUS,
    by: Actor,
    at: datetime,
) -> Person:
    """A new person with a primary membership and a situation from `since`. Needs people.manage over `home`."""
    by.require("people.manage", home.path)
    person = Person(
        number=number.strip(),
        name=name.strip(),
        kind=kind,
        sex=sex,
        born=born,
        phone=phone,
        card=card,
        situation=situation,
        home=home,
        home_path=home.path,
    )
    if not person.number or not person.name:
        raise BadInput(_("A person needs a number and a name."), field="number" if not person.number else "name")
    try:
        with transaction.atomic():
            person.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(_("The number %(value)s is already used."), field="number", value=number) from error
    Membership.objects.create(person=person, organisation=home, primary=True, starts=since)
    SituationSpell.objects.create(person=person, situation=situation, starts=since)
    audit.record("person.added", "person", person.pk, by=by, at=at, subject=person.pk, new={"number": person.number})
    refresh([person.pk])
    events.publish("people.changed", people=[person.pk], by=by, at=at)
    return person


@transaction.atomic
def move_home(person: Person, *, to: Organisation, on: date, by: Actor, at: datetime) -> Person:
    """From `on` the person belongs primarily to `to`; the old membership ends the day before and stays in history."""
    by.require("people.manage", person.home_path)
    by.require("people.manage", to.path)
    open_row = person.memberships.filter(primary=True, ends__isnull=True).first()
    _change(Membership, open_row, person, field="organisation", value=to, on=on, extra={"primary": True})
    old = person.home.code if person.home else None
    person.home, person.home_path = to, to.path
    person.save(update_fields=["home", "home_path"])
    audit.record(
        "person.moved",
        "person",
        person.pk,
        by=by,
        at=at,
        subject=person.pk,
        old={"home": old},
        new={"home": to.code, "on": str(on)},
    )
    events.publish("people.changed", people=[person.pk], by=by, at=at)
    return person


CORRECTABLE = {"name": 120, "phone": 40, "card": 40}  # column -> longest text


@transaction.atomic
def correct_person(person: Person, *, by: Actor, at: datetime, **facts: str) -> Person:
    """Correct a name, telephone or access card. Needs people.manage over the person; BadInput for an empty name."""
    by.require("people.manage", person.home_path)
    if unknown := facts.keys() - CORRECTABLE.keys():
        raise TypeError(f"correct_person: {', '.join(sorted(unknown))}")
    changed = {key: value.strip() for key, value in facts.items() if value.strip() != getattr(person, key)}
    if changed.get("name") == "":
        raise BadInput(_("A person needs a name."), field="name")
    for key, value in changed.items():
        if len(value) > CORRECTABLE[key]:
            raise BadInput(_("The text is longer than %(limit)s characters."), field=key, limit=CORRECTABLE[key])
        setattr(person, key, value)
    if changed:
        person.save(update_fields=list(changed))
        refresh([person.pk])
        new = {"fields": sorted(changed)}
        audit.record("person.corrected", "person", person.pk, by=by, at=at, subject=person.pk, new=new)
    return person


@transaction.atomic
def join(person: Person, *, organisation: Organisation, since: date, by: Actor, at: datetime) -> Membership:
    """A further membership (party branch, team …) beside the primary one. Doing it twice changes nothing."""
    by.require("people.manage", organisation.path)
    row, made = Membership.objects.get_or_create(
        person=person, organisation=organisation, primary=False, ends=None, defaults={"starts": since}
    )
    if made:
        audit.record(
            "person.joined", "person", person.pk, by=by, at=at, subject=person.pk, new={"joined": organisation.code}
        )
    return row


@transaction.atomic
def set_situation(person: Person, *, situation: str, on: date, by: Actor, at: datetime) -> Person:
    """Where the person lives their days from `on`. The person themselves may say so, or people.manage."""
    if by.person_id != person.pk:
        by.require("people.manage", person.home_path)
    if situation not in Person.Situation.values:
        raise BadInput(_("Unknown situation %(value)s."), field="situation", value=situation)
    open_row = person.situations.filter(ends__isnull=True).first()
    _change(SituationSpell, open_row, person, field="situation", value=situation, on=on)
    old, person.situation = person.situation, situation
    person.save(update_fields=["situation"])
    audit.record(
        "person.situation_changed",
        "person",
        person.pk,
        by=by,
        at=at,
        subject=person.pk,
        old={"situation": old},
        new={"situation": situation, "on": str(on)},
    )
    return person


@transaction.atomic
def set_residence(person: Person, *, place: Place, on: date, by: Actor, at: datetime) -> Residence:
    """The person sleeps in `place` from `on`."""
    by.require("people.manage", person.home_path)
    open_row = person.residences.filter(ends__isnull=True).first()
    _change(Residence, open_row, person, field="place", value=place, on=on)
    audit.record(
        "person.residence_changed", "person", person.pk, by=by, at=at, subject=person.pk, new={"place": place.code}
    )
    return person.residences.get(ends__isnull=True)


@transaction.atomic
def leave_institution(person: Person, *, on: date, by: Actor, at: datetime) -> Person:
    """The person leaves: every open spell ends on that day; the account sleeps; history stays until its purge date."""
    by.require("people.manage", person.home_path)
    for rows in (person.memberships, person.situations, person.residences):
        rows.filter(ends__isnull=True, starts__lte=on).update(ends=on)
    person.left_on = on
    person.save(update_fields=["left_on"])
    account = getattr(person, "account", None)
    if account is not None:
        account.is_active = False
        account.save(update_fields=["is_active"])
    audit.record("person.left", "person", person.pk, by=by, at=at, subject=person.pk, new={"left_on": str(on)})
    events.publish("people.changed", people=[person.pk], by=by, at=at)
    return person


Spell = Membership | SituationSpell | Residence


def _change(
    model: type[Membership] | type[SituationSpell] | type[Residence],
    open_row: Spell | None,
    person: Person,
    *,
    field: str,
    value: object,
    on: date,
    extra: dict[str, object] | None = None,
) -> None:
    """Write what `rules.change_spell` decides."""
    try:
        change = rules.change_spell(
            open_value=getattr(open_row, field, None),
            open_starts=open_row.starts if open_row else None,
            new_value=value,
            on=on,
        )
    except ValueError as error:
        raise BadInput(
            _("The change cannot begin before %(day)s, when the present entry begins."),
            field="on",
            day=str(open_row.starts if open_row else ""),
        ) from error
    if change.keep or (open_row is not None and change.overwrite):
        if open_row is not None and change.overwrite:
            setattr(open_row, field, value)
            open_row.save(update_fields=[field])
        return
    if open_row is not None and change.end_open_on is not None:
        open_row.ends = change.end_open_on
        open_row.save(update_fields=["ends"])
    model._default_manager.create(person=person, starts=on, **{field: value}, **(extra or {}))
