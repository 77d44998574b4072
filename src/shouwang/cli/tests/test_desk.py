"""The desks on the command line: the same acts and the same scope as pages and API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from django.test import Client

from shouwang.cases.models import Case
from shouwang.checkins.models import CheckIn, SymptomAlert
from shouwang.cli.clinic import alert, case, checkin
from shouwang.cli.desk import contact, order
from shouwang.core.errors import BadInput, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.isolation.models import Order
from shouwang.org.tests.cast import Cast
from shouwang.tracing.models import Contact
from shouwang.tracing.tests.desk_scene import contact as contact_of


def run(command: click.Command, *words: str) -> Result:
    return CliRunner().invoke(command, list(words))


def said(command: click.Command, *words: str) -> Any:
    """The JSON object on the last line."""
    result = run(command, *words, "--json")
    assert result.exit_code == 0, result.output + repr(result.exception)
    return json.loads(result.output.strip().splitlines()[-1])


def test_checking_in_and_who_has_not(cast: Cast) -> None:
    before = said(checkin, "notyet", "--as", "he")["total"]
    (row,) = said(checkin, "add", "2023010101", "--temperature", "36.5", "--not-exposed", "--as", "lin")["rows"]
    assert (row["person"], row["severity"]) == ("2023010101", "none")
    assert CheckIn.objects.get().source == "self"
    assert said(checkin, "notyet", "--as", "he")["total"] == before - 1
    said(checkin, "add", "2023010102", "--why-proxy", "没带手机", "--as", "meng")
    assert CheckIn.objects.get(person=cast.person["wang"]).source == "proxy"
    assert isinstance(run(checkin, "add", "2023020101", "--why-proxy", "x", "--as", "meng").exception, NotFound)
    assert run(checkin, "add", "2023010101", "--temperature", "warm", "--as", "lin").exit_code == 2
    assert isinstance(run(checkin, "notyet", "--as", "lin").exception, Forbidden)
    assert run(checkin, "notyet", "--date", "someday", "--as", "he").exit_code == 2


def test_from_alert_to_case(cast: Cast) -> None:
    said(checkin, "add", "2023010101", "--temperature", "38.6", "--symptom", "cough", "--as", "lin")
    listed = said(alert, "list", "--as", "he")
    assert [(row["person"], row["name"]) for row in listed["rows"]] == [("2023010101", "林晓")]
    pk = str(listed["rows"][0]["id"])
    assert isinstance(run(alert, "list", "--as", "fang").exception, Forbidden)
    assert isinstance(run(alert, "close", pk, "--reason", " ", "--as", "he").exception, BadInput)
    (row,) = said(
        case, "open", "2023010101", "--class", "suspected", "--onset", "2026-03-02T06:00", "--alert", pk,
        "--reason", "发热", "--as", "he",
    )["rows"]  # fmt: skip
    assert SymptomAlert.objects.get(pk=pk).state == "case"
    number = row["number"]
    assert run(case, "classify", number.lower(), "confirmed", "--reason", "阳性", "--as", "he").exit_code == 0
    assert run(case, "date", number, "isolated_at", "2026-03-02T11:30", "--as", "he").exit_code == 0
    found = Case.objects.get(number=number)
    assert (found.classification, found.isolated_at is not None) == ("confirmed", True)
    assert said(case, "list", "--as", "he")["total"] == 1
    clocks = said(case, "clocks", "--as", "he")
    assert {row["case"] for row in clocks["rows"]} <= {number}
    assert clocks["late"] + clocks["soon"] == len(clocks["rows"])
    assert run(case, "close", number, "--reason", "转院", "--as", "he").exit_code == 0
    assert said(case, "list", "--as", "he")["total"] == 0
    assert said(case, "list", "--all", "--as", "he")["total"] == 1
    assert isinstance(run(case, "classify", number, "confirmed", "--reason", "x", "--as", "fang").exception, NotFound)
    assert isinstance(run(case, "list", "--as", "fang").exception, Forbidden)
    assert AuditEntry.objects.filter(verb="case.opened", mouth="cli").count() == 1


def test_contacts(cast: Cast, traced: Case) -> None:
    number = traced.number
    listed = said(contact, "list", number, "--as", "qiu")
    assert [row["name"] for row in listed["rows"]] == ["王蕾", "赵宁", "孟欣", "欧阳静"]
    assert said(contact, "list", number, "--grade", "general", "--as", "qiu")["total"] == 1
    wang, zhao, meng, ou = (str(row["id"]) for row in listed["rows"])
    assert [row["state"] for row in said(contact, "confirm", wang, zhao, "--as", "qiu")["rows"]] == ["confirmed"] * 2
    assert isinstance(run(contact, "confirm", meng, "987654", "--as", "qiu").exception, NotFound)
    assert Contact.objects.get(pk=meng).state == "candidate"
    assert run(contact, "dismiss", ou, "--as", "qiu").exit_code == 2
    (row,) = said(contact, "dismiss", ou, "--reason", "未到", "--as", "qiu")["rows"]
    assert row["state"] == "dismissed"
    (row,) = said(contact, "trace", number, "--as", "qiu")["rows"]
    assert row["found"] == 4
    assert isinstance(run(contact, "list", number, "--as", "tang").exception, NotFound)
    assert run(contact, "list", number, "--as", "nobody").exit_code == 2
    assert "王蕾" in run(contact, "list", number, "--as", "qiu").output


def test_orders(cast: Cast, traced: Case) -> None:
    run(contact, "confirm", str(contact_of(traced, cast, "zhao").pk), "--as", "qiu")
    number = Order.objects.get(person=cast.person["zhao"]).number
    assert number in {row["number"] for row in said(order, "list", "--as", "he")["rows"]}
    assert "zh" not in run(order, "show", number, "--as", "he").output
    assert said(order, "show", number, "--as", "he")["because_zh"]
    assert run(order, "place", number, "--as", "he").exit_code == 2
    assert isinstance(run(order, "place", number, "--room", "NOWHERE", "--as", "he").exception, NotFound)
    placed = run(order, "place", number.lower(), "--room", "ISO-1", "--as", "he")
    assert placed.exit_code == 0, repr(placed.exception)
    assert Order.objects.get(number=number).where == "facility"
    (away,) = [row for row in said(order, "absent", "--as", "he")["rows"] if row["name"] == "赵宁"]
    assert set(away) == {"person", "name", "since", "until"}
    assert isinstance(run(order, "absent", "--as", "lin").exception, NotFound)
    assert isinstance(run(order, "end", number, "--as", "he").exception, BadInput)
    ended = run(order, "end", number, "--reason", "转定点医院", "--as", "he")
    assert "by decision" in ended.output
    assert Order.objects.get(number=number).state == "ended"
    assert isinstance(run(order, "show", number, "--as", "fang").exception, NotFound)


@pytest.mark.parametrize("group", [checkin, alert, case, contact, order])
def test_every_command_has_help(group: click.Group) -> None:
    for name in group.commands:
        shown = run(group, name, "--help")
        assert shown.exit_code == 0
        assert "Usage" in shown.output


def test_a_pass_on_paper_and_its_end(cast: Cast) -> None:
    (own,) = said(checkin, "ticket", "2023010101", "--as", "lin")["rows"]
    (given,) = said(checkin, "ticket", "2023010101", "--as", "admin")["rows"]
    assert AuditEntry.objects.get(verb="ticket.issued").subject == cast.person["lin"].pk
    browser = Client()
    assert [browser.get(row["link"]).status_code for row in (own, given)] == [200, 200]
    for word in ("ticket", "revoke"):
        assert isinstance(run(checkin, word, "2023010101", "--as", "wang").exception, NotFound | Forbidden)
    assert run(checkin, "revoke", "2023010101", "--as", "lin").exit_code == 0
    assert [browser.get(row["link"]).status_code for row in (own, given)] == [401, 401]


def test_delays_as_table_json_and_file(cast: Cast, tmp_path: Path) -> None:
    said(
        case, "open", "2023010101", "--pack", "influenza-seasonal", "--class", "confirmed", "--reason", "发热",
        "--as", "he",
    )  # fmt: skip
    body = json.loads(run(case, "delays", "--as", "he", "--json").output.strip().splitlines()[-1])
    assert body["together"]["cases"] == 1
    assert body["together"]["delays"]["report"]["median_hours"] is None
    assert "report" in run(case, "delays", "--as", "he").output
    target = tmp_path / "delays.xlsx"
    assert run(case, "delays", "--as", "he", "--out", str(target)).exit_code == 0
    assert target.read_bytes()[:2] == b"PK"
    assert AuditEntry.objects.filter(verb="case.delays_exported", mouth="cli").count() == 1
    assert isinstance(run(case, "delays", "--as", "gu").exception, Forbidden)
    assert isinstance(
        run(case, "delays", "--first", "2026-03-02", "--last", "2026-03-01", "--as", "he").exception, BadInput
    )
