"""Two people, one case: the later one learns who changed what, instead of overwriting it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shouwang.cases import rules
from shouwang.cases.models import Case, Classification
from shouwang.cases.queries.faces import shown_date, writer
from shouwang.core.errors import Conflict
from shouwang.org.models import Account

NAMES: Mapping[str, str | Promise] = {
    **{f"{moment}_at": name for moment, name in rules.MOMENTS.items()},
    "classification": _("classification"),
    "closed_at": _("closing"),
}


def check_version(case: Case, version: int | None) -> None:
    """Conflict (`version_conflict`) naming who changed what since `version`; None asks for no check.

    `case` must be freshly locked. The changes stand in the error's data: field, old, new, by, at.
    """
    if version is None or version == case.version:
        return
    changes = changes_since(case, version)
    sentence = gettext("%(name)s is now %(value)s")
    what = gettext("; ").join(sentence % {"name": NAMES[item["field"]], "value": item["shown"]} for item in changes)
    who = gettext(", ").join(dict.fromkeys(item["by"] for item in changes))
    raise Conflict(
        _("%(who)s changed this case while you were looking at it: %(what)s. Look again, then decide."),
        code="version_conflict",
        field="version",
        who=who or gettext("Somebody"),
        what=what or gettext("unknown"),
        version=case.version,
        changes=changes,
    )


def changes_since(case: Case, version: int) -> list[dict[str, Any]]:
    """Field by field what was written after `version`, oldest first."""
    names = dict(Classification.choices)
    found = [
        _change(row.version, "classification", row.old, row.new, str(names[row.new]), row.by, row.at)
        for row in case.history.filter(version__gt=version).select_related("by__person")
    ]
    for row in case.date_changes.filter(version__gt=version).select_related("by__person"):
        old = row.old.isoformat() if row.old else None
        new = row.new.isoformat() if row.new else None
        shown = shown_date(row.new, row.day_only) if row.new else gettext("unknown")
        found.append(_change(row.version, row.field, old, new, shown, row.by, row.at))
    return sorted(found, key=lambda item: item["version"])


def _change(
    version: int, field: str, old: str | None, new: str | None, shown: str, by: Account | None, at: datetime
) -> dict[str, Any]:
    return {
        "version": version,
        "field": field,
        "old": old,
        "new": new,
        "shown": shown,
        "by": writer(by),
        "at": at.isoformat(),
    }
