"""Protocol documents ("packs"): what differs between diseases, editions and institutions, as TOML with sources.

A pack is a file ``<code>.toml``, shipped with the program or put into `SHOUWANG_HOME/packs`. This module reads the
file, its head, its sources and its hash; each room reads and checks its own sections with `section`. Whoever judges
by a pack keeps the version that judged (`keep_version`), and reads that version again with its hash.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
from django.conf import settings
from django.db.models import Q
from django.utils.text import format_lazy
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from shouwang.core import complaints
from shouwang.core.complaints import Complaint, Document, Words
from shouwang.core.errors import BadInput
from shouwang.core.models import ActivePack, PackVersion
from shouwang.core.toml_lines import Key

T = TypeVar("T")
SHIPPED = Path(__file__).resolve().parent.parent / "packs"


class PackError(BadInput):
    """A pack that cannot be used. `complaint` names file, line and key where the fault lies in a file."""

    code = "pack_invalid"
    complaint: Complaint | None = None

    @classmethod
    def of(cls, complaint: Complaint) -> PackError:
        place = f"{complaint.file}:{complaint.line}" if complaint.line is not None else complaint.file
        where = f"{complaint.path}: " if complaint.path else ""
        error = cls(
            _("%(place)s: %(where)s%(what)s. %(remedy)s"),
            place=place, where=where, what=complaint.what, remedy=complaint.remedy, file=complaint.file,
            line=complaint.line, path=complaint.path,
        )  # fmt: skip
        error.complaint = complaint
        return error


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence in both languages."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.zh if (get_language() or "zh").startswith("zh") else self.en


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where numbers come from. `kind` is "source", or "assumption" where no source is known."""

    id: str
    kind: Literal["source", "assumption"]
    text: str
    url: str = ""


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[pack]. `in_force_from` and `in_force_to` are the days of the document itself, both included."""

    code: str
    disease: str
    edition: str
    name: Text
    in_force_from: date
    in_force_to: date | None = None

    def __post_init__(self) -> None:
        for name, word in (("code", self.code), ("disease", self.disease)):
            if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,39}", word):
                raise ValueError(gettext("%(name)s is 2 to 40 small letters, digits and hyphens") % {"name": name})
        if self.in_force_to is not None and self.in_force_to < self.in_force_from:
            raise ValueError(gettext("in_force_to lies before in_force_from; exchange the two, or correct the year"))


@dataclass(frozen=True, slots=True)
class Pack:
    head: Head
    sources: Mapping[str, Source]
    sections: Mapping[str, Any]
    sha256: str
    path: Path
    document: Document

    @property
    def code(self) -> str:
        return self.head.code

    def section(self, name: str, shape: type[T]) -> T:
        """The section `name` as `shape` (a msgspec Struct or a list of them). PackError names the place in the file."""
        if name not in self.sections:
            what = format_lazy(_("the section [{section}] is missing"), section=name)
            raise self.refuse((), what, _("Add it; docs/packs.md shows how it looks."))
        try:
            return msgspec.convert(self.sections[name], shape, strict=True)
        except msgspec.ValidationError as error:
            raise PackError.of(self.document.of_shape(str(error), (name,))) from error

    def optional(self, name: str, shape: type[T]) -> T | None:
        """As `section`; None where the pack leaves it out."""
        return self.section(name, shape) if name in self.sections else None

    def refuse(self, path: Key, what: Words, remedy: Words) -> PackError:
        """The error to raise for what stands at `path`."""
        return PackError.of(self.document.complaint(path, what, remedy))


def read_pack(path: Path) -> Pack:
    """Parse one file and check its head and its sources. PackError with file, line and key of the first fault."""
    pack, faults = parse_pack(path.read_bytes(), path)
    if faults:
        raise PackError.of(faults[0])
    return pack


def parse_pack(raw: bytes, path: Path) -> tuple[Pack, list[Complaint]]:
    """A pack and what is wrong with its sources. PackError where not even its head can be read."""
    try:
        document = complaints.read_document(raw, path.name)
    except complaints.Unreadable as error:
        raise PackError.of(error.complaint) from error
    tables = dict(document.tables)
    read: dict[str, Any] = {}
    for name, shape in (("pack", Head), ("sources", list[Source])):
        if name not in tables:
            what = format_lazy(_("the section [{section}] is missing"), section=name)
            raise PackError.of(document.complaint((), what, _("Add it; docs/packs.md shows how it looks.")))
        try:
            read[name] = msgspec.convert(tables.pop(name), shape, strict=True)
        except msgspec.ValidationError as error:
            raise PackError.of(document.of_shape(str(error), (name,))) from error
    head: Head = read["pack"]
    if head.code != path.stem:
        what = format_lazy(_("the file is named {file} and says it is {code}"), file=path.name, code=head.code)
        remedy = format_lazy(_("Name the file {code}.toml, or correct the code."), code=head.code)
        raise PackError.of(document.complaint(("pack", "code"), what, remedy))
    sources = {item.id: item for item in read["sources"]}
    pack = Pack(head, sources, tables, hashlib.sha256(raw).hexdigest(), path, document)
    return pack, source_faults(document, tables, read["sources"])


def source_faults(document: Document, tables: Mapping[str, Any], sources: list[Source]) -> list[Complaint]:
    """Every number has a source, every name of a source leads to one, every sentence stands in both languages."""
    ids = [source.id for source in sources]
    found = []
    for number, name in enumerate(ids):
        if name in ids[:number]:
            what = format_lazy(_("two sources have the name “{name}”"), name=name)
            found.append(document.complaint(("sources", number, "id"), what, _("Give each its own.")))
    for path, name in complaints.named_sources(tables):
        if name not in ids:
            what = format_lazy(_("there is no source “{name}” in [[sources]]"), name=name)
            remedy = format_lazy(_("Add it there, or name one of: {names}."), names=", ".join(ids) or "–")
            found.append(document.complaint(path, what, remedy))
    for path in complaints.unsourced(dict(tables)):
        what = _("a number without its source")
        remedy = _('Add source = "…" to its table; where nobody states it, one whose kind is "assumption".')
        found.append(document.complaint(path, what, remedy))
    for path in complaints.one_sided(document.tables):
        found.append(document.complaint(path, _("this sentence is empty"), _("Write it in Chinese and in English.")))
    return found


@lru_cache(maxsize=256)
def _cached(path: Path, mtime_ns: int) -> Pack:
    return read_pack(path)


def pack_files() -> dict[str, Path]:
    """Code -> file; a file in `SHOUWANG_HOME/packs` stands before a shipped one of the same code."""
    files = {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}
    if settings.PACKS_ROOT.is_dir():
        files |= {path.stem: path for path in sorted(settings.PACKS_ROOT.glob("*.toml"))}
    return files


def get_pack(code: str, sha256: str = "") -> Pack:
    """The pack named `code`: the file at hand, or the version of that hash where it was kept.

    PackError when there is none. A version that nobody kept (its file was changed before versions were) is the file.
    """
    path = pack_files().get(code)
    fault: PackError | None = None
    found: Pack | None = None
    if path is not None:
        try:
            found = _cached(path, path.stat().st_mtime_ns)
        except PackError as error:
            fault = error
    if found is not None and sha256 in ("", found.sha256):
        return found
    # The file has changed, was broken or is gone; what judged by the version of that hash can still be read.
    found = (_kept(code, sha256) if sha256 else None) or found
    if found is None:
        raise fault or PackError(_("There is no pack named %(code)s."), code=code)
    return found


def _kept(code: str, sha256: str) -> Pack | None:
    row = PackVersion.objects.filter(code=code, sha256=sha256).values_list("content", flat=True).first()
    return _of_version(code, bytes(row)) if row is not None else None


@lru_cache(maxsize=256)
def _of_version(code: str, content: bytes) -> Pack:
    return parse_pack(content, Path(f"{code}.toml"))[0]


def active_packs(on: date) -> list[Pack]:
    """Packs in force at this institution on a day, in the order they were activated, in the versions activated."""
    rows = ActivePack.objects.filter(Q(active_to__isnull=True) | Q(active_to__gte=on), active_from__lte=on)
    return [get_pack(*row) for row in rows.order_by("active_from", "pk").values_list("code", "sha256")]
