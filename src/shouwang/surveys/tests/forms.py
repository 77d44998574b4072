"""Small forms for tests: rows as dicts, as a workbook in memory or as an .xlsx file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from zoneinfo import ZoneInfo

import openpyxl

from shouwang.core.files.sheets import column_letter
from shouwang.surveys import rules
from shouwang.surveys.rules.workbook import Row, Workbook

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
Rows = Sequence[Mapping[str, str]]
YES_NO: Rows = (
    {"list_name": "yn", "name": "yes", "label::中文 (zh)": "是", "label::English (en)": "Yes"},
    {"list_name": "yn", "name": "no", "label::中文 (zh)": "否", "label::English (en)": "No"},
)


def book(survey: Rows, choices: Rows = YES_NO, **settings: str) -> Workbook:
    sheets = {"survey": survey, "choices": choices, "settings": [settings] if settings else []}
    letters = {
        sheet: {header: column_letter(k) for k, header in enumerate(dict.fromkeys(h for row in rows for h in row))}
        for sheet, rows in sheets.items()
    }
    return Workbook(
        {
            sheet: tuple(
                Row(sheet, k + 2, {h: t for h, t in row.items() if t}, letters[sheet]) for k, row in enumerate(rows)
            )
            for sheet, rows in sheets.items()
        },
        letters,
    )


def form(survey: Rows, choices: Rows = YES_NO, **settings: str) -> rules.Form:
    return rules.build(book(survey, choices, **settings))


def formula(text: str, **answers: str) -> str:
    """What a calculation makes of these answers."""
    rows = [{"type": "text", "name": name, "label": name} for name in answers]
    made = form([*rows, {"type": "calculate", "name": "result", "calculation": text}])
    return rules.evaluate(made, answers, now=NOW, language="en").value("result")


def problems(survey: Rows, choices: Rows = YES_NO, **settings: str) -> list[tuple[str, int, str, str]]:
    """(sheet, row, header, code) of everything wrong."""
    try:
        form(survey, choices, **settings)
    except rules.BrokenForm as error:
        return [(p.place.sheet, p.place.row, p.place.header, p.code) for p in error.problems]
    return []


def xlsx(survey: Rows, choices: Rows = YES_NO, **settings: str) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for sheet, rows in (("survey", survey), ("choices", choices), ("settings", [settings])):
        page = made.create_sheet(sheet)
        headers = list(dict.fromkeys(h for row in rows for h in row))
        page.append(headers)
        for row in rows:
            page.append([row.get(header) for header in headers])
    out = BytesIO()
    made.save(out)
    return out.getvalue()
