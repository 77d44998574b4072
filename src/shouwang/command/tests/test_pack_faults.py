"""`pack check`: every fault of a pack by file, line, key, with the remedy, in both languages; nothing is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cli.packs import pack as command
from shouwang.command.packs import check_bytes
from shouwang.core.complaints import LARGEST_BYTES, Complaint
from shouwang.core.packs import SHIPPED

MEASLES = (SHIPPED / "measles-school.toml").read_text(encoding="utf-8")
NAME = "measles-school.toml"
DATES_REVERSED = "in_force_from = 2013-06-14\nin_force_to = 2012-01-01"
FLU = (SHIPPED / "influenza-seasonal.toml").read_text(encoding="utf-8")


def line(text: str, of: str, after: str = "") -> int:
    return text[: text.index(of, text.index(after))].count("\n") + 1


def only(text: str, name: str = NAME) -> Complaint:
    _pack, faults = check_bytes(text.encode(), name)
    assert len(faults) == 1, [str(fault) for fault in faults]
    return faults[0]


@pytest.mark.parametrize(
    ("old", "new", "path", "marked", "what"),
    [
        ("days = 21", "days = 0", "follow_up.days", "days = 0", "at least 1"),
        ("days = 21", 'days = "21"', "follow_up.days", 'days = "21"', "a whole number"),
        ("days = 21\n", "", "follow_up", "[follow_up]", "“days” is missing"),
        ("days = 21", "dayz = 21\ndays = 21", "follow_up.dayz", "dayz", "not known here"),
        ('grades = ["close"]', 'grades = ["closest"]', "follow_up.for_grades[0]", '"closest"', "knows no grade"),
        ('edition = "measles"', 'edition = "measels"', "contact_rule.edition", "measels", "no contact rule"),
        ('kind = "incubation"', 'kind = "incubus"', "delays[0].kind", "incubus", "not one of the words"),
        ("low_days = 8.9", "low_days = 88.9", "delays[0]", "[[delays]]", "must rise"),
        ("low_days = 8.9", "low_days = nan", "delays[0].low_days", "low_days = nan", "no number"),
        ("in_force_from = 2013-06-14", DATES_REVERSED, "pack", "[pack]", "before"),
        ('code = "measles-school"', 'code = "measles"', "pack.code", 'code = "measles"', "named measles-school.toml"),
        ("fever_c = 38.0", "fever_c = 48.0", "checkin", "[checkin]", "must rise"),
        ("[transmission]", "[transmisson]", "transmisson", "[transmisson]", "not known here"),
        ('owner = "counsellor"', 'owner = "teacher"', "clocks[0].owner", 'owner = "teacher"', "is no role"),
        ('severity = "urgent"', 'severity = "worst"', "symptoms[5].severity", "worst", "low, medium, high or urgent"),
        ('symptoms_any = ["rash"]', 'symptoms_any = ["rush"]', "criteria[1].symptoms_any[0]", "rush", "no symptom"),
        ('"igg4", "virus"', '"igg5", "virus"', "definitions[0].when.all[1].any[1]", "igg5", "no criterion"),
        ('tion = "suspected"', 'tion = "confirmed"', "definitions[2].classification", "", "stronger"),
        ('survey = "vaccination"', 'survey = "vaccine"', "forms[1].survey", '"vaccine"', "no ready survey form"),
        ("report_hours = 24", "report_hours = 12", "clocks[1].hours", "", "longer than report_hours"),
        ('source = "vink2014"', 'source = "vink"', "delays[1].source", '"vink"', "no source “vink”"),
        ('routes = ["airborne", "droplet"]', "routes = []", "transmission", "[transmission]", "at least one route"),
    ],
)  # fmt: skip
def test_a_fault_of_shape_names_its_line(old: str, new: str, path: str, marked: str, what: str) -> None:
    assert old in MEASLES
    text = MEASLES.replace(old, new, 1)
    with translation.override("en"):
        fault = only(text)
        assert (fault.file, fault.path) == (NAME, path)
        assert what in str(fault.what)
        assert str(fault.remedy)
        english = str(fault)
    if marked:
        assert fault.line == line(text, marked)
    else:
        assert fault.line is not None
    with translation.override("zh-hans"):
        chinese = str(only(text))
        assert re.search("[一-鿿]", chinese), chinese
        assert chinese != english


@pytest.mark.parametrize(
    ("text", "at", "what"),
    [
        (MEASLES.replace("days = 21", "days = 21x", 1), "days = 21x", "end of a value"),
        (MEASLES.replace("days = 21", "days 21", 1), "days 21", "equals sign"),
        (MEASLES.replace("days = 21", "days = ", 1), "days = \nfor_grades", "cannot be read"),
        (MEASLES.replace("days = 21", "days = 21\ndays = 22", 1), "days = 22", "given twice"),
        (MEASLES.replace("[follow_up]", "[checkin]", 1), "[checkin]\ndays", "begun twice"),
    ],
)
def test_a_fault_of_toml_names_its_line(text: str, at: str, what: str) -> None:
    with translation.override("en"):
        fault = only(text)
        assert what in str(fault.what)
    assert fault.line == line(text, at)
    with translation.override("zh-hans"):
        assert re.search("[一-鿿]", f"{fault.what}{fault.remedy}")


def test_a_number_without_source_and_an_empty_sentence() -> None:
    text = FLU.replace('en = "Fever"', 'en = " "', 1)
    at = text.index("[infectious]")
    text = text[:at] + text[at:].replace('source = "cdc-flu"\n', "", 1)
    with translation.override("en"):
        _pack, faults = check_bytes(text.encode(), "influenza-seasonal.toml")
        said = [(fault.path, str(fault.what)) for fault in faults]
    assert ("symptoms[0].name.en", "this sentence is empty") in said
    assert ("infectious.days_before_onset", "a number without its source") in said
    assert ("infectious", "the key “source” is missing") in said
    assert [fault.line for fault in faults] == sorted(fault.line or 0 for fault in faults)


def test_two_sources_of_one_name_and_an_unknown_kind() -> None:
    twice = MEASLES.replace('id = "ws296"', 'id = "cdc-measles"', 1)
    _pack, faults = check_bytes(twice.encode(), NAME)
    second = twice.index('id = "cdc-measles"', twice.index('id = "cdc-measles"') + 1)
    assert ("sources[1].id", twice[:second].count("\n") + 1) in [(fault.path, fault.line) for fault in faults]
    assert only(MEASLES.replace('kind = "assumption"', 'kind = "guess"', 1)).path.endswith(".kind")


@pytest.mark.parametrize(
    "raw",
    [
        b"a = " + b"[" * 20_000, b"a = " + b"1" * 5_000, b"x" * (LARGEST_BYTES + 1), b"\xff\xfe[pack]", b"",
        b"[pack]\n", b"[pack]\nx = {a.", b'a = "' + b"x" * 5_000 + b'"', b"a = 99999999999999",
        b"pack = 1\nsources = 2", b"[pack]\r\ncode = 1\r\n", "\ufeff[pack]\ncode = 1".encode(),
        ("a = " + "{ b = " * 40 + "1" + " }" * 40).encode(),
    ],
    ids=range(13),
)  # fmt: skip
def test_hostile_files_are_refused_with_a_sentence(raw: bytes) -> None:
    found, faults = check_bytes(raw, "hostile.toml")
    assert found is None
    assert len(faults) == 1
    assert str(faults[0])


@given(st.integers(0, len(MEASLES) - 1), st.integers(0, 60), st.text(max_size=6))
def test_whatever_is_damaged_ends_in_complaints_and_never_in_a_crash(at: int, cut: int, put: str) -> None:
    text = MEASLES[:at] + put + MEASLES[at + cut :]
    raw = text.encode("utf-8", errors="replace")
    found, faults = check_bytes(raw, NAME)
    for fault in faults:
        assert fault.file == NAME
        assert fault.line is None or 1 <= fault.line <= text.count("\n") + 1
        assert str(fault.what)
    assert faults or found is not None


def test_the_command_line_lists_every_fault_and_fails(tmp_path: Path) -> None:
    file = tmp_path / NAME
    file.write_text(
        MEASLES.replace("days = 21", "days = 0", 1).replace("[transmission]", "[transmisson]", 1), encoding="utf-8"
    )
    with translation.override("en"):
        ran = CliRunner().invoke(command, ["check", str(file)])
        as_json = CliRunner().invoke(command, ["check", str(file), "--json"])
    assert ran.exit_code == as_json.exit_code == 1
    assert len(ran.stderr.strip().splitlines()) == 2
    assert f"{NAME}:{line(file.read_text(encoding='utf-8'), 'days = 0')}: follow_up.days:" in ran.stderr
    assert '"sound": false' in as_json.stdout
    file.write_text(MEASLES, encoding="utf-8")
    assert CliRunner().invoke(command, ["check", str(file)]).exit_code == 0
