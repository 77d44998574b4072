"""The line list as DHIS2 tracker JSON: a tracked entity a person and case, an enrolment, an event a test result.

Format: DHIS2 developer documentation, "Tracker", nested payload of POST /api/tracker. Keys are the same each time:
sending again updates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from shouwang.cases.outward import queries
from shouwang.cases.outward.records import Record, Tested, uid_of
from shouwang.core import clock
from shouwang.core.errors import BadInput
from shouwang.core.owned_files import decoded, in_force
from shouwang.core.scope import Actor
from shouwang.core.tree import ancestors
from shouwang.org.models import Organisation

SHIPPED = Path(__file__).with_name("dhis2.toml")
Uid = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9]{10}$")]


class Elements(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    result: Uid
    taken: Uid | None = None
    received: Uid | None = None
    classification: Uid | None = None


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    program: Uid
    elements: Elements
    result_stage: Uid
    outcome_stage: Uid | None = None


class Attributes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    case_number: Uid
    name: Uid | None = None
    sex: Uid | None = None
    born: Uid | None = None
    phone: Uid | None = None


class Dhis2(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `dhis2.toml` says. `org_unit` "" is not filled in yet."""

    tracked_entity_type: Uid
    attributes: Attributes
    options: dict[str, dict[str, str]]
    programs: dict[str, Program]
    org_unit: str = ""
    org_units: dict[str, Uid] = {}


def _read(content: bytes) -> Dhis2:
    found = decoded(content, Dhis2, _refusal)
    if missing := {"sex", "result", "classification"} - found.options.keys():
        raise _refusal(f"options.{min(missing)} is missing")
    return found


def _refusal(what: str) -> BadInput:
    return BadInput(_("dhis2.toml cannot be read: %(what)s."), code="dhis2_file", field="form", what=what)


def table() -> Dhis2:
    """The file in force. BadInput (`dhis2_file`) says what is wrong with it."""
    return in_force(settings.HOME, SHIPPED, _read)


def check(by: Actor, wanted: queries.LineFilter) -> Dhis2:
    """BadInput where no organisation unit is filled in, or where a disease of the list has no program there."""
    found = table()
    if not found.org_unit:
        sentence = _(
            "Enter the organisation unit of your DHIS2 as org_unit in dhis2.toml, in the folder of this program."
        )
        raise BadInput(sentence, code="dhis2_org_unit", field="form")
    diseases = set(queries.lines_of(by, wanted).order_by().values_list("disease", flat=True).distinct())
    if without := diseases - found.programs.keys():
        raise BadInput(
            _("dhis2.toml names no program for %(disease)s. Choose another disease in the filter, or name one."),
            code="dhis2_program", field="disease", disease=", ".join(sorted(without)),
        )  # fmt: skip
    return found


class Units:
    """The organisation unit there of a unit here: the nearest one named above it."""

    def __init__(self, found: Dhis2) -> None:
        self.default = found.org_unit
        codes = dict(Organisation.objects.filter(code__in=found.org_units).values_list("path", "code"))
        self.named = {path: found.org_units[code] for path, code in codes.items()}

    def of(self, path: str) -> str:
        above = [self.named[one] for one in ancestors(path) if one in self.named]
        return above[-1] if above else self.default


def entities(found: Dhis2, rows: Iterator[Record]) -> Iterator[Mapping[str, Any]]:
    """One tracked entity a record."""
    units = Units(found)
    return (_entity(found, units.of(row.path), row) for row in rows)


def _entity(found: Dhis2, unit: str, row: Record) -> Mapping[str, Any]:
    program = found.programs[row.disease]
    begun = row.onset_at or row.detected_at
    return {
        # A person is a new entity for each case: who had it twice is not to be guessed at from outside.
        "trackedEntity": uid_of("entity", row.pk), "trackedEntityType": found.tracked_entity_type, "orgUnit": unit,
        "attributes": list(_attributes(found, row)),
        "enrollments": [
            {
                "enrollment": uid_of("enrolment", row.pk), "program": program.program, "orgUnit": unit,
                "enrolledAt": _day(row.detected_at), "occurredAt": _day(begun),
                "status": "COMPLETED" if row.closed_at else "ACTIVE",
                "events": [*_results(found, program, unit, row), *_outcome(found, program, unit, row)],
            }
        ],
    }  # fmt: skip


def _attributes(found: Dhis2, row: Record) -> Iterator[Mapping[str, str]]:
    born = row.born.isoformat() if row.born and row.named else ""
    values = {
        "case_number": row.number, "name": row.name, "sex": found.options["sex"].get(row.sex, ""), "born": born,
        "phone": row.phone,
    }  # fmt: skip
    for key, value in values.items():
        attribute = getattr(found.attributes, key)
        if attribute and value:
            yield {"attribute": attribute, "value": value}


def _results(found: Dhis2, program: Program, unit: str, row: Record) -> Iterator[Mapping[str, Any]]:
    for test in row.tests:
        values = {"result": found.options["result"].get(test.outcome, ""), **_moments(test)}
        when = test.resulted_at or test.taken_at
        if when is not None and values["result"]:
            yield _event(program, program.result_stage, unit, uid_of("result", test.pk), when, values)


def _moments(test: Tested) -> dict[str, str]:
    return {"taken": _moment(test.taken_at), "received": _moment(test.received_at)}


def _outcome(found: Dhis2, program: Program, unit: str, row: Record) -> Iterator[Mapping[str, Any]]:
    """The classification, where the program has a data element for it."""
    if program.outcome_stage and program.elements.classification:
        values = {"classification": found.options["classification"].get(row.classification, "")}
        yield _event(program, program.outcome_stage, unit, uid_of("class", row.pk), row.detected_at, values)


def _event(
    program: Program, stage: str, unit: str, key: str, at: datetime, values: Mapping[str, str]
) -> Mapping[str, Any]:
    elements = [(getattr(program.elements, name), value) for name, value in values.items() if value]
    return {
        "event": key, "program": program.program, "programStage": stage, "orgUnit": unit, "status": "COMPLETED",
        "occurredAt": _day(at),
        "dataValues": [{"dataElement": element, "value": value} for element, value in elements if element],
    }  # fmt: skip


def _day(moment: datetime) -> str:
    return clock.local_day(moment).isoformat()


def _moment(moment: datetime | None) -> str:
    """A local date and time, as DHIS2 keeps them: without a zone."""
    return "" if moment is None else f"{moment.astimezone(clock.zone()):%Y-%m-%dT%H:%M:%S}"
