"""Protocol documents ("packs"): what differs between diseases, editions and institutions, as TOML with sources.

A pack is a file ``<code>.toml``, shipped with the program or put into `SHOUWANG_HOME/packs`. This module reads the
file, its head and its hash; each room reads and checks its own sections with `section`.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from django.conf import settings
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput
from shouwang.core.models import ActivePack

T = TypeVar("T")
SHIPPED = Path(__file__).resolve().parent.parent / "packs"


class PackError(BadInput):
    code = "pack_invalid"


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence in both languages."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.zh if (get_language() or "zh").startswith("zh") else self.en


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where numbers come from. `kind` is "source", or "assumption" where no source is known."""

    id: str
    kind: str
    text: str
    url: str = ""


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    disease: str
    edition: str
    name: Text
    in_force_from: date
    in_force_to: date | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    head: Head
    sources: Mapping[str, Source]
    sections: Mapping[str, Any]
    sha256: str
    path: Path

    @property
    def code(self) -> str:
        return self.head.code

    def section(self, name: str, shape: type[T]) -> T:
        """The section `name` as `shape` (a msgspec Struct or a list of them). PackError names the place in the file."""
        if name not in self.sections:
            raise PackError(_("Pack %(pack)s has no section [%(section)s]."), pack=self.code, section=name)
        try:
            return msgspec.convert(self.sections[name], shape, strict=True)
        except msgspec.ValidationError as error:
            raise PackError(
                _("Pack %(pack)s, section [%(section)s]: %(reason)s"), pack=self.code, section=name, reason=str(error)
            ) from error


def read_pack(path: Path) -> Pack:
    """Parse one file and check its head and its sources. PackError with line or key."""
    raw = path.read_bytes()
    try:
        document = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PackError(
            _("Pack file %(file)s cannot be read: %(reason)s"), file=path.name, reason=str(error)
        ) from error
    try:
        head = msgspec.convert(document.pop("pack", None), Head)
        sources = {item.id: item for item in msgspec.convert(document.pop("sources", None), list[Source])}
    except msgspec.ValidationError as error:
        raise PackError(_("Pack file %(file)s: %(reason)s"), file=path.name, reason=str(error)) from error
    if head.code != path.stem:
        raise PackError(_("Pack file %(file)s says it is %(code)s."), file=path.name, code=head.code)
    _check_sources(document, sources, path.name, "")
    return Pack(head, sources, document, hashlib.sha256(raw).hexdigest(), path)


def _check_sources(value: object, sources: Mapping[str, Source], file: str, where: str) -> None:
    """Every `source = "…"` in the document must name an entry of [[sources]]."""
    if isinstance(value, dict):
        named = value.get("source")
        if isinstance(named, str) and named not in sources:
            raise PackError(
                _("Pack file %(file)s, %(where)s: unknown source %(source)s."),
                file=file,
                where=where or "top",
                source=named,
            )
        for key, inner in value.items():
            _check_sources(inner, sources, file, f"{where}.{key}".lstrip("."))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check_sources(inner, sources, file, f"{where}[{index}]")


@lru_cache(maxsize=256)
def _cached(path: Path, mtime_ns: int) -> Pack:
    return read_pack(path)


def pack_files() -> dict[str, Path]:
    """Code -> file; a file in `SHOUWANG_HOME/packs` stands before a shipped one of the same code."""
    files = {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}
    if settings.PACKS_ROOT.is_dir():
        files |= {path.stem: path for path in sorted(settings.PACKS_ROOT.glob("*.toml"))}
    return files


def get_pack(code: str) -> Pack:
    """The pack named `code`. PackError when there is none."""
    path = pack_files().get(code)
    if path is None:
        raise PackError(_("There is no pack named %(code)s."), code=code)
    return _cached(path, path.stat().st_mtime_ns)


def active_packs(on: date) -> list[Pack]:
    """Packs in force at this institution on a day, in the order they were activated."""
    rows = ActivePack.objects.filter(Q(active_to__isnull=True) | Q(active_to__gte=on), active_from__lte=on)
    return [get_pack(code) for code in rows.order_by("active_from", "pk").values_list("code", flat=True)]
