"""What is known of a person is not asked again: answers laid into a fresh form, for the person to correct."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shouwang.surveys.rules import model as m
from shouwang.surveys.rules.model import Form, Question

KNOWN_COLUMNS = ("number", "name", "unit", "phone", "room", "situation", "kind", "sex", "born")
# A question with such a name asks for what is known, also where the form does not say so in a column "prefill".
SPOKEN: Mapping[str, str] = {
    "number": "number", "student_number": "number", "student_id": "number", "staff_number": "number",
    "person_number": "number", "学号": "number", "工号": "number", "学工号": "number", "name": "name",
    "full_name": "name", "student_name": "name", "姓名": "name", "class": "unit", "class_name": "unit",
    "unit": "unit", "班级": "unit", "单位": "unit", "phone": "phone", "phone_number": "phone",
    "telephone": "phone", "mobile": "phone", "电话": "phone", "手机": "phone", "手机号": "phone",
    "联系电话": "phone", "room": "room", "dormitory": "room", "dorm": "room", "dorm_room": "room",
    "宿舍": "room", "寝室": "room", "sex": "sex", "gender": "sex", "性别": "sex", "date_of_birth": "born",
    "birthday": "born", "出生日期": "born",
}  # fmt: skip
KEPT = frozenset({m.TEXT, m.INTEGER, m.DECIMAL, m.DATE, m.TIME, m.MOMENT, m.ONE, m.MANY, m.RANK})


def source_of(question: Question) -> str:
    """Which known thing this question asks for; "" for none. Inside a repeat it asks about somebody else."""
    if question.repeats:
        return ""
    return question.prefill or SPOKEN.get(question.name.lower(), "")


def known_value(question: Question, known: Mapping[str, str]) -> str:
    """What the roster knows in answer to this question; "" when nothing, or nothing that fits."""
    value = known.get(source_of(question), "")
    return value if value and _fits(question, value) else ""


def prefilled(form: Form, known: Mapping[str, str], previous: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Answers to begin with: what was answered last time where it still fits, and over it what is known.

    A choice that the list no longer has is left out. Moments and confirmations are never copied.
    """
    answers: dict[str, Any] = {}
    for question in form.questions.values():
        if question.kind not in KEPT or question.repeats:
            continue
        value = str((previous or {}).get(question.key, "") or "")
        if question.kind != m.MOMENT and value and _fits(question, value):
            answers[question.key] = value
        if fact := known_value(question, known):
            answers[question.key] = fact
    return answers


def _fits(question: Question, value: str) -> bool:
    if not question.is_select:
        return True
    names = {choice.name for choice in question.choices}
    return all(part in names for part in value.split())
