"""What is asked, of whom and how often: the packs in force, the nearest published form, the level that sets the
cadence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from time import monotonic
from typing import Any

from django.conf import settings

from shouwang.checkins import rules
from shouwang.checkins.models import AskedLevel, FormVersion
from shouwang.checkins.rules.asking import Asking
from shouwang.checkins.rules.standing import LOOK_BACK
from shouwang.core import clock
from shouwang.core.bulk import one_row, rows_as_json
from shouwang.core.packs import get_pack
from shouwang.core.tree import Regions, ancestors
from shouwang.org.models import Organisation

# Written as SQL because the hot path asks it with every group of check-ins.
IN_FORCE = """
FROM (SELECT code, sha256 FROM core_activepack WHERE active_from <= %s AND (active_to IS NULL OR active_to >= %s)
 ORDER BY active_from, id) AS packs"""
FORMS = """
FROM (SELECT COALESCE(o.path, '') AS path, v.sha256 FROM checkins_formversion v
 LEFT JOIN org_organisation o ON o.id = v.organisation_id
 WHERE v.starts <= %s AND v.ends >= %s ORDER BY v.version) AS forms"""
LOOK_AGAIN_S = 2.0  # a pack file that was changed by hand is read again after so long
MOST_REMEMBERED = 64
BUILT_IN = ""  # stands for the hash of the built-in form
_remembered: dict[tuple[Any, ...], tuple[float, rules.Protocols]] = {}


class OnDay:
    """What is asked on one day, wherever somebody is at home: each institution its own form, the packs for all."""

    def __init__(self, versions: Sequence[tuple[str, str]], forms: Iterable[tuple[str, str]]) -> None:
        """`versions`: (code, hash) of the packs in force; `forms`: (path, hash) of forms, the higher version later."""
        self.versions = tuple(versions)
        self.forms = Regions({"": BUILT_IN, **dict(forms)})
        self._asked: dict[str, rules.Protocols] = {}

    def of(self, path: str) -> rules.Protocols:
        """What is asked at `path`: by the form of the nearest organisation that has one, itself included. What was
        asked once stays so for this object, which lives as long as one request or group."""
        form = self.forms.of(path)
        known = self._asked.get(form)
        if known is None:
            known = self._asked[form] = self._with(form)
        return known

    def elsewhere(self, sha256: str, path: str) -> bool:
        """Whether `sha256` is what another part of the institution is asked today, and not `path`."""
        others = {form for form in self.forms.nodes.values() if form != self.forms.of(path)}
        return any(self._with(form).sha256 == sha256 for form in others)

    def _with(self, form: str) -> rules.Protocols:
        key = (settings.PACKS_ROOT, self.versions, form)
        now = monotonic()
        known = _remembered.get(key)
        if known is not None and now - known[0] < LOOK_AGAIN_S:
            return known[1]
        packs = [get_pack(code, sha256) for code, sha256 in self.versions]
        protocols = rules.Protocols.of(packs, _published(form) if form else None)
        if known is not None and known[1].sha256 == protocols.sha256:
            protocols = known[1]  # with the decisions it remembers
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        _remembered[key] = (now, protocols)
        return protocols


def protocols_on(day: date) -> OnDay:
    """What is asked on `day`, and by which rules it is judged. One small statement for people of any institution."""
    packs, forms = one_row(
        f"SELECT {rows_as_json('code, sha256', IN_FORCE)}, {rows_as_json('path, sha256', FORMS)}", [str(day)] * 4
    )
    versions = [(code, sha256) for code, sha256 in json.loads(packs or "[]")]
    return OnDay(versions, [(path, sha256) for path, sha256 in json.loads(forms or "[]")])


def protocols_of(day: date, path: str = "") -> rules.Protocols:
    """What is asked on `day` of people at home at `path`; "": where no institution has a form of its own."""
    return protocols_on(day).of(path)


@lru_cache(maxsize=MOST_REMEMBERED)
def _published(sha256: str) -> rules.Form:
    """A published document never changes, so that each is fetched and read once in a process."""
    row = FormVersion.objects.filter(sha256=sha256).order_by("pk").values_list("document", flat=True)[0]
    return rules.read_form(row.encode())


def form_on(day: date, path: str = "") -> rules.Form:
    """The form in force at `path` on `day`; the built-in one where none is published."""
    return askings(day, day).form(day, path)


def form_owner(day: date, path: str) -> Organisation | None:
    """`Askings.owner` of one day."""
    return askings(day, day).owner(day, path)


def level_on(path: str | None, day: date) -> str:
    """The level that governs `path` on `day`: that of the nearest organisation with one. "none" where there is none.

    Without a path, that of the topmost organisation that has one.
    """
    return _level(_levels(path, day, day), path, day)


def asking_on(day: date, path: str | None = None) -> Asking:
    """The cadence in force on `day` for people under `path`; without one, at the topmost organisation that has a
    level, or a form."""
    found = askings(day, day)
    return found.on(day, found.topmost(day) if path is None else path)


class Askings:
    """Forms and levels of some days, as read in two queries."""

    def __init__(self, forms: Sequence[FormVersion], levels: Sequence[AskedLevel]) -> None:
        self.forms, self.levels = forms, levels
        self.paths = sorted({"", *(row.path for row in forms), *(row.organisation_path for row in levels)})

    def _row(self, day: date, path: str) -> FormVersion | None:
        # By the row's own days: a version that was withdrawn ends sooner than its document says.
        rows: dict[str, FormVersion | None] = {row.path: row for row in self.forms if row.starts <= day <= row.ends}
        return Regions({"": None, **rows}).of(path)

    def form(self, day: date, path: str) -> rules.Form:
        found = self._row(day, path)
        return _published(found.sha256) if found else rules.built_in_form()

    def owner(self, day: date, path: str) -> Organisation | None:
        """Whose form is asked at `path`; None for that of the whole installation, and for the built-in one."""
        row = self._row(day, path)
        return row.organisation if row else None

    def on(self, day: date, path: str) -> Asking:
        """The cadence for people at home at `path`."""
        return self.form(day, path).asking(_level(self.levels, path, day))

    def regions(self, day: date) -> Regions[Asking]:
        """The cadence of `day` everywhere."""
        return Regions.of_different({path: self.on(day, path) for path in self.paths})

    def topmost(self, day: date) -> str:
        levels = [row.organisation_path for row in self.levels if _holds(row, day)]
        forms = [row.path for row in self.forms if row.starts <= day <= row.ends]
        return min(levels or forms or [""], key=lambda path: (len(path), path))


def askings(first: date, last: date) -> Askings:
    """Every form and level that is in force on a day from `first` to `last`. Two queries."""
    forms = FormVersion.objects.filter(starts__lte=last, ends__gte=first).defer("document")
    return Askings(list(forms.select_related("organisation").order_by("version")), _levels(None, first, last))


def asking_regions(day: date) -> Regions[Asking]:
    """How often everybody is asked on `day`, institution by institution."""
    return askings(day, day).regions(day)


def today_of(at: datetime) -> rules.Todays:
    """The day of `at` as the lists see it, and the slot of it that is being asked, by the cadence in force."""
    moment = at.astimezone(clock.zone())
    day = moment.date()
    found = askings(date.fromordinal(day.toordinal() - LOOK_BACK), day)

    def today(path: str) -> rules.Today:
        asks: Callable[[date], bool] = lru_cache(lambda one: found.on(one, path).asks_on(one))
        asking = found.on(day, path)
        part = asking.part_at(moment.time())
        return rules.today(day, asks, part, asking.slots[part].starts if part else time.min)

    return rules.Todays(day, Regions.of_different({path: today(path) for path in found.paths}))


def _levels(path: str | None, first: date, last: date) -> list[AskedLevel]:
    rows = AskedLevel.objects.filter(starts__lte=last).exclude(ends__lt=first)
    return list(rows if path is None else rows.filter(organisation_path__in=ancestors(path)))


def _holds(row: AskedLevel, day: date) -> bool:
    return row.starts <= day and (row.ends is None or row.ends >= day)


def _level(rows: Iterable[AskedLevel], path: str | None, day: date) -> str:
    sign = -1 if path is None else 1
    inside = [row for row in rows if _holds(row, day) and (path is None or path.startswith(row.organisation_path))]
    found = [(sign * len(row.organisation_path), row.pk, row.level) for row in inside]
    return max(found)[2] if found else "none"
