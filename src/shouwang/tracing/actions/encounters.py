"""Deciding everybody of one encounter at once: all of them, everybody but the absent, or the absent alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.scope import Actor
from shouwang.tracing.actions.contacts import confirm_many, dismiss_many
from shouwang.tracing.models import Contact
from shouwang.tracing.queries import encounters as queries

WHOM = ("all", "present", "absent")
WHAT = ("confirm", "dismiss")


@dataclass(frozen=True, slots=True)
class Decided:
    """`done` were decided; `left` were not dismissed because they met the case elsewhere too."""

    done: list[Contact]
    left: list[Contact]


@transaction.atomic
def decide_encounter(
    case: Case,
    key: str,
    *,
    what: str,
    whom: str = "all",
    only: Collection[int] | None = None,
    reason: str,
    by: Actor,
    at: datetime,
) -> Decided:
    """Confirm or dismiss, with one reason, the undecided contacts of an encounter: `whom` all, present (nothing says
    that they were elsewhere) or absent; or `only` those of them with these ids. All of them, or none.

    Needs trace.work and an open case. Dismissing says that somebody is no contact of the case at all, so whoever met
    it at another encounter too is left for a decision of their own. BadInput for a word that is none of these, and
    without a reason; NotFound for an encounter that the last trace does not know and for ids of other encounters.
    """
    if what not in WHAT or whom not in WHOM:
        raise BadInput(_("Say what is decided, and for whom."), field="what" if what not in WHAT else "whom")
    if not reason.strip():
        raise BadInput(_("Give one reason for all of them."), field="reason")
    sheet = queries.encounter(by, case, key)
    rows = {"all": sheet.undecided, "present": sheet.present, "absent": sheet.away}[whom]
    if only is not None:
        if not set(only) <= {row.contact.pk for row in sheet.rows}:
            raise NotFound
        rows = [row for row in rows if row.contact.pk in set(only)]
    if what == "confirm":
        return Decided(confirm_many(case, [row.contact.pk for row in rows], reason=reason, by=by, at=at), [])
    ids = [row.contact.pk for row in rows if not row.others]
    done = dismiss_many(case, ids, reason=reason, by=by, at=at)
    return Decided(done, [row.contact for row in rows if row.others])
