"""DHIS2 tracker JSON and FHIR bundles: valid, the same keys each time, masked, without what somebody may not see."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from shouwang.cases.laboratory.tests.scenes import resulted, taken
from shouwang.cases.models import Classification
from shouwang.cases.outward import actions, dhis2, fhir, queries
from shouwang.cases.outward.records import records, uid_of, uuid_of
from shouwang.cases.tests.builders import DAY, FLU, HOUR, opened
from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.models import AuditEntry
from shouwang.core.packs import pack_files, read_pack
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast

UID = re.compile(r"[A-Za-z][A-Za-z0-9]{10}")


def written(
    cast: Cast, form: str, *, full: bool = False, who: str = "he", wanted: queries.LineFilter | None = None
) -> dict[str, Any]:
    target = io.BytesIO()
    actions.export_lines(target, wanted or queries.LineFilter(), form=form, full=full, by=cast.by(who), at=NOON)
    found: dict[str, Any] = json.loads(target.getvalue())
    return found


@pytest.fixture
def ill(cast: Cast) -> Cast:
    Person.objects.filter(pk=cast.person["lin"].pk).update(sex="f", born="2005-03-01", phone="13800000000")
    case = opened(
        cast, "lin", classification="confirmed", onset_at=NOON - DAY, onset_day_only=True, detected_at=NOON - 6 * HOUR
    )
    opened(cast, "wang", classification="asymptomatic")
    sample = taken(cast, "lin", barcode="T1", at=NOON - 4 * HOUR)
    resulted(cast, sample, "positive", at=NOON - HOUR, resulted_at=NOON - 2 * HOUR)
    assert case.tests.count() <= 1
    return cast


@pytest.fixture
def there(own_home: Path) -> None:
    text = dhis2.SHIPPED.read_text("utf-8").replace('org_unit = ""', 'org_unit = "DiszpKrYNg8"')
    text = text.replace("org_units = {}", 'org_units = { IE = "g8upMTyEZGZ", CS2301 = "ueuQlqb8ccl" }')
    (own_home / "dhis2.toml").write_text(text, "utf-8")


# --- FHIR ------------------------------------------------------------------------------------------------------------


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def test_a_bundle_is_valid_and_every_reference_stands_in_it(ill: Cast) -> None:
    from fhir.resources.R4B.bundle import Bundle

    bundle = written(ill, "fhir", full=True)
    parsed = Bundle.model_validate(bundle)
    assert parsed.type == "transaction" and len(parsed.entry or []) == 6
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(urls)) == len(urls)
    references = set(re.findall(r'"reference": "([^"]+)"', json.dumps(bundle)))
    assert references <= set(urls) and len(references) >= 4
    for entry in bundle["entry"]:
        identifier = entry["resource"]["identifier"][0]["value"]
        assert entry["request"]["method"] == "PUT" and identifier.replace("/", "%2F") in entry["request"]["url"]


def test_a_case_and_its_test_are_said_in_the_codes_of_the_field(ill: Cast) -> None:
    bundle = written(ill, "fhir", full=True)
    lin, wang = sorted(resources(bundle, "Condition"), key=lambda row: row["identifier"][0]["value"])
    assert lin["code"]["coding"] == [{"system": fhir.ICD10, "code": "U07.1"}]
    assert lin["verificationStatus"]["coding"][0]["code"] == wang["verificationStatus"]["coding"][0]["code"]
    assert lin["onsetDateTime"] == "2026-03-01" and "onsetDateTime" not in wang
    [observation] = resources(bundle, "Observation")
    assert observation["code"]["coding"][0]["code"] == "94500-6"
    assert observation["valueCodeableConcept"]["coding"][0]["code"] == "10828004"
    assert observation["issued"].endswith("+08:00") and "specimen" in observation
    patient = next(row for row in resources(bundle, "Patient") if "telecom" in row)
    assert (patient["birthDate"], patient["gender"]) == ("2005-03-01", "female")
    assert patient["identifier"][0]["value"] == "2023010101"


def test_masked_a_person_has_a_key_that_means_nothing(ill: Cast) -> None:
    text = json.dumps(written(ill, "fhir"), ensure_ascii=False)
    assert "林晓" not in text and "2023010101" not in text and "138" not in text and '"birthDate": "2005"' in text


def test_the_same_file_again_has_the_same_keys(ill: Cast) -> None:
    assert written(ill, "fhir", full=True)["entry"] == written(ill, "fhir", full=True)["entry"]
    assert uuid_of("case", 1) != uuid_of("case", 2) and uuid_of("case", 1) != uuid_of("person", 1)
    uids = {uid_of("case", number) for number in range(2000)}
    assert len(uids) == 2000 and all(UID.fullmatch(uid) for uid in uids)


def test_every_class_and_every_disease_of_a_pack_has_its_code() -> None:
    assert set(fhir.codes()["verification"]) == set(Classification.values)
    diseases = {read_pack(path).head.disease for path in pack_files().values()}
    assert diseases == set(fhir.codes()["disease"])


def test_a_bundle_that_no_server_takes_is_refused(ill: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fhir, "MOST", 1)
    with pytest.raises(BadInput) as refused:
        written(ill, "fhir")
    assert refused.value.error_code == "bundle_too_large"


def test_the_bundle_is_written_in_the_readers_language(ill: Cast) -> None:
    with translation.override("zh-hans"):
        assert "确诊" in json.dumps(written(ill, "fhir"), ensure_ascii=False)


def test_tests_stay_behind_where_one_may_not_see_them(ill: Cast) -> None:
    he = ill.by("he")
    without = replace(he, reach={right: ranges for right, ranges in he.reach.items() if right != "test.order"})
    assert [row.tests for row in records(without, queries.LineFilter(), full=False)] == [(), ()]
    assert sum(len(row.tests) for row in records(he, queries.LineFilter(), full=False)) == 1
    with pytest.raises(Forbidden):
        written(ill, "fhir", who="admin")


# --- DHIS2 -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("there")
def test_an_entity_has_its_enrolment_and_its_result(ill: Cast) -> None:
    found = {row["attributes"][0]["value"]: row for row in written(ill, "dhis2", full=True)["trackedEntities"]}
    assert len(found) == 2
    lin = next(row for row in found.values() if row["enrollments"][0]["events"])
    values = {attribute["attribute"]: attribute["value"] for attribute in lin["attributes"]}
    assert (
        values["ENRjVGxVL6l"] == "林晓" and values["oindugucx72"] == "FEMALE" and values["NI0QRzJvQ0k"] == "2005-03-01"
    )
    [enrolment] = lin["enrollments"]
    assert (enrolment["occurredAt"], enrolment["enrolledAt"], enrolment["status"]) == (
        "2026-03-01", "2026-03-02", "ACTIVE",
    )  # fmt: skip
    [event] = enrolment["events"]
    values = {value["dataElement"]: value["value"] for value in event["dataValues"]}
    assert values == {"ovY6E8BSdto": "Positive", "Q98LhagGLFj": "2026-03-02T08:00:00"}
    keys = re.findall(r'"(?:trackedEntity|enrollment|event|orgUnit|program|programStage)": "([^"]*)"', json.dumps(lin))
    assert len(keys) >= 8 and all(UID.fullmatch(key) for key in keys)


@pytest.mark.usefixtures("there")
def test_the_unit_there_is_the_nearest_one_named(ill: Cast) -> None:
    opened(ill, "zhao")
    opened(ill, "ou")
    units = [row["orgUnit"] for row in written(ill, "dhis2")["trackedEntities"]]
    assert sorted(units) == sorted(["ueuQlqb8ccl", "ueuQlqb8ccl", "g8upMTyEZGZ", "DiszpKrYNg8"])


@pytest.mark.usefixtures("there")
def test_masked_the_year_of_birth_stays_here_too(ill: Cast) -> None:
    text = json.dumps(written(ill, "dhis2"), ensure_ascii=False)
    assert "林晓" not in text and "2005" not in text and "138" not in text
    assert written(ill, "dhis2") == written(ill, "dhis2")
    entry = AuditEntry.objects.filter(verb="case.exported").first()
    assert entry is not None and entry.new is not None and entry.new["form"] == "dhis2" and entry.new["rows"] == 2


def test_an_unfilled_file_says_what_to_fill_in(ill: Cast) -> None:
    with pytest.raises(BadInput) as refused:
        written(ill, "dhis2")
    assert refused.value.error_code == "dhis2_org_unit"
    assert not AuditEntry.objects.filter(verb="case.exported").exists()


@pytest.mark.usefixtures("there")
def test_a_disease_without_a_program_is_named(ill: Cast) -> None:
    opened(ill, "zhao", pack=FLU)
    with pytest.raises(BadInput) as refused:
        written(ill, "dhis2")
    assert refused.value.error_code == "dhis2_program" and "influenza" in str(refused.value)
    assert len(written(ill, "dhis2", wanted=queries.LineFilter(disease="covid19"))["trackedEntities"]) == 2


@pytest.mark.parametrize("line", ["org_unit = 3", '[programs.mumps]\nprogram = "short"', "unknown = 1", "= ="])
def test_a_broken_file_is_refused_by_name(own_home: Path, line: str) -> None:
    (own_home / "dhis2.toml").write_text(f"{line}\n", "utf-8")
    with pytest.raises(BadInput) as refused:
        dhis2.table()
    assert refused.value.error_code == "dhis2_file"
