"""A notice as it arrives, file or pasted text, read. Stores nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouwang.command.rules import notices
from shouwang.core.files.prose import pasted, read_prose

# What `unread` says, by its code.
REASONS: dict[str, Promise] = {
    "no_capability": _("An order, but of nothing this system does."),
    "not_placed": _("A line that belongs to no known part of a notice."),
    "table_row": _("A row of a table in which no task of this system was found."),
    "pictures": _("The file holds pictures; what stands in them was not read."),
    "macros": _("The file holds macros; they were neither run nor read."),
    "pages_left_out": _("The file has more pages than are read; the last ones were left out."),
    "pages_without_text": _("Some pages hold no text, pictures of it at best; they were not read."),
    "text_cut": _("The text is longer than is read; its end was left out."),
}


@dataclass(frozen=True, slots=True)
class NoticeRead:
    """`text` as it was taken out of the file; `found` as `shouwang directive read --json` prints it."""

    text: str
    found: dict[str, Any]

    def marked(self) -> list[dict[str, Any]]:
        """The text in pieces: `{"text", "id", "names"}`; where something is ordered an id and names of capabilities."""
        by_span: dict[tuple[int, int], list[str]] = {}
        for measure in self.found["measures"]:
            by_span.setdefault(tuple(measure["at"]), []).append(capability_name(measure["capability"]))
        pieces, done = [], 0
        for (start, end), names in sorted(by_span.items()):
            pieces.append({"text": _closed_up(self.text[done:start]), "id": "", "names": []})
            pieces.append({"text": _closed_up(self.text[start:end]), "id": f"at-{start}", "names": names})
            done = end
        pieces.append({"text": _closed_up(self.text[done:]), "id": "", "names": []})
        return [piece for piece in pieces if piece["text"]]


def _closed_up(text: str) -> str:
    """Without the empty lines between."""
    return re.sub(r"[ \t\u3000]*\n(?:[ \t\u3000\f\r]*\n)+", "\n", text)


def capability_name(key: str) -> str:
    """In the active language."""
    zh, en = notices.vocabulary().names()[key]
    return zh if (get_language() or "zh").startswith("zh") else en


def read_notice(raw: bytes | str) -> NoticeRead:
    """What a file (bytes) or a pasted text says: issuer, number, title, addressees, sections, dates, and measures with
    the words that order them; see docs/rooms/command.md. `unread` names orders without a capability, lines that could
    not be placed and what the file holds besides its text. UnreadableFile when there is no text at all."""
    prose = pasted(raw) if isinstance(raw, str) else read_prose(raw)
    found = notices.read(prose.text).as_dict()
    found["unread"] += [{"text": "", "section": None, "reason": gap} for gap in prose.gaps]
    return NoticeRead(prose.text, found)
