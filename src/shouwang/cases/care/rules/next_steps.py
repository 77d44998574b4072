"""What comes next in the care of a case, and who does it. No state is without one, but an end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.core.nexts import Next

CLINIC, PERSON = "clinic", "person"
WORDS: Mapping[str, Promise] = {
    "ask_received": _("Ask the hospital whether the person has arrived, and enter it."),
    "ask_hospital": _("Ask the hospital how the person is, and enter it."),
    "refer_on": _("The hospital has transferred the person: enter the new referral."),
    "treat": _("Begin treatment and enter it, or refer the person to a hospital."),
    "discharge": _("Treat the person; when it is over, enter the discharge."),
    "visit": _("Ask the person how they are, as the follow-up asks, and enter it."),
    "review": _("Review the conditions of the return to class and dormitory."),
    "back": _("Go back to class and dormitory on the day of the certificate."),
    "over": _("Nothing: the person is back. A late symptom takes care up again."),
    "died": _("Nothing: the person has died."),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a care stands. `hospital`: the last word of the open referral, "" when it has said none, None when none is
    open; `transferred`: the latest referral ended by a transfer on. Days are local."""

    died: bool
    hospital: str | None
    transferred: bool
    treated: bool
    discharged: bool
    visit_on: date | None
    back_on: date | None


def next_of_care(care: Standing, *, today: date) -> Next:
    code = _code(care, today)
    return Next(code, PERSON if code == "back" else CLINIC, WORDS[code], final=code in ("over", "died"))


def _code(care: Standing, today: date) -> str:
    if care.died:
        return "died"
    if care.hospital is not None:
        return "ask_hospital" if care.hospital else "ask_received"
    if not care.discharged:
        if care.transferred:
            return "refer_on"
        return "discharge" if care.treated else "treat"
    if care.visit_on is not None and care.visit_on <= today:
        return "visit"
    if care.back_on is None:
        return "review"
    if care.back_on > today:
        return "back"
    return "visit" if care.visit_on is not None else "over"
