"""The situation report as a Word file in the layout of an official document."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shouwang.command import rules
from shouwang.command.models import ResponseLevel
from shouwang.core import clock
from shouwang.core.files.words import Block, Heading, Paragraph, TableBlock, report_docx

CHINESE_NUMBERS = "一二三四五六七八九十"


def report_file_name(figures: rules.Figures) -> str:
    return _("Situation report %(unit)s %(day)s") % {"unit": figures.organisation, "day": figures.day} + ".docx"


def report_document(
    figures: rules.Figures, gaps: list[rules.Gap], level: ResponseLevel | None, *, author: str, at: datetime
) -> bytes:
    """The report as .docx bytes, in the active language. Equal arguments give equal bytes."""
    language = "zh-CN" if (get_language() or "zh").startswith("zh") else "en-GB"
    title = _("Outbreak situation report of %(unit)s") % {"unit": figures.organisation}
    as_of = date_format(figures.as_of.astimezone(clock.zone()), "Y-m-d H:i")
    meta = [
        _("Day: %(day)s") % {"day": date_format(figures.day, "DATE_FORMAT")},
        _("Figures as of %(time)s") % {"time": as_of},
        _("Response level: %(level)s") % {"level": level.get_level_display() if level else _("none declared")},
    ]
    blocks = list(_blocks(figures, gaps))
    return report_docx(title, meta, blocks, author=author, at=at, language=language)


def _blocks(figures: rules.Figures, gaps: list[rules.Gap]) -> Iterator[Block]:
    headings = (numbered(number) for number in range(1, 10))
    if figures.small:
        yield Paragraph(
            _(
                "Fewer than five people belong to this unit: numbers about health are not shown, as each could point "
                "at one of them."
            )
        )
    yield Heading(next(headings) + _("What changed since yesterday"))
    changed = rules.changes(figures)
    if not changed:
        yield Paragraph(_("Nothing among the watched figures has changed."))
    for change in changed:
        yield Paragraph(change.sentence)
    for group, label in rules.GROUPS.items():
        yield Heading(next(headings) + str(label))
        yield _table(figures, group)
    yield Heading(next(headings) + _("Open gaps and next steps"))
    if not gaps:
        yield Paragraph(_("No open gap was found."))
    for gap in gaps:
        yield Paragraph(f"{gap.sentence}{gap.next_step}" if is_chinese() else f"{gap.sentence} {gap.next_step}")
    if figures.units:
        yield Heading(next(headings) + _("By unit"))
        yield _units(figures)
    yield Paragraph(_("Unknown is written as unknown, never as zero. Shares are of the denominator named beside them."))


def is_chinese() -> bool:
    return (get_language() or "zh").startswith("zh")


def numbered(number: int) -> str:
    return f"{CHINESE_NUMBERS[number - 1]}、" if is_chinese() else f"{number}. "


def known(value: object) -> str:
    return _("unknown") if value is None else str(value)


def _signed(change: int | None) -> str:
    if change is None:
        return _("unknown")
    return f"+{change}" if change > 0 else str(change).replace("-", "−")


def _table(figures: rules.Figures, group: str) -> TableBlock:
    labels = {figure.key: str(figure.label) for figure in rules.FIGURES}
    labels |= {
        "beds": _("Beds"),
        "monitored": _("People under observation"),
        "clocks_running_or_late": _("Clocks not yet met"),
    }
    rows = []
    for row in figures.rows():
        figure = row["figure"]
        if figure.group != group:
            continue
        of = f"{labels[figure.of]} {known(row['of'])}" if figure.of else "–"
        share = f"{row['share']:.1%}" if row["share"] is not None else "–"
        rows.append([str(figure.label), known(row["value"]), of, share, _signed(row["change"])])
    header = [_("Figure"), _("Number"), _("Out of"), _("Share"), _("Since yesterday")]
    return TableBlock(header, rows, widths=[46, 22, 44, 20, 24])


def _units(figures: rules.Figures) -> TableBlock:
    header = [_("Unit"), _("Roster"), _("Checked in"), _("With symptoms"), _("Apart")]
    rows = [
        [unit["title"], *(known(unit[key]) for key in ("roster", "checked_in", "symptomatic", "apart"))]
        for unit in figures.units
    ]
    note = _(
        "Apart: in quarantine or isolation. Groups below five people show “<5” instead of a number; “*” stands where a "
        "number would give away that of a small group beside it."
    )
    return TableBlock(header, rows, widths=[56, 25, 25, 25, 25], note=note)
