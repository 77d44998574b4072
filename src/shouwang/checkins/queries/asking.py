"""What is asked, of whom and how often: the packs in force, the published form, the level that sets the cadence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from time import monotonic
from typing import Any

from django.conf import settings

from shouwang.checkins import rules
from shouwang.checkins.models import AskedLevel, FormVersion
from shouwang.checkins.rules.asking import Asking
from shouwang.core.bulk import one_row, rows_as_json
from shouwang.core.packs import get_pack
from shouwang.core.tree import ancestors

# Written as SQL because the hot path asks it with every group of check-ins.
IN_FORCE = """
FROM (SELECT code, sha256 FROM core_activepack WHERE active_from <= %s AND (active_to IS NULL OR active_to >= %s)
 ORDER BY active_from, id) AS packs"""
FORM = """
FROM (SELECT sha256, document FROM checkins_formversion WHERE starts <= %s AND ends >= %s
 ORDER BY version DESC LIMIT 1) AS form"""
LOOK_AGAIN_S = 2.0  # a pack file that was changed by hand is read again after so long
MOST_REMEMBERED = 64
_remembered: dict[tuple[Any, ...], tuple[float, rules.Protocols]] = {}


def protocols_of(day: date) -> rules.Protocols:
    """What is asked on `day`, and by which rules it is judged. One small statement."""
    packs, published = one_row(
        f"SELECT {rows_as_json('code, sha256', IN_FORCE)}, {rows_as_json('sha256, document', FORM)}",
        [str(day)] * 4,
    )
    versions = tuple((code, sha256) for code, sha256 in json.loads(packs or "[]"))
    row = next(iter(json.loads(published or "[]")), None)
    key = (settings.PACKS_ROOT, versions, row[0] if row else "")
    now = monotonic()
    known = _remembered.get(key)
    if known is not None and now - known[0] < LOOK_AGAIN_S:
        return known[1]
    protocols = rules.Protocols.of([get_pack(code, sha256) for code, sha256 in versions], _read(*row) if row else None)
    if known is not None and known[1].sha256 == protocols.sha256:
        protocols = known[1]  # with the decisions it remembers
    if len(_remembered) >= MOST_REMEMBERED:
        _remembered.clear()
    _remembered[key] = (now, protocols)
    return protocols


def form_on(day: date) -> rules.Form | None:
    """The institution's form in force on `day`; None where it has published none for it (the built-in one is asked)."""
    row = FormVersion.objects.filter(starts__lte=day, ends__gte=day).order_by("-version").first()
    return _read(row.sha256, row.document) if row else None


def level_on(path: str | None, day: date) -> str:
    """The level that governs `path` on `day`: that of the nearest organisation with one. "none" where there is none.

    Without a path, that of the topmost organisation that has one.
    """
    return _level(_levels(path, day, day), path, day)


def asking_on(day: date, path: str | None = None) -> Asking:
    """The cadence in force on `day` for people under `path`; without one, of the whole institution."""
    return asking_calendar(day, day, path)(day)


def asking_calendar(first: date, last: date, path: str | None = None) -> Callable[[date], Asking]:
    """`asking_on` for every day from `first` to `last`, in two queries."""
    # By the row's own days: a version that was withdrawn ends sooner than its document says.
    forms = list(FormVersion.objects.filter(starts__lte=last, ends__gte=first).order_by("-version"))
    levels = _levels(path, first, last)

    def asking(day: date) -> Asking:
        row = next((one for one in forms if one.starts <= day <= one.ends), None)
        form = _read(row.sha256, row.document) if row else rules.built_in_form()
        return form.asking(_level(levels, path, day))

    return asking


def _levels(path: str | None, first: date, last: date) -> list[AskedLevel]:
    rows = AskedLevel.objects.filter(starts__lte=last).exclude(ends__lt=first)
    return list(rows if path is None else rows.filter(organisation_path__in=ancestors(path)))


def _level(rows: Iterable[AskedLevel], path: str | None, day: date) -> str:
    sign = -1 if path is None else 1
    inside = [row for row in rows if row.starts <= day and (row.ends is None or row.ends >= day)]
    found = [(sign * len(row.organisation_path), row.pk, row.level) for row in inside]
    return max(found)[2] if found else "none"


@lru_cache(maxsize=32)
def _read(sha256: str, document: str) -> rules.Form:
    return rules.read_form(document.encode())
