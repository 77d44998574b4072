"""One answer: from what was typed to how it is kept. Everything is kept as text, as ODK writes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput, Message
from shouwang.surveys.rules import model as m
from shouwang.surveys.rules.model import Question

TEXT_LIMIT = 2000  # characters of one answer
FILE_NAME = re.compile(r"[^/\\\x00-\x1f\x7f\ud800-\udfff]{1,120}")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

SAYS: Mapping[str, Message] = {
    m.INTEGER: _("Write a whole number."),
    m.DECIMAL: _("Write a number."),
    m.DATE: _("Write a day like 2026-03-02."),
    m.TIME: _("Write a time like 08:30."),
    m.MOMENT: _("Write a day and a time like 2026-03-02 08:30."),
    m.MEDIA: _("Here stands the name of a file, of at most 120 characters."),
    m.TEXT: _("At most %(limit)s characters, without control characters."),
}


class BadAnswer(BadInput):
    """An answer that is of another kind than its question."""

    code = "answer_kind"


def tidy(question: Question, given: str, *, zone: tzinfo) -> str:
    """The answer as it is kept; "" for none. BadAnswer when it is not of the question's kind.

    Whether a choice is offered, is judged where the other answers are known (`evaluating`).
    """
    text = given.strip() if question.kind != m.TEXT else given.replace("\r\n", "\n").strip()
    if not text:
        return ""
    if len(text) > TEXT_LIMIT or CONTROL.search(text):
        raise BadAnswer(SAYS[m.TEXT], code="answer_text", limit=TEXT_LIMIT)
    try:
        return _read(question.kind, text, zone)
    except (ValueError, InvalidOperation, OverflowError) as error:
        raise BadAnswer(SAYS.get(question.kind, SAYS[m.TEXT]), limit=TEXT_LIMIT) from error


def _read(kind: str, text: str, zone: tzinfo) -> str:
    match kind:
        case m.INTEGER:
            if not re.fullmatch(r"[-+]?\d{1,15}(\.0+)?", text, re.ASCII):
                raise ValueError(text)
            return str(int(text.split(".")[0]))
        case m.DECIMAL:
            if not re.fullmatch(r"[-+]?(\d{1,15}(\.\d{0,10})?|\.\d{1,10})", text, re.ASCII):
                raise ValueError(text)
            return format(Decimal(text).normalize(), "f")
        case m.DATE:
            return date.fromisoformat(text[:10]).isoformat()
        case m.TIME:
            return time.fromisoformat(text.split("Z")[0].split("+")[0]).replace(tzinfo=None).isoformat("seconds")
        case m.MOMENT:
            found = datetime.fromisoformat(text)
            return (found if found.tzinfo else found.replace(tzinfo=zone)).isoformat(timespec="seconds")
        case m.MANY | m.RANK:
            return " ".join(dict.fromkeys(text.split()))
        case m.TRIGGER:
            return "OK"
        case m.MEDIA:
            if not FILE_NAME.fullmatch(text) or text in (".", ".."):
                raise ValueError(text)
    return text
