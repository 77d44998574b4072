"""Which dates of a case fit together. Order is judged to the minute: people write minutes, machines microseconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from shouwang.cases.rules.protocols import MOMENTS
from shouwang.core import clock
from shouwang.core.errors import BadInput

# (earlier, later). Isolation is bound to nothing before it: a contact in quarantine may fall ill there. Treatment is
# bound to onset alone: a person may have been treated elsewhere before anybody here knew.
ORDER = (
    ("onset", "detected"),
    ("onset", "treated"),
    ("onset", "recovered"),
    ("detected", "reported"),
    ("detected", "traced"),
    ("detected", "recovered"),
    ("treated", "recovered"),
    ("isolated", "recovered"),
)
OLDEST = timedelta(days=3660)  # assumption: a date more than ten years back is a slip of the keyboard


@dataclass(frozen=True, slots=True)
class Dates:
    """The moments of a case, aware; None is unknown. With `onset_day_only`, onset is the local midnight of its day."""

    detected: datetime
    onset: datetime | None = None
    onset_day_only: bool = False
    reported: datetime | None = None
    isolated: datetime | None = None
    treated: datetime | None = None
    traced: datetime | None = None
    recovered: datetime | None = None

    def get(self, moment: str) -> datetime | None:
        value: datetime | None = getattr(self, moment)
        return value


def check_dates(dates: Dates, *, now: datetime, presymptomatic: bool = False) -> None:
    """BadInput naming both dates when one lies in the future, absurdly far back, or before what must precede it.

    `presymptomatic`: the case was found without symptoms, so that onset may come after detection.
    """
    for moment, name in MOMENTS.items():
        value = dates.get(moment)
        if value is None:
            continue
        if minute(value) > now:
            raise BadInput(
                _("%(name)s (%(value)s) lies in the future; now it is %(now)s. Enter what has happened."),
                code="date_future", field=f"{moment}_at", name=name, value=written(value), now=written(now),
            )  # fmt: skip
        if value < now - OLDEST:
            raise BadInput(
                _("%(name)s (%(value)s) lies more than ten years back. Check the year."),
                code="date_too_old", field=f"{moment}_at", name=name, value=written(value),
            )  # fmt: skip
    for earlier, later in ORDER:
        first, second = dates.get(earlier), dates.get(later)
        if first is None or second is None or minute(first) <= minute(second):
            continue
        if presymptomatic and (earlier, later) == ("onset", "detected"):
            continue
        raise BadInput(
            _("%(first_name)s (%(first)s) lies after %(second_name)s (%(second)s). Correct one of the two."),
            code="dates_out_of_order", field=f"{later}_at", first_name=MOMENTS[earlier], first=written(first),
            second_name=MOMENTS[later], second=written(second),
        )  # fmt: skip


def minute(value: datetime) -> datetime:
    return value.replace(second=0, microsecond=0)


def written(value: datetime) -> str:
    return f"{value.astimezone(clock.zone()):%Y-%m-%d %H:%M}"
