"""Open surveys as something that is owed: surveys and outreach stand side by side and are joined here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.urls import reverse

from shouwang.checkins.rules.reminding import Facts
from shouwang.org.models import Person
from shouwang.outreach.owed import Due
from shouwang.surveys import queries


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

    def facts(self, key: str, due: datetime, person: Person, *, until: datetime, reached: bool, already: bool) -> Facts:
        asked, answered = queries.asked_and_answered(_id(key), person, until=until)
        left = person.left_on is not None
        return Facts(left=left, asked=asked, heard=answered, already=already, reached=reached)


def _id(key: str) -> int:
    return int(key.partition(":")[2])
