"""The files of contact rules: which editions are at hand, and what one of them says."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import NotFound
from shouwang.org.models import Place
from shouwang.tracing.models import PresenceSource
from shouwang.tracing.rules import editions
from shouwang.tracing.rules.editions import Edition

DISTANCES = Path(__file__).resolve().parent.parent / "distance.toml"
SHIPPED = Path(__file__).resolve().parent.parent / "contact_rules"
SOURCE_CODES = {source.name.lower(): int(source) for source in PresenceSource}


@lru_cache(maxsize=1)
def words() -> editions.Known:
    """What a condition of a contact rule may name."""
    classes = tomllib.loads(DISTANCES.read_text("utf-8"))["classes"]
    return {
        "sources": frozenset(SOURCE_CODES),
        "place_kinds": frozenset(Place.Kind.values),
        "distances": frozenset(item["code"] for item in classes),
    }


def own_folder() -> Path:
    """Where an institution puts rule files of its own."""
    home: Path = settings.HOME
    return home / "contact_rules"


def edition_files() -> dict[str, Path]:
    """Code -> file; an institution's own file stands before a shipped one of the same code."""
    files = {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}
    if own_folder().is_dir():
        files |= {path.stem: path for path in sorted(own_folder().glob("*.toml"))}
    return files


def read_edition(path: Path) -> Edition:
    """One rule file and the weights it names. EditionError names file and key."""
    found = editions.parse(
        path.read_bytes(),
        path.name,
        known=words(),
    )
    if found.head.weights and not weights_file(found.head.weights).is_file():
        raise editions.refused(path.name, f"there is no file weights/{found.head.weights}.toml", "edition.weights")
    return found


@lru_cache(maxsize=256)
def _cached(path: Path, mtime_ns: int) -> Edition:
    return read_edition(path)


def get_edition(code: str) -> Edition:
    """The edition named `code`. NotFound when there is none, EditionError when its file is broken."""
    path = edition_files().get(code)
    if path is None:
        raise NotFound(_("There is no contact rule “%(code)s”. `shouwang rule list` names them."), code=code)
    return _cached(path, path.stat().st_mtime_ns)


def weights_file(name: str) -> Path:
    own = own_folder() / "weights" / f"{name}.toml"
    return own if own.is_file() else SHIPPED / "weights" / f"{name}.toml"
