"""The form as ODK Collect reads it (pyxform writes it), and what Collect sends back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput
from shouwang.surveys.rules.model import Form, Place, Question
from shouwang.surveys.rules.problems import BrokenForm, Problem
from shouwang.surveys.rules.workbook import Workbook, straight

MAX_XML = 2 << 20  # bytes of one submission without its files
MAX_ELEMENTS = 50_000
ROOT = "data"
FORMULAS = ("relevant", "constraint", "calculation", "choice_filter", "required", "repeat_count", "default")


class BadSubmission(BadInput):
    """What was sent is no submission of this form."""

    code = "submission_unreadable"


def to_xform(book: Workbook, form: Form, *, version: str) -> str:
    """The XForm of a form that `build` accepts. BrokenForm with pyxform's own words when it finds more.

    Rows keep their numbers: rows that hold nothing go along as empty ones.
    """
    # Half a second of every start of server and commands; only who publishes a form pays for it.
    from pyxform.errors import PyXFormError
    from pyxform.xls2xform import convert

    sheets: dict[str, Any] = {sheet: _dense(book, sheet) for sheet in ("survey", "choices")}
    if not sheets["choices"]:
        del sheets["choices"]
    settings = {**(book.rows("settings")[0].cells if book.rows("settings") else {})}
    settings = {key: text for key, text in settings.items() if key in ("default_language", "allow_choice_duplicates")}
    settings |= {"form_id": form.form_id, "form_title": form.title or form.form_id, "version": version, "name": ROOT}
    sheets["settings"] = [settings]
    sheets |= {f"{sheet}_header": [dict.fromkeys(book.letters.get(sheet, ()))] for sheet in ("survey", "choices")}
    try:
        return str(convert(sheets, form_name=ROOT, validate=False).xform)
    except PyXFormError as error:
        raise BrokenForm([_found(str(error))]) from error


def _dense(book: Workbook, sheet: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for row in book.rows(sheet):
        rows += [{} for _gap in range(row.number - 2 - len(rows))]
        rows.append({key: straight(text) if key in FORMULAS else text for key, text in row.cells.items()})
    return rows


def _found(said: str) -> Problem:
    hit = re.search(r"\[row : (\d+)\]\s*(.*)", said, re.DOTALL)
    row, words = (int(hit[1]), hit[2]) if hit else (1, said)
    sheet = "choices" if "'choices' sheet" in words else "survey"
    return Problem(
        Place(sheet, row), "pyxform", _("The converter to ODK refuses this: %(words)s"), {"words": words[:500]}
    )


@dataclass(frozen=True, slots=True)
class Submitted:
    """What Collect sent: the form's id and version, its own key of this submission, and the answers."""

    form_id: str
    version: str
    instance_id: str
    answers: dict[str, Any]


def peek(xml: bytes) -> Element:
    """The root of a submission. BadSubmission for what is no XML, too large, or defines entities."""
    if len(xml) > MAX_XML:
        raise BadSubmission(_("This submission is too large."), code="submission_too_large")
    try:
        root: Element = defusedxml.ElementTree.fromstring(xml, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise BadSubmission(_("This is no submission that can be read.")) from error
    if sum(1 for _element in root.iter()) > MAX_ELEMENTS:
        raise BadSubmission(_("This submission is too large."), code="submission_too_large")
    return root


def head_of(root: Element) -> tuple[str, str, str]:
    """(form id, version, instanceID); the last is "" where none was sent."""
    found = next((e.text or "" for e in root.iter() if _name(e) == "instanceID"), "")
    return (
        root.get("id") or "",
        root.get("version") or root.get("{http://www.opendatakit.org/xforms}version") or "",
        found,
    )


def answers_from_xml(form: Form, root: Element) -> dict[str, Any]:
    """The answers in the shape `evaluate` takes. Elements the form does not know are left out."""
    return _below(form.children, root)


def _below(items: Any, element: Element) -> dict[str, Any]:
    children: dict[str, list[Element]] = {}
    for child in element:
        children.setdefault(_name(child), []).append(child)
    found: dict[str, Any] = {}
    for item in items:
        here = children.get(item.name, [])
        if isinstance(item, Question):
            if here and here[0].text and here[0].text.strip():
                found[item.key] = here[0].text
        elif item.repeat:
            if here:
                found[item.key] = [_below(item.children, turn) for turn in here]
        elif here:
            found |= _below(item.children, here[0])
    return found


def _name(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]
