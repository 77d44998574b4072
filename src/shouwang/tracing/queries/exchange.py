"""Contacts of a case as the files that SORMAS and Go.Data import: their columns, their words, from `exchange.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path

from shouwang.cases.models import Case
from shouwang.cases.queries import disease_names
from shouwang.checkins.words import masked
from shouwang.core import clock
from shouwang.core.files.sheets import CellValue
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.tracing.models import Contact, FollowUp
from shouwang.tracing.queries import explaining
from shouwang.tracing.queries.contacts import contacts_of
from shouwang.tracing.queries.sheet import telephone

SYSTEMS = ("sormas", "godata")
SORMAS = (
    "caseIdExternalSystem", "disease", "diseaseDetails", "reportDateTime", "firstContactDate", "lastContactDate",
    "contactClassification", "contactStatus", "followUpStatus", "followUpUntil", "description", "externalID",
    "person.firstName", "person.lastName", "person.sex", "person.birthdateDD", "person.birthdateMM",
    "person.birthdateYYYY", "person.phone",
)  # fmt: skip
GODATA = (
    "contact_id", "contact_status", "telephone", "firstName", "lastName", "gender", "age", "date_of_reporting",
    "date_of_last_contact", "date_of_followup_start", "date_of_followup_end", "source_visualid", "certainty_level",
)  # fmt: skip


@cache
def words() -> dict[str, dict[str, dict[str, str]]]:
    """System -> field -> our code -> its code."""
    return tomllib.loads((Path(__file__).parent.parent / "exchange.toml").read_text("utf-8"))


def header(system: str) -> tuple[str, ...]:
    return SORMAS if system == "sormas" else GODATA


def rows(by: Actor, case: Case, system: str, *, full: bool) -> Iterator[list[CellValue]]:
    """One row a contact of an open case in reach of trace.work. Names, telephones and birthdays only where `full`, and
    the telephone only for who may see it. What was dismissed goes to SORMAS as no contact, to Go.Data not at all."""
    contacts = list(contacts_of(by, case))
    if system == "godata":
        contacts = [contact for contact in contacts if contact.state != Contact.State.DISMISSED]
    people = [contact.person_id for contact in contacts]
    followed: dict[int, FollowUp] = {}
    for row in FollowUp.objects.filter(person__in=people, disease=case.disease).order_by("starts_on", "pk"):
        followed[row.person_id] = row
    write = _sormas if system == "sormas" else _godata
    for contact in contacts:
        yield write(by, case, contact, followed.get(contact.person_id), full)


def _sormas(by: Actor, case: Case, contact: Contact, watch: FollowUp | None, full: bool) -> list[CellValue]:
    table, person = words()["sormas"], contact.person
    disease = table["disease"].get(case.disease, "OTHER")
    details = disease_names().get(case.disease, case.disease) if disease == "OTHER" else ""
    state = watch.state if watch is not None else "none"
    status = table["status"]["case" if state == FollowUp.State.BECAME_CASE else contact.state]
    born = person.born if full else None
    return [
        case.number, disease, details, _slashes(contact.found_at), _slashes(contact.first_at),
        _slashes(contact.last_at), table["classification"][contact.state], status, table["follow_up"][state],
        f"{watch.ends_on:%m/%d/%Y}" if watch is not None else "",
        # The reason of a second ring names the link between: a name as well.
        explaining.why(contact) if full or contact.link_id is None else "", f"{case.number}-{contact.pk}",
        "-", person.name if full else masked(person.name), table["sex"].get(person.sex, "UNKNOWN"),
        *((born.day, born.month, born.year) if born else ("", "", "")), _phone(by, person, full),
    ]  # fmt: skip


def _godata(by: Actor, case: Case, contact: Contact, watch: FollowUp | None, full: bool) -> list[CellValue]:
    table, person = words()["godata"], contact.person
    sure = contact.certain_seconds is None or contact.certain_seconds > 0
    return [
        f"{case.number}-{contact.pk}", table["follow_up"][watch.state if watch is not None else "none"],
        _phone(by, person, full), person.name if full else masked(person.name), "", table["sex"].get(person.sex, ""),
        _age(person.born, clock.local_day(contact.found_at)), _day(contact.found_at), _day(contact.last_at),
        *((watch.starts_on.isoformat(), watch.ends_on.isoformat()) if watch is not None else ("", "")),
        case.number, table["certainty"]["certain" if sure else "possible"],
    ]  # fmt: skip


def _phone(by: Actor, person: Person, full: bool) -> str:
    return telephone(by, person, full=True) if full and person.phone else ""


def _slashes(moment: datetime) -> str:
    return f"{clock.local_day(moment):%m/%d/%Y}"


def _day(moment: datetime) -> str:
    return clock.local_day(moment).isoformat()


def _age(born: date | None, day: date) -> int | None:
    if born is None or born > day:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
