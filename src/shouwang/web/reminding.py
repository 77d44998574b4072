"""Open surveys and people to be called as something that is owed: joined here, where every room may be named."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.urls import reverse

from shouwang.cases import queries as case_queries
from shouwang.checkins.rules.reminding import Facts
from shouwang.command.account import queries as matters
from shouwang.command.queries import daily
from shouwang.command.queries import reminding as work
from shouwang.command.teams import reminding as teams
from shouwang.core import clock
from shouwang.org.models import Person
from shouwang.outreach.owed import Due
from shouwang.surveys import queries
from shouwang.tracing.queries import following

WORK_DUE = time(16)  # assumption: two hours of the working day are left
CALLS_DUE = time(17)  # assumption: late enough for own check-ins, early enough that a call disturbs nobody's evening


class OpenSurveys:
    """Each open campaign falls due at its deadline; nothing of its answers is known here."""

    name = "survey"

    def due_on(self, day: date) -> Sequence[Due]:
        path = reverse("surveys:mine")
        return [
            Due(
                f"survey:{row.pk}",
                row.deadline,
                f"摸排“{row.title}”",
                f"the survey “{row.title}”",
                path,
                opens=row.deadline - timedelta(hours=row.remind_hours),
            )
            for row in queries.to_remind_on(day)
        ]

    def owing(self, key: str, due: datetime) -> QuerySet[Person]:
        return queries.owing_by_id(_id(key))

    def among(self, key: str, due: datetime) -> Q:
        return Q()

    def facts(self, key: str, due: datetime, person: Person, *, until: datetime, reached: bool, already: bool) -> Facts:
        asked, answered = queries.asked_and_answered(_id(key), person, until=until)
        left = person.left_on is not None
        return Facts(left=left, asked=asked, heard=answered, already=already, reached=reached)


class PeopleToCall:
    """Whoever looks after contacts is told once a day while some of them are still to be heard; it closes itself when
    all are. What the message says names nobody and nothing of health."""

    name = "followup"

    def due_on(self, day: date) -> Sequence[Due]:
        if not following.lookers_after(day).exists():
            return ()
        at = datetime.combine(day, CALLS_DUE, tzinfo=clock.zone())
        return (
            Due("followup:today", at, "今天要联系的人", "people to be called today", reverse("tracing:follow_ups")),
        )

    def owing(self, key: str, due: datetime) -> QuerySet[Person]:
        return following.still_to_hear(clock.local_day(due))

    def among(self, key: str, due: datetime) -> Q:
        return Q()

    def facts(self, key: str, due: datetime, person: Person, *, until: datetime, reached: bool, already: bool) -> Facts:
        day, left = clock.local_day(due), person.left_on is not None
        asked = following.lookers_after(day).filter(pk=person.pk).exists()
        heard = asked and not following.still_to_hear(day, until=until).filter(pk=person.pk).exists()
        return Facts(left=left, asked=asked, heard=heard, already=already, reached=reached)


class WorkDue:
    """Whoever answers for a unit is told once a day while a directive or a task waits for them that falls due by the
    day's end; it closes itself when all are acknowledged or handed on. The message names neither."""

    name = "work"

    def due_on(self, day: date) -> Sequence[Due]:
        if not work.anything_due(day):
            return ()
        at = datetime.combine(day, WORK_DUE, tzinfo=clock.zone())
        return (Due("work:today", at, "今天到期的任务", "work that falls due today", reverse("command:work")),)

    def owing(self, key: str, due: datetime) -> QuerySet[Person]:
        return work.owing_work(clock.local_day(due))

    def among(self, key: str, due: datetime) -> Q:
        return Q()

    def facts(self, key: str, due: datetime, person: Person, *, until: datetime, reached: bool, already: bool) -> Facts:
        # What was done by `until` is not asked again: an act on a task or a receipt never becomes undone by itself.
        owes = work.owing_work(clock.local_day(due)).filter(pk=person.pk).exists()
        return Facts(left=person.left_on is not None, asked=owes, heard=False, already=already, reached=reached)


ARRIVED_MINUTES = 5  # directives issued within five minutes are one message
ARRIVED_FOR = timedelta(hours=1)  # assumption: a message an hour old says nothing new; the day it falls due is another


class Arrived(ABC):
    """Something came for somebody, who is told of it at once, not only when it falls due; doing what it asks for closes
    the message. What came within some minutes is one message, which names neither what it is nor about whom."""

    name: str
    zh: str
    en: str

    @abstractmethod
    def moments(self, day: date) -> Sequence[datetime]:
        """When something came on a local day that still waits."""

    @abstractmethod
    def waiting(self, start: datetime, end: datetime) -> QuerySet[Person]:
        """For whom what came between two moments (end not in it) waits."""

    def path(self) -> str:
        return reverse("command:work")

    def due_on(self, day: date) -> Sequence[Due]:
        found: dict[datetime, datetime] = {}
        for came_at in self.moments(day):
            minute = came_at.replace(second=0, microsecond=0)
            slot = minute - timedelta(minutes=minute.minute % ARRIVED_MINUTES)
            found[slot] = min(came_at, found.get(slot, came_at))
        return [
            Due(f"{self.name}:{slot.timestamp():.0f}", slot + ARRIVED_FOR, self.zh, self.en, self.path(), opens=first)
            for slot, first in found.items()
        ]

    def owing(self, key: str, due: datetime) -> QuerySet[Person]:
        slot = due - ARRIVED_FOR
        return self.waiting(slot, slot + timedelta(minutes=ARRIVED_MINUTES))

    def among(self, key: str, due: datetime) -> Q:
        return Q()

    def facts(self, key: str, due: datetime, person: Person, *, until: datetime, reached: bool, already: bool) -> Facts:
        owes = self.owing(key, due).filter(pk=person.pk).exists()
        return Facts(left=person.left_on is not None, asked=owes, heard=False, already=already, reached=reached)


class DirectiveArrived(Arrived):
    """A directive, for whoever answers for a unit it is addressed to."""

    name, zh, en = "arrived", "新到通知公文，请阅签", "a directive that has arrived: read and acknowledge it"

    def moments(self, day: date) -> Sequence[datetime]:
        return list(work.issued_on(day))

    def waiting(self, start: datetime, end: datetime) -> QuerySet[Person]:
        return work.owing_receipt(start, end)


class MatterServed(Arrived):
    """A matter of accountability, for whom it was served."""

    name, zh, en = "matter", "有一件事请您阅看并回复", "something that waits for your reply"

    def moments(self, day: date) -> Sequence[datetime]:
        return matters.served_on(day)

    def waiting(self, start: datetime, end: datetime) -> QuerySet[Person]:
        return matters.owing_reply(start, end)

    def path(self) -> str:
        return reverse("command:matters") + "?show=mine"


class SecondmentAsked(Arrived):
    """A team asks for somebody: for them, and for who decides for their home unit."""

    name, zh, en = "seconded", "有专班请求借调人员，请查看", "a team asks for somebody: please look"

    def moments(self, day: date) -> Sequence[datetime]:
        return teams.asked_on(day)

    def waiting(self, start: datetime, end: datetime) -> QuerySet[Person]:
        return teams.waiting_for(start, end)

    def path(self) -> str:
        return reverse("web:home")


class DailyReports:
    """A unit's daily report falls due at the time its plan says; whoever answers for the unit is told, until it came.
    The message names neither the unit nor a number."""

    name = "daily"

    def due_on(self, day: date) -> Sequence[Due]:
        path = reverse("command:work")
        return [
            Due(f"daily:{text}", datetime.combine(day, time.fromisoformat(text), tzinfo=clock.zone()), "单位日报",
                "your unit's daily report", path)
            for text in daily.deadlines_on(day)
        ]  # fmt: skip

    def owing(self, key: str, due: datetime) -> QuerySet[Person]:
        return daily.owing_report(clock.local_day(due), key.partition(":")[2])

    def among(self, key: str, due: datetime) -> Q:
        return Q()

    def facts(self, key: str, due: datetime, person: Person, *, until: datetime, reached: bool, already: bool) -> Facts:
        day, text = clock.local_day(due), key.partition(":")[2]
        asked = daily.answerers(daily.units_due(day, text), day).filter(pk=person.pk).exists()
        heard = asked and not daily.owing_report(day, text, until=until).filter(pk=person.pk).exists()
        return Facts(left=person.left_on is not None, asked=asked, heard=heard, already=already, reached=reached)


class LateClocks:
    """Whoever a late clock of a case was taken to is told at the next of the institution's times, once, of all of them
    together; it closes itself when what they wait for is entered. The message names no case and nothing of health."""

    name = "clock"

    def due_on(self, day: date) -> Sequence[Due]:
        path = reverse("cases:clocks")
        return [
            Due(f"clock:{window.name}", window.end, "已到时限的事项", "work whose time has run out", path, window.end)
            for window in case_queries.windows(day)
            if case_queries.told_in(window).exists()
        ]

    def owing(self, key: str, due: datetime) -> QuerySet[Person]:
        return case_queries.told_people(case_queries.window_of(due))

    def among(self, key: str, due: datetime) -> Q:
        return Q()

    def facts(self, key: str, due: datetime, person: Person, *, until: datetime, reached: bool, already: bool) -> Facts:
        window = case_queries.window_of(due)
        asked = case_queries.told_in(window).filter(person=person).exists()
        heard = asked and not self.owing(key, due).filter(pk=person.pk).exists()
        return Facts(left=person.left_on is not None, asked=asked, heard=heard, already=already, reached=reached)


def _id(key: str) -> int:
    return int(key.partition(":")[2])
