"""The column "type" of a form: what each word asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shouwang.surveys.rules import model as m

PLAIN = {
    "text": m.TEXT, "string": m.TEXT, "barcode": m.TEXT, "phone number": m.TEXT, "integer": m.INTEGER,
    "int": m.INTEGER, "percentage": m.INTEGER, "decimal": m.DECIMAL, "range": m.DECIMAL, "date": m.DATE,
    "time": m.TIME, "datetime": m.MOMENT, "note": m.NOTE, "calculate": m.CALCULATE, "calculation": m.CALCULATE,
    "hidden": m.HIDDEN, "acknowledge": m.TRIGGER, "trigger": m.TRIGGER, "image": m.MEDIA, "photo": m.MEDIA,
    "audio": m.MEDIA, "video": m.MEDIA, "file": m.MEDIA, "geopoint": m.MEDIA, "geotrace": m.MEDIA,
    "geoshape": m.MEDIA, "location": m.MEDIA, "gps": m.MEDIA, "start": m.META, "end": m.META, "today": m.META,
    "deviceid": m.META, "imei": m.META, "username": m.META, "phonenumber": m.META, "simserial": m.META,
    "subscriberid": m.META, "email": m.META, "audit": m.META, "start-geopoint": m.META, "background-audio": m.META,
    "background-geopoint": m.META, "uuid": m.META,
}  # fmt: skip
ONE = r"(?:select_one|select one|select1|add select one prompt using|select one from|select one using)"
MANY = (
    r"(?:select_multiple|select multiple|select all that apply|add select multiple prompt using"
    r"|select all that apply from|select multiple from|select multiple using)"
)
SELECT = re.compile(
    rf"(?:(?P<one>{ONE})|(?P<many>{MANY})|(?P<rank>rank))\s+(?:from\s+)?(?P<list>\S+)(?P<other>.*)", re.I
)
STRUCTURE = re.compile(r"(?P<verb>begin|end)[ _]?(?P<what>group|repeat|lgroup)", re.I)
REFUSED = re.compile(
    r"(select_(one|multiple)(_external|_from_file)|csv-external|xml-external|osm|begin[ _]table)", re.I
)


@dataclass(frozen=True, slots=True)
class Type:
    """What a row is: a question of `kind`, or `begin`/`end` of a group or repeat."""

    kind: str = ""
    list_name: str = ""
    or_other: bool = False
    begins: bool = False
    ends: bool = False
    repeat: bool = False
    meta: str = ""


def read_type(text: str) -> Type | None:
    """None for a word that is not known or not supported."""
    word = " ".join(text.split())
    if REFUSED.match(word):
        return None
    if structure := STRUCTURE.fullmatch(word):
        begins = structure["verb"].lower() == "begin"
        return Type(begins=begins, ends=not begins, repeat=structure["what"].lower() == "repeat")
    if select := SELECT.fullmatch(word):
        rest = select["other"].strip().lower().replace(" ", "_")
        if rest not in ("", "or_other", "or_specify_other", "or_specify", "specify_other"):
            return None
        kind = m.ONE if select["one"] else m.MANY if select["many"] else m.RANK
        return Type(kind, select["list"], or_other=bool(rest))
    kind = PLAIN.get(word.lower().replace("_", "-") if word.lower() not in PLAIN else word.lower(), "")
    return Type(kind, meta=word.lower() if kind == m.META else "") if kind else None
