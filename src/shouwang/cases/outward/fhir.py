"""The line list as a FHIR R4 transaction bundle: Patient, Condition, Specimen, Observation.

Each entry updates by its identifier (conditional update), so that sending the file again changes nothing twice. Every
entry is validated before it leaves by fhir.resources, whose R4B differs from R4 in none of these four.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext_lazy as _

from shouwang.cases.laboratory.data import laboratory
from shouwang.cases.models import Classification
from shouwang.cases.outward.records import Record, Tested, uuid_of
from shouwang.cases.queries import disease_names
from shouwang.core import clock
from shouwang.core.errors import BadInput

ICD10, LOINC, SNOMED = "http://hl7.org/fhir/sid/icd-10", "http://loinc.org", "http://snomed.info/sct"
TERMS = "http://terminology.hl7.org/CodeSystem"
SEXES = {"m": "male", "f": "female"}
MOST = 20_000  # cases; assumption: a transaction larger than this is refused or times out on the servers known to us
Json = dict[str, Any]


@cache
def codes() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("fhir.toml").read_text("utf-8"))


def check(count: int) -> None:
    """BadInput for more cases than a server takes in one transaction."""
    if count > MOST:
        raise BadInput(
            _("A bundle holds at most %(limit)s cases. Narrow the list by its filters."), code="bundle_too_large",
            field="form", limit=MOST,
        )  # fmt: skip


def head(at: datetime) -> Json:
    return {"resourceType": "Bundle", "type": "transaction", "timestamp": _moment(at)}


def entries(rows: Iterator[Record]) -> Iterator[Json]:
    """The entries of the bundle. A person stands in it once."""
    from fhir.resources.R4B.bundle import BundleEntry

    words = _Words()
    met: set[int] = set()
    for row in rows:
        found = [] if row.person in met else [_patient(row)]
        met.add(row.person)
        found.append(_condition(row, words))
        for test in row.tests:
            found += _test(row, test, words)
        for entry in found:
            BundleEntry.model_validate(entry)
            yield entry


class _Words:
    """Names in the reader's language, looked up once."""

    def __init__(self) -> None:
        self.diseases = disease_names()
        self.classes = {code: str(word) for code, word in Classification.choices}
        self.methods = {method.code: str(method.name) for method in laboratory().methods}


def _entry(resource: Json, kind: str, key: object) -> Json:
    """A conditional update: what has this identifier is replaced, else it is made."""
    [identifier] = resource["identifier"]
    token = quote(f"{identifier['system']}|{identifier['value']}", safe="")
    name = resource["resourceType"]
    return {
        "fullUrl": f"urn:uuid:{uuid_of(kind, key)}",
        "resource": resource,
        "request": {"method": "PUT", "url": f"{name}?identifier={token}"},
    }


def _identifier(kind: str, value: str) -> list[Json]:
    """`system` is ours: made from the installation, so that numbers of two campuses never meet."""
    return [{"system": f"urn:uuid:{uuid_of('system', kind)}", "value": value}]


def _reference(kind: str, key: object) -> Json:
    return {"reference": f"urn:uuid:{uuid_of(kind, key)}"}


def _patient(row: Record) -> Json:
    # A masked number is not unique: who is not named is known there by a key that means nothing.
    number = row.person_number if row.named else uuid_of("person", row.person)
    patient: Json = {
        "resourceType": "Patient",
        "identifier": _identifier("person" if row.named else "pseudonym", number),
        "name": [{"text": row.name}],
        "gender": SEXES.get(row.sex, "unknown"),
    }
    if row.born is not None:
        patient["birthDate"] = row.born.isoformat() if row.named else f"{row.born:%Y}"
    if row.phone:
        patient["telecom"] = [{"system": "phone", "value": row.phone}]
    return _entry(patient, "person", row.person)


def _concept(system: str, code: str | None, text: str) -> Json:
    coded = {"coding": [{"system": system, "code": code}]} if code else {}
    return {**coded, "text": text}


def _condition(row: Record, words: _Words) -> Json:
    over = row.recovered_at is not None or row.closed_at is not None
    status = codes()["verification"][row.classification]
    condition: Json = {
        "resourceType": "Condition",
        "identifier": _identifier("case", row.number),
        "clinicalStatus": _concept(f"{TERMS}/condition-clinical", "resolved" if over else "active", ""),
        "verificationStatus": _concept(f"{TERMS}/condition-ver-status", status, words.classes[row.classification]),
        "code": _concept(ICD10, codes()["disease"].get(row.disease), words.diseases.get(row.disease, row.disease)),
        "subject": _reference("person", row.person),
        "recordedDate": _moment(row.detected_at),
    }
    del condition["clinicalStatus"]["text"]
    if row.onset_at is not None:
        condition["onsetDateTime"] = _day(row.onset_at) if row.onset_day_only else _moment(row.onset_at)
    if row.recovered_at is not None:
        condition["abatementDateTime"] = _moment(row.recovered_at)
    return _entry(condition, "case", row.pk)


def _test(row: Record, test: Tested, words: _Words) -> list[Json]:
    found = []
    subject = _reference("person", row.person)
    if test.barcode:
        specimen: Json = {
            "resourceType": "Specimen", "identifier": _identifier("specimen", f"{test.barcode}/{test.pk}"),
            "subject": subject,
        }  # fmt: skip
        if test.taken_at is not None:
            specimen["collection"] = {"collectedDateTime": _moment(test.taken_at)}
        if test.received_at is not None:
            specimen["receivedTime"] = _moment(test.received_at)
        found.append(_entry(specimen, "specimen", test.pk))
    observation: Json = {
        "resourceType": "Observation", "identifier": _identifier("test", str(test.pk)), "status": "final",
        "category": [_concept(f"{TERMS}/observation-category", "laboratory", "laboratory")],
        "code": _concept(
            LOINC, codes()["loinc"].get(row.disease, {}).get(test.method), words.methods.get(test.method, test.method)
        ),
        "subject": subject, "focus": [_reference("case", row.pk)],
        "valueCodeableConcept": _concept(SNOMED, codes()["result"].get(test.outcome), test.outcome),
    }  # fmt: skip
    if test.taken_at is not None:
        observation["effectiveDateTime"] = _moment(test.taken_at)
    if test.resulted_at is not None:
        observation["issued"] = _moment(test.resulted_at)
    if test.laboratory:
        observation["performer"] = [{"display": test.laboratory}]
    if test.barcode:
        observation["specimen"] = _reference("specimen", test.pk)
    return [*found, _entry(observation, "test", test.pk)]


def _day(moment: datetime) -> str:
    return clock.local_day(moment).isoformat()


def _moment(moment: datetime) -> str:
    return moment.astimezone(clock.zone()).replace(microsecond=0).isoformat()
