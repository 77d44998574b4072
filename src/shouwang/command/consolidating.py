"""Reports of units put together as files: Word, Excel, and the superior's own table filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from io import BytesIO

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from shouwang.command.documents import is_chinese, known, numbered
from shouwang.command.models import ReportReview
from shouwang.command.queries.consolidated import Consolidated
from shouwang.command.queries.daily import Count, Line
from shouwang.command.rules import daily as rules
from shouwang.core import clock
from shouwang.core.errors import Message
from shouwang.core.files.filling import Filled, Value, fill_table, unknown_mark
from shouwang.core.files.sheets import CellValue, SheetSpec, write_xlsx
from shouwang.core.files.words import Block, Heading, Paragraph, TableBlock, report_docx

MARKS = (
    ("{{unit}} {{date}} {{time}}", gettext_lazy("unit, day, time of the numbers")),
    ("{{expected}} {{received}} {{ontime}} {{zero}} {{missing}}", gettext_lazy("reports of the units directly below")),
    ("{{sum KEY}}", gettext_lazy("sum of a figure over the units that know it; empty where none does")),
    ("{{known KEY}}", gettext_lazy("in how many of the reports the figure is known")),
    ("{{row n}} {{row unit}} {{row code}}", gettext_lazy("one line for each unit: number, name, code")),
    ("{{row state}} {{row time}}", gettext_lazy("what came of it, and when")),
    ("{{row problems}} {{row needs}} {{row done}}", gettext_lazy("what the unit wrote")),
    ("{{row KEY}}", gettext_lazy("a figure of the unit; empty where it is not known")),
)


def file_name(found: Consolidated, ending: str) -> str:
    sheet = found.sheet
    return _("Reports of units %(unit)s %(day)s") % {"unit": sheet.unit.title, "day": sheet.day} + ending


def state_of(line: Line) -> str:
    """What came of a report, in words."""
    if line.returned is not None:
        return str(line.returned.get_state_display())
    row = line.report
    if row is None:
        return pgettext("daily report", "not come")
    words = [row.get_state_display()]
    if row.zero:
        words.append(pgettext("daily report", "zero report"))
    if not row.on_time:
        words.append(pgettext("daily report", "late"))
    return "、".join(words) if is_chinese() else ", ".join(words)


def _local(at: datetime | None) -> str:
    return date_format(at.astimezone(clock.zone()), "Y-m-d H:i") if at else ""


def daily_document(found: Consolidated, *, author: str, at: datetime) -> bytes:
    """The reports of the units below as .docx bytes, in the active language. Equal arguments give equal bytes."""
    sheet = found.sheet
    title = _("Daily reports of the units of %(unit)s") % {"unit": sheet.unit.title}
    meta = [
        _("Day: %(day)s") % {"day": date_format(sheet.day, "DATE_FORMAT")},
        _("Figures as of %(time)s") % {"time": _local(sheet.at)},
    ]
    language = "zh-CN" if is_chinese() else "en-GB"
    return report_docx(title, meta, list(_blocks(found)), author=author, at=at, language=language)


def _blocks(found: Consolidated) -> Iterator[Block]:
    sheet = found.sheet
    yield Heading(numbered(1) + _("What came"))
    yield Paragraph(_("Units directly below: ") + _count(sheet.count))
    if len(sheet.whole) != len(sheet.direct):
        yield Paragraph(_("All units below: ") + _count(sheet.count_whole))
    if sheet.missing:
        names = "、".join(line.unit.title for line in sheet.missing)
        yield Paragraph(_("Not come: %(names)s.") % {"names": names})
    for review in sheet.reviews:
        yield Paragraph(_review(review))
    yield Heading(numbered(2) + _("Numbers in the reports"))
    rows = [
        [str(rules.LABELS[key]), known(found.totals[key].value), f"{found.totals[key].known}/{sheet.count.received}"]
        for key in found.keys
    ]
    note = _("Known in: in how many of the reports that came. A sum is over these alone.")
    yield TableBlock([_("Figure"), _("Sum"), _("Known in")], rows, widths=[86, 35, 35], note=note)
    yield Heading(numbered(3) + _("By unit"))
    columns = found.columns[:5]
    header = [_("Unit"), _("Report"), *(str(rules.LABELS[key]) for key in columns)]
    lines = [
        [line.unit.title, state_of(line), *(_shown(values, columns))] for line, values in found.rows
    ]  # fmt: skip
    yield TableBlock(header, lines, widths=[36, 30, *([90 / max(len(columns), 1)] * len(columns))], note=_small_note())
    yield Heading(numbered(4) + _("What the units say"))
    if not found.words:
        yield Paragraph(_("No unit wrote anything."))
    for line, row in found.words:
        yield Heading(line.unit.title, 2)
        for label, text in ((_("Problems"), row.problems), (_("Needs"), row.needs), (_("What we did"), row.done)):
            if text:
                yield Paragraph(f"{label}：{text}" if is_chinese() else f"{label}: {text}")


def _small_note() -> str:
    return _("“<5”: about fewer than five people. “*”: would give away that of a small group beside it.")


def _shown(values: Sequence[int | str | None], columns: Sequence[str]) -> list[str]:
    return [known(value) for value in values[: len(columns)]] if values else ["–"] * len(columns)


def _count(count: Count) -> str:
    return _(
        "%(expected)s expected, %(received)s came, of them %(on_time)s in time and %(zero)s zero reports; "
        "%(locked)s taken in."
    ) % {
        "expected": count.expected, "received": count.received, "on_time": count.on_time, "zero": count.zero,
        "locked": count.locked,
    }  # fmt: skip


def _review(row: ReportReview) -> str:
    text = _("Taken in %(time)s: %(taken)s of %(expected)s.") % {
        "time": _local(row.at), "taken": row.taken, "expected": row.expected,
    }  # fmt: skip
    return text + (" " + _("Not waited for %(n)s: %(reason)s") % {"n": len(row.missing), "reason": row.reason}
                   if row.missing else "")  # fmt: skip


def daily_workbook(found: Consolidated, *, author: str, at: datetime) -> bytes:
    """Every unit below with its report, and the sums, as .xlsx bytes. Unknown numbers are empty cells."""
    sheet = found.sheet
    head = [_("Code"), _("Unit"), _("Report"), _("Due"), _("Handed in"), _("Version"), _("Figures as of")]
    labels = [str(rules.LABELS[key]) for key in found.keys]
    words = [_("Problems"), _("Needs"), _("What we did")]
    sums: list[list[CellValue]] = [
        [str(rules.LABELS[key]), found.totals[key].value, found.totals[key].known, sheet.count.received]
        for key in found.keys
    ]
    specs = [
        SheetSpec(_("Units"), [*head, *labels, *words], _lines(found), notes=[_small_note()]),
        SheetSpec(
            pgettext("sheet", "Sums"), [_("Figure"), _("Sum"), _("Known in"), _("Reports that came")], sums,
            notes=[_("Units directly below: ") + _count(sheet.count)],
        ),
    ]  # fmt: skip
    out = BytesIO()
    write_xlsx(out, specs, footer=f"{author} · {_local(at)}", at=at)
    return out.getvalue()


def _lines(found: Consolidated) -> Iterator[list[CellValue]]:
    for line in found.sheet.whole:
        row = line.report
        begin: list[CellValue] = [line.unit.code, line.unit.title, state_of(line), line.due_at]
        if row is None:
            yield begin
            continue
        values = found.values[line.unit.pk]
        as_of = datetime.fromisoformat(row.figures["as_of"])
        yield [
            *begin, row.first_at, row.version, as_of, *(values.get(key) for key in found.keys),
            row.problems, row.needs, row.done,
        ]  # fmt: skip


def daily_filled(content: bytes, found: Consolidated, *, name: str = "") -> Filled:
    """The superior's table with its marks replaced (`MARKS`). BadTemplate names a mark that is not understood."""
    return fill_table(content, _Marks(found), name=name)


class _Marks:
    """What the marks of a table of daily reports mean."""

    no_rows: Message = ""

    def __init__(self, found: Consolidated) -> None:
        self.found = found
        self.rows: Sequence[Line] | None = found.sheet.direct

    def value(self, mark: str, row: Line | None, number: int) -> Value:
        """A figure that one may not see is no mark that is known."""
        sheet, count = self.found.sheet, self.found.sheet.count
        plain: dict[str, Callable[[], Value]] = {
            "unit": lambda: sheet.unit.title, "date": lambda: sheet.day, "time": lambda: _local(sheet.at),
            "expected": lambda: count.expected, "received": lambda: count.received, "ontime": lambda: count.on_time,
            "zero": lambda: count.zero, "missing": lambda: count.missing,
        }  # fmt: skip
        if mark in plain:
            return plain[mark]()
        word, _space, rest = mark.partition(" ")
        rest = rest.strip()
        if word in ("sum", "known") and rest in self.found.keys:
            total = self.found.totals[rest]
            return total.value if word == "sum" else total.known
        if word == "row" and rest:
            return self._of_line(mark, rest, row, number)
        raise unknown_mark(mark)

    def _of_line(self, mark: str, what: str, line: Line | None, number: int) -> Value:
        if what not in ("n", "unit", "code", "state", "time", "problems", "needs", "done", *self.found.keys):
            raise unknown_mark(mark)
        if line is None:
            return None
        plain: dict[str, Value] = {
            "n": number, "unit": line.unit.title, "code": line.unit.code, "state": state_of(line),
        }  # fmt: skip
        if what in plain:
            return plain[what]
        if line.report is None:
            return None
        if what == "time":
            return _local(line.report.first_at)
        if what in ("problems", "needs", "done"):
            return str(getattr(line.report, what))
        return self.found.values[line.unit.pk].get(what)
