"""What a roster would change: each entry beside what is known of its person. Decides, writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from shouwang.core.scope import Actor
from shouwang.org import rules as org_rules
from shouwang.org.models import Person
from shouwang.org.roster.reading import Reading
from shouwang.org.roster.rules import Entry, Flaw
from shouwang.org.roster.units import Node, Places, Unclear, Units

FACTS = ("name", "sex", "kind", "situation", "phone", "card", "born")


class Spell(NamedTuple):
    """An open dated row: its key, what it says (an id or a word), since when."""

    pk: int
    value: object
    starts: date


@dataclass(slots=True)
class Known:
    """A person as they stand, with the open spells an import may change."""

    pk: int
    facts: dict[str, object]
    home_id: int | None
    home_path: str
    left_on: date | None
    home: Spell | None = None
    situation: Spell | None = None
    residence: Spell | None = None
    branch: Spell | None = None


@dataclass(slots=True)
class Change:
    """One person to be written. `known` None: new. `facts` are the columns that change (all of them for a new one)."""

    entry: Entry
    known: Known | None
    facts: dict[str, object]
    home: Node | None = None
    branch: Node | None = None
    room: Node | None = None
    situation: str | None = None
    returned: bool = False

    @property
    def fields(self) -> list[str]:
        """Names of what changes, for the audit."""
        dated = (("home", self.home), ("branch", self.branch), ("residence", self.room))
        return sorted({*self.facts, *(name for name, node in dated if node is not None)})


@dataclass(slots=True)
class Plan:
    changes: list[Change] = field(default_factory=list)
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    returned: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Frame:
    """What holds for the whole import."""

    kind: str
    situation: str
    since: date
    by: Actor
    merged: Collection[int] = ()


def make_plan(
    reading: Reading, entries: Sequence[Entry], known: dict[str, Known], units: Units, places: Places, frame: Frame
) -> Plan:
    """Decide for each entry: new, updated, unchanged or (its row then stands among the problems) refused."""
    plan = Plan()
    for entry in entries:
        person = known.get(entry.number)
        if person is not None and not frame.by.holds("people.manage", person.home_path):
            reading.refuse(entry.row, Flaw("number", "person_elsewhere", entry.number))
            continue
        if person is not None and person.pk in frame.merged:
            reading.refuse(entry.row, Flaw("number", "person_merged", entry.number))
            continue
        try:
            change = _change(reading, entry, person, units, places, frame)
        except Unclear as unclear:
            reading.refuse(entry.row, unclear.flaw)
            continue
        if person is None:
            plan.new += 1
        elif change is None:
            plan.unchanged += 1
            continue
        else:
            plan.updated += 1
        if change is None:
            continue
        if change.returned:
            plan.returned.append(entry.row)
        for node in (change.home, change.branch, change.room):
            if node is not None:
                node.people += 1
        plan.changes.append(change)
    return plan


def _change(
    reading: Reading, entry: Entry, person: Known | None, units: Units, places: Places, frame: Frame
) -> Change | None:
    """The change this entry makes; None when it makes none. Unclear when a text or a day does not fit."""
    room = places.room(entry.place)
    branch = units.branch(entry.branch)
    if person is None:
        home = units.home(entry.units)
        facts: dict[str, object] = {key: getattr(entry, key) for key in FACTS if getattr(entry, key) is not None}
        facts.setdefault("name", entry.number)
        facts.setdefault("kind", frame.kind)
        facts.setdefault("situation", frame.situation)
        return Change(entry, None, facts, home, branch, room, str(facts["situation"]))
    returned = person.left_on is not None
    facts = {key: value for key in FACTS if (value := getattr(entry, key)) is not None and value != person.facts[key]}
    change = Change(entry, person, facts, returned=returned)
    change.situation = str(facts["situation"]) if "situation" in facts else None
    change.home = _new_home(entry, person, units, returned=returned)
    if returned:
        # Every spell ended when the person left; the situation begins anew with the membership.
        change.situation = str(facts.get("situation", person.facts["situation"]))
    if room is not None and (person.residence is None or room.pk != person.residence.value):
        change.room = room
    if branch is not None and (person.branch is None or branch.pk != person.branch.value):
        change.branch = branch
    if not (facts or change.home or change.room or change.branch or returned):
        return None
    _check_days(entry, change, frame.since)
    return change


def _new_home(entry: Entry, person: Known, units: Units, *, returned: bool) -> Node | None:
    """Where the person moves to; None when they stay. A file that names only the college does not take somebody out
    of their class below it."""
    if person.home_id is None:
        return units.home(entry.units)
    if not any(entry.units):
        return units.by_pk.get(person.home_id, units.root) if returned else None
    home = units.home(entry.units)
    stays = bool(home.path) and person.home_path.startswith(home.path)
    if returned:
        return units.by_pk.get(person.home_id, home) if stays else home
    return None if stays else home


def _check_days(entry: Entry, change: Change, since: date) -> None:
    """History is corrected by hand, never by an import: nothing may change before the day it began."""
    known = change.known
    if known is None:
        return
    spells = (
        ("college", change.home, known.home),
        ("branch", change.branch, known.branch),
        ("room", change.room, known.residence),
        ("situation", change.situation, known.situation),
    )
    for key, new, spell in spells:
        if new is None or spell is None:
            continue
        try:
            org_rules.change_spell(open_value=spell.value, open_starts=spell.starts, new_value=new, on=since)
        except ValueError:
            raise Unclear(Flaw(key, "change_too_early", _text(key, entry), str(spell.starts))) from None


def _text(key: str, entry: Entry) -> str:
    texts = {"college": " ".join(filter(None, entry.units)), "branch": entry.branch, "situation": entry.situation or ""}
    return texts.get(key, " ".join(filter(None, entry.place)))


def known_facts(person: Person) -> dict[str, object]:
    return {key: getattr(person, key) for key in FACTS}
