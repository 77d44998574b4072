"""What the tests of outreach share: hours of the day of the cast, who has checked in, a sender without a network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from shouwang.checkins import actions as checkins
from shouwang.checkins.rules import Answers
from shouwang.core.scope import system_actor
from shouwang.org.tests.cast import Cast
from shouwang.outreach import actions
from shouwang.outreach.models import Channel, Message, Preference, Round

BY = system_actor("tests")
MIDNIGHT = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)  # of Monday 2026-03-02 in Shanghai


def hour(hours: float) -> datetime:
    """A moment of the day of the cast, local hours."""
    return MIDNIGHT + timedelta(hours=hours)


def check_in(cast: Cast, *names: str, at: datetime) -> None:
    for name in names:
        checkins.submit(
            person=cast.person[name], answers=Answers(exposure=False), client_key=f"{name}-{at:%d%H%M}",
            by=cast.by(name, at), at=at,
        )  # fmt: skip


def planned(at: datetime | None = None) -> Round:
    """The round of 10:00, planned at 09:00."""
    actions.plan_due(by=BY, at=at or hour(9))
    return Round.objects.get()


def names(cast: Cast, **conditions: object) -> set[str]:
    """Who has a reminder that fits."""
    by_key = {person.pk: name for name, person in cast.person.items()}
    rows = Message.objects.filter(purpose="reminder", **conditions).values_list("person", flat=True)
    return {by_key[key] for key in rows if key is not None}


def prefer(cast: Cast, name: str, **values: object) -> Preference:
    return Preference.objects.create(person=cast.person[name], updated_at=hour(8), **values)


def channel(cast: Cast, kind: str, url: str, code: str, secret: str = "") -> Channel:
    return actions.add_channel(
        name=f"{kind} {code}", kind=kind, organisation=cast.org[code], url=url, secret=secret, by=BY, at=hour(8)
    )


def clockwork(start: datetime, step: timedelta = timedelta()) -> Callable[[], datetime]:
    """A clock that stands, or goes on by `step` each time it is asked."""
    moment = [start - step]

    def now() -> datetime:
        moment[0] += step
        return moment[0]

    return now
