"""Two people, one case: the later one learns who changed what, instead of overwriting it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shouwang.cases import rules
from shouwang.cases.models import Case, Classification
from shouwang.core.errors import Conflict
from shouwang.core.models import AuditEntry

LOOK_BACK = 30  # audit rows of the case searched for the changes since the version somebody read
NAMES: Mapping[str, str | Promise] = {
    **{f"{moment}_at": name for moment, name in rules.MOMENTS.items()},
    "classification": _("classification"),
    "closed_at": _("closing"),
}


def changes_since(case: Case, version: int) -> list[dict[str, Any]]:
    """Field by field what was written after `version`, oldest first: field, old, new (as stored), by, at."""
    rows = AuditEntry.objects.filter(kind="case", object=str(case.pk), is_read=False).order_by("-id")[:LOOK_BACK]
    found = []
    for row in reversed(rows):
        new, old = row.new or {}, row.old or {}
        if new.get("version", 0) <= version:
            continue
        found += [
            {"field": name, "old": old.get(name), "new": new[name], "by": row.label, "at": row.at.isoformat()}
            for name in NAMES
            if name in new
        ]
    return found


def check_version(case: Case, version: int | None) -> None:
    """Conflict (`version_conflict`) naming who changed what since `version`; None asks for no check.

    `case` must be freshly locked. The changes stand in the error's data.
    """
    if version is None or version == case.version:
        return
    changes = changes_since(case, version)
    what = gettext("; ").join(
        gettext("%(name)s is now %(value)s") % {"name": NAMES[item["field"]], "value": _shown(item)} for item in changes
    )
    who = ", ".join(dict.fromkeys(item["by"] for item in changes))
    raise Conflict(
        _("%(who)s changed this case while you were looking at it: %(what)s. Look again, then decide."),
        code="version_conflict",
        field="version",
        who=who or gettext("Somebody"),
        what=what or gettext("unknown"),
        version=case.version,
        changes=changes,
    )


def _shown(item: Mapping[str, Any]) -> str:
    value = item["new"]
    if value is None:
        return gettext("unknown")
    if item["field"] == "classification":
        return str(dict(Classification.choices).get(value, value))
    moment = parse_datetime(value)
    return rules.written(moment) if moment is not None else str(value)
