"""Hospitals that people are transferred to: the institution's own list, `hospitals.toml` in SHOUWANG_HOME.

None is shipped: which hospital is the designated one is a fact of the place. Each has ``code``, ``name``, ``phone``,
``address`` and may have ``units``: codes of the organisations it serves, with everything below them; left out: all.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated

import msgspec
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput
from shouwang.core.tree import ancestors
from shouwang.org.models import Organisation, Person

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
FILE = "hospitals.toml"


class Hospital(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    name: Word
    phone: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    address: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    units: tuple[str, ...] = ()


class Hospitals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hospitals: tuple[Hospital, ...] = ()


def hospitals() -> tuple[Hospital, ...]:
    """The list in force; empty where there is no file. BadInput (`hospitals_file`) says what is wrong with it."""
    path: Path = settings.HOME / FILE
    return _load(path, path.stat().st_mtime_ns) if path.is_file() else ()


@lru_cache(maxsize=8)
def _load(path: Path, _stamp: int) -> tuple[Hospital, ...]:
    """`_stamp` is the file's time of change: an edited file is read again."""
    try:
        found = msgspec.toml.decode(path.read_bytes(), type=Hospitals).hospitals
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, ValueError) as error:
        raise _refusal(str(error)) from error
    codes = [hospital.code for hospital in found]
    for code in codes:
        if codes.count(code) > 1:
            raise _refusal(f"code {code!r} stands there twice")
    return found


def hospitals_for(person: Person) -> list[Hospital]:
    """Those that serve the person's institution, in the order of the file. One query where the file names units."""
    found = hospitals()
    if not any(hospital.units for hospital in found):
        return list(found)
    paths = ancestors(person.home_path)
    above = set(Organisation.objects.filter(path__in=paths).values_list("code", flat=True))
    return [hospital for hospital in found if not hospital.units or above & set(hospital.units)]


def hospital_named(person: Person, code: str) -> Hospital:
    """BadInput naming those there are, or what to do where there is none."""
    there = hospitals_for(person)
    found = next((hospital for hospital in there if hospital.code == code), None)
    if found is not None:
        return found
    if not there:
        raise BadInput(
            _("No hospital is on the list. Write them into hospitals.toml, as docs/files.md shows."),
            code="hospitals_none", field="hospital",
        )  # fmt: skip
    raise BadInput(
        _("No hospital of the list is called %(value)s. Choose one of: %(codes)s."),
        code="hospital_unknown", field="hospital", value=code or "–", codes=", ".join(item.code for item in there),
    )  # fmt: skip


def _refusal(reason: str) -> BadInput:
    return BadInput(
        _("hospitals.toml cannot be used: %(reason)s. Mend the file."), code="hospitals_file", reason=reason
    )
