"""What stands before the body and after it: issuer, number, urgency, title, addressees; date, colophon, attachments."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from shouwang.command.rules.notices.lines import NUMBERED, Flow, joined, width
from shouwang.command.rules.notices.patterns import (
    ATTACHED,
    BARE_NUMBER,
    COPIES,
    DAY_ONLY,
    ENGLISH_DAY,
    ENGLISH_ISSUER,
    ENGLISH_TITLE,
    ISSUED_FILE,
    ISSUER,
    MANY_PEOPLE,
    NUMBER,
    OPEN,
    PEOPLE,
    PRINTED,
    SALUTATION,
    SIGNED_DAY,
    TITLE_END,
    TO,
    URGENCY,
    WHOM,
)  # fmt: skip
from shouwang.core.dates import DateError, parse_date

ANY_YEAR = date(2100, 1, 1)  # days to twenty years later are read; "today" and the like are not looked for
MOST_HEAD = 40  # lines; whoever writes more before the addressees writes something else


@dataclass(slots=True)
class Head:
    """What is known of the notice apart from its body. `body` is the range of lines that hold the body."""

    issuer: str | None = None
    number: str | None = None
    urgency: str | None = None
    title: str | None = None
    addressees: list[str] = field(default_factory=list)
    dated: date | None = None
    print_date: date | None = None
    issuing_office: str | None = None
    copies: list[str] = field(default_factory=list)
    attachments: list[str] = field(default_factory=list)
    body: tuple[int, int] = (0, 0)
    used: set[int] = field(default_factory=set)


def read_head(lines: Sequence[Flow]) -> Head:
    head = Head(body=(0, len(lines)))
    first_numbered = next((k for k, line in enumerate(lines) if NUMBERED.match(line.text)), len(lines))
    limit = min(first_numbered, MOST_HEAD, len(lines))
    _number(lines[:limit], head)
    title_end = _title(lines[:limit], head)
    _addressees(lines, title_end, limit, head)
    if head.issuer is None:
        _issuer(lines, head)
    _tail(lines, head)
    return head


def _number(lines: Sequence[Flow], head: Head) -> None:
    for k, line in enumerate(lines):
        if head.urgency is None and width(line.text) <= 30 and (urgency := URGENCY.search(line.text)):
            head.urgency = re.sub(r"\s", "", urgency[1])
            head.used.add(k)
        if head.number is None and width(line.text) <= 40 and not ISSUED_FILE.search(line.text):
            # A number may be broken over two lines; one inside a sentence is that of another document.
            broken = k + 1 < len(lines) and re.search(rf"[{OPEN}]|字\s*$|发\s*$", line.text)
            one = URGENCY.sub("", closed(line.text))
            for text, upto in ((one, k), (one + closed(lines[k + 1].text) if broken else "", k + 1)):
                hit = NUMBER.search(text) or BARE_NUMBER.match(text)
                if hit and "《" not in text[: hit.start()] and "。" not in text:
                    year = _digits(hit["year"])
                    head.number = f"{hit['who'].strip()}〔{year}〕{_digits(hit['no'])}号"
                    head.used.update(range(k, upto + 1))
                    break
        plain = re.sub(r"\s", "", line.text)
        if head.issuer is None and plain.endswith("文件") and len(plain) > 4:
            head.issuer = plain.removesuffix("文件")
            head.used.add(k)


def _title(lines: Sequence[Flow], head: Head) -> int:
    """The line after the title; 0 where none was found."""
    for k, line in enumerate(lines):
        if ENGLISH_TITLE.match(line.text) and k not in head.used:
            head.title = re.sub(r"(?i)^(re|subject):\s*", "", line.text)
            head.used.add(k)
            return k + 1
        if "关于" not in line.text and not TITLE_END.search(closed(line.text)) and not line.text.startswith("致"):
            continue
        if "。" in line.text or width(line.text) > 60 or re.match(r"^(?:根据|为|现将|按照)", line.text):
            continue
        begin = _begin_of_title(lines, k, head)
        for end in range(k, min(k + 8, len(lines))):
            whole = closed(joined(lines[begin : end + 1]).text)
            if TITLE_END.search(whole):
                head.title = whole
                head.used.update(range(begin, end + 1))
                return end + 1
            if "。" in whole or lines[end].text[-1] in ":：":
                break
    return 0


def _begin_of_title(lines: Sequence[Flow], k: int, head: Head) -> int:
    """Where the title begins: at its 关于, at an issuer on the line above, or, without 关于, at the block of lines."""
    if k and k - 1 not in head.used and ISSUER.match(re.sub(r"\s", "", lines[k - 1].text)):
        return k - 1
    return k


def _addressees(lines: Sequence[Flow], after: int, limit: int, head: Head) -> None:
    begin = after or (max(head.used) + 1 if head.used else 0)
    if begin < len(lines) and (TO.match(lines[begin].text)):
        head.addressees = groups(lines[begin].text)
        head.used.add(begin)
        head.body = (begin + 1, len(lines))
        return
    end = begin
    while end < min(limit, begin + 12) and lines[end].text[-1] not in ":：":
        if any(mark in lines[end].text for mark in "。；"):
            break
        end += 1
    while begin < end < len(lines) and not WHOM.search(lines[begin].text):
        begin += 1  # a line between title and addressees that names nobody
    text = joined(lines[begin : end + 1]).text if end < len(lines) else ""
    fits = text and text[-1] in ":：" and "。" not in text and width(text) <= 240 and WHOM.search(text)
    if fits and not re.search(r"(?:如下|通知|要求|事项)[:：]$", text):
        head.addressees = groups(text)
        head.used.update(range(begin, end + 1))
        # A second list may follow at once: "各学院：" and "各位同学：".
        second = lines[end + 1].text if end + 1 < limit else ""
        if second and second[-1] in ":：" and width(second) < 40 and WHOM.search(second) and "如下" not in second:
            head.addressees += groups(second)
            head.used.add(end + 1)
            end += 1
        head.body = (end + 1, len(lines))
    else:
        head.body = (begin, len(lines))


def groups(text: str) -> list[str]:
    """Addressees by group: a mark of 、or ， parts them, unless what follows is more people of the same word."""
    text = SALUTATION.sub("", text.strip()).rstrip(":：。 ")
    text = re.sub(r"(?<=[\u4e00-\u9fff，、])\s+(?=[\u4e00-\u9fff])", "", text)
    found: list[str] = []
    for mark, part in re.findall(r"([、，,；;]|^)\s*((?:[（(][^（）()]*[)）]|[^、，,；;])+)", text):
        part = part.strip()
        more = mark == "、" and found and re.fullmatch(PEOPLE, part) and MANY_PEOPLE.search(found[-1])
        if more:
            found[-1] += mark + part
        elif part:
            found.append(part)
    return found


def _tail(lines: Sequence[Flow], head: Head) -> None:
    """Read from the end upwards: colophon, copies, signature and date, attachments."""
    first, last = head.body
    end = last
    for k in range(last - 1, max(first - 1, last - 15), -1):
        text = lines[k].text
        if printed := PRINTED.search(text):
            head.print_date = day_of(printed["day"])
            office = re.sub(r"\s", "", text[: printed.start()])
            if not office and k > first and ISSUER.match(re.sub(r"\s", "", lines[k - 1].text)):
                office = re.sub(r"\s", "", lines[k - 1].text)
                head.used.add(k - 1)
            head.issuing_office = office or None
        elif copies := COPIES.match(text):
            head.copies = groups(text[copies.end() :])
        elif head.dated is None and (only := DAY_ONLY.match(text)):
            head.dated = day_of(only["day"])
        elif head.dated is None and (signed := SIGNED_DAY.match(text)) and _names(signed["who"]):
            head.dated = day_of(signed["day"])
            head.issuer = head.issuer or re.sub(r"\s", "", signed["who"])
        elif head.dated is None and (only := ENGLISH_DAY.match(text)):
            head.dated = day_of(only["day"])
        elif k in head.used or _signs(lines, k, end, head):
            pass
        elif ATTACHED.match(text) and not any("。" in line.text for line in lines[k:end]):
            head.attachments = [re.sub(r"^\d{1,2}\s*[.．、]\s*", "", one) for one in _attached(lines[k:end])]
        else:
            continue
        head.used.update(range(k, end))
        end = k
    head.body = (first, end)


def closed(text: str) -> str:
    """Without the blanks that a layout sets between Chinese characters."""
    return re.sub(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff〔\[（(【﹝„])", "", text)


def _names(text: str) -> bool:
    """Whether a line is a body's name and nothing else."""
    plain = re.sub(r"\s", "", text)
    return len(plain) > 2 and bool(ISSUER.match(plain) or ENGLISH_ISSUER.match(text))


def _signs(lines: Sequence[Flow], k: int, end: int, head: Head) -> bool:
    """Whether line k signs: a body's name alone, right above the date or the colophon."""
    if k + 1 != end or not (head.dated or head.print_date) or not _names(lines[k].text):
        return False
    if head.issuer is None:
        plain = re.sub(r"\s", "", lines[k].text)
        head.issuer = plain if ISSUER.match(plain) else lines[k].text
    return True


def _attached(lines: Sequence[Flow]) -> list[str]:
    first = ATTACHED.sub("", lines[0].text).strip()
    return [text for text in [first, *(line.text for line in lines[1:])] if text and not DAY_ONLY.match(text)]


def _issuer(lines: Sequence[Flow], head: Head) -> None:
    """Before the 关于 of the title; else a body's name alone above the title."""
    if head.title and (before := head.title.partition("关于")[0]) and ISSUER.match(before) and before != head.title:
        head.issuer = before
    for k, line in enumerate(lines[: head.body[0]]):
        if k in head.used or not _names(line.text):
            continue
        plain = re.sub(r"\s", "", line.text)
        name = plain if ISSUER.match(plain) else line.text
        if head.issuer in (None, name):
            head.issuer = name
            head.used.add(k)


def _digits(text: str) -> int:
    """A year or number in any digits: 2020, ２０２０, 二〇二〇."""
    plain = text.replace("○", "〇").replace("O", "〇")
    return int("".join(str(int(unicodedata.numeric(char))) for char in plain))


def day_of(text: str) -> date | None:
    """The day a text means; None for one that the calendar does not have. A notice may be of any year."""
    try:
        return parse_date(re.sub(r"\s", "", text) if "年" in text else text, today=ANY_YEAR)
    except DateError:
        return None
