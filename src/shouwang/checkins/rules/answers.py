"""The answers of one check-in: read strictly, checked, and copied from yesterday when nothing changed.

Users of earlier systems wrote their own specification: copy yesterday, and stop me if I look ill.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

import msgspec
from django.utils.translation import gettext_lazy as _

from shouwang.checkins.rules.protocols import Protocols
from shouwang.checkins.rules.questions import (
    MOST_QUESTIONS,
    Asked,
    Question,
    Scalar,
    carried_over,
    check_extra,
)
from shouwang.core.errors import BadInput, Conflict, Message

BACKDATE_DAYS = 14  # assumption: as far back as a person's own history page shows
CORRECT_DAYS = 2  # assumption: a slip is noticed the same day or the next; later the clinic decides
COPY_DAYS = 14  # what is copied must still be shown to the person
CLOCK_SKEW = timedelta(minutes=5)  # assumption: phones without network time drift by minutes
NOTE_LIMIT, PLACE_LIMIT, REASON_LIMIT = 500, 120, 200
SYMPTOM_LIMIT = 64
TENTH = Decimal("0.1")
SELF, PROXY, CLINIC = "self", "proxy", "clinic"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Answers:
    """What was said. None means not asked or not known, never "no".

    `unchanged`: copy my last answers. `exposure`: was near a case or a place of spread. `situation`: one of
    `Person.Situation`, where the person lives their days from now on; "" leaves it. `zone`: the time zone there, by its
    name in the tz database; "" leaves it. `extra`: answers to the further questions of the packs and the form, by code.
    """

    unchanged: bool = False
    temperature_c: Decimal | None = None
    symptoms: tuple[str, ...] = ()
    exposure: bool | None = None
    place_changed: bool = False
    place_note: str = ""
    note: str = ""
    situation: str = ""
    zone: str = ""
    extra: dict[str, Scalar] = field(default_factory=dict)

    @classmethod
    def read(cls, raw: object) -> Answers:
        """From decoded JSON. BadInput (`malformed`) names the field whose type is wrong or which nobody knows."""
        if isinstance(raw, dict) and (unknown := [key for key in raw if key not in cls.__slots__]):
            raise _malformed(shown(unknown[0]) or "answers", _("no such answer"))
        try:
            return msgspec.convert(raw, cls, strict=True)
        except msgspec.ValidationError as error:
            reason, _at, where = str(error).partition(" - at ")
            raise _malformed(where.strip("`$.[]").partition("[")[0] or "answers", reason) from error
        except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise _malformed("answers", type(error).__name__) from error


@dataclass(frozen=True, slots=True)
class Previous:
    """The person's last check-in: its day, its answers, what triage made of them."""

    day: date
    answers: Answers
    severity: str


def validated(
    answers: Answers,
    protocols: Protocols,
    *,
    source: str,
    proxy_reason: str = "",
    needs_temperature: bool = False,
    who: Asked | None = None,
) -> Answers:
    """The same answers, tidied: symptoms once each in the order of the packs, texts stripped, temperature to 0.1 °C.

    `needs_temperature`: the person is being monitored. A temperature is then asked of whoever reports nothing else; a
    symptom is heard without one. `who` decides which further questions are theirs (None: a student like most).
    Required ones are looked for later, by `completed`, once "nothing changed" has been filled in. BadInput names the
    field.
    """
    check_source(source, proxy_reason, answers)
    temperature = _temperature(answers.temperature_c, protocols)
    symptoms = _symptoms(answers.symptoms, protocols) if answers.symptoms else ()
    if needs_temperature and temperature is None and not symptoms:
        raise BadInput(
            _("Please measure your temperature and enter it; for now each of your check-ins needs one."),
            code="temperature_required",
            field="temperature_c",
        )
    place_note, note = answers.place_note, answers.note
    tidy = Answers(
        answers.unchanged,
        temperature,
        symptoms,
        answers.exposure,
        answers.place_changed,
        text(place_note, "place_note", PLACE_LIMIT) if place_note else "",
        text(note, "note", NOTE_LIMIT) if note else "",
        answers.situation,
        answers.zone,
        _extra(answers, protocols, who, symptoms, complete=False),
    )
    if tidy.unchanged and (
        tidy.symptoms or tidy.exposure or tidy.place_changed or tidy.situation or tidy.zone or tidy.place_note
    ):
        raise BadInput(
            _("“Nothing changed” and a change were sent together. Send only what changed."),
            code="unchanged_contradicted",
            field="unchanged",
        )
    return tidy


def check_source(source: str, proxy_reason: str, answers: Answers) -> None:
    """Who speaks. Another person needs a reason, and cannot say "nothing changed" for somebody they have not asked."""
    if source == SELF and not proxy_reason:
        return
    if source not in (SELF, PROXY, CLINIC):
        raise BadInput(_("Unknown source %(value)s."), code="source_unknown", field="source", value=shown(source))
    reason = text(proxy_reason, "proxy_reason", REASON_LIMIT)
    if source == PROXY and not reason:
        raise BadInput(
            _("Say why you enter this for somebody else, for example “phone broken, asked in person”."),
            code="proxy_reason_required",
            field="proxy_reason",
        )
    if source != SELF and answers.unchanged:
        raise BadInput(
            _("“Nothing changed” can only be said by the person. Enter what they told you."),
            code="unchanged_not_by_proxy",
            field="unchanged",
        )
    if source != SELF and (answers.situation or answers.zone):
        raise BadInput(
            _("Only the person can say that their place changed; the office corrects the roster."),
            code="situation_not_by_proxy",
            field="situation",
        )


def completed(answers: Answers, protocols: Protocols, *, who: Asked | None = None) -> Answers:
    """The answers, once every required question is answered. BadInput (`answer_required`) names the first that is not;
    who reports a symptom, an exposure or a change of place is heard all the same, at any hour in two taps."""
    if protocols.questions and not reports_change(answers):
        _extra(answers, protocols, who, (), complete=True)
    return answers


def reports_change(answers: Answers) -> bool:
    """Whether something is reported that must never wait for a question to be answered."""
    return bool(answers.symptoms or answers.exposure or answers.place_changed)


def _extra(
    answers: Answers, protocols: Protocols, who: Asked | None, symptoms: tuple[str, ...], *, complete: bool
) -> dict[str, Scalar]:
    if not answers.extra and not complete:
        return {}
    if len(answers.extra) > MOST_QUESTIONS * 2:
        sentence = _("Too many answers: %(count)s.")
        raise BadInput(sentence, code="question_unknown", field="extra", count=len(answers.extra))
    asked = replace(who or Asked(), symptoms=symptoms)
    return check_extra(answers.extra, protocols.questions, asked, complete=complete)


def copied(
    answers: Answers,
    previous: Previous | None,
    *,
    day: date,
    questions: Mapping[str, Question] | None = None,
    who: Asked | None = None,
) -> Answers:
    """`answers` with what does not change taken from `previous`. A measurement is never copied; answers to further
    `questions` move on from the codes they had when they were given, and what is answered anew stands before them.

    BadInput (`changed_expected`) when there is nothing to copy, when it is older than what the person can still see,
    or when it was anything but healthy.
    """
    if not answers.unchanged:
        return answers
    if previous is None:
        raise _changed(_("There is no earlier entry to repeat. Say once that you are well."))
    if (day - previous.day).days > COPY_DAYS:
        raise _changed(_("Your last entry is of %(day)s, too old to repeat. Say how you are today."), previous.day)
    if previous.severity != "none" or previous.answers.symptoms:
        raise _changed(_("On %(day)s you reported something. Say how you are today."), previous.day)
    kept = carried_over(previous.answers.extra, questions or {}, who or Asked())
    return replace(
        answers,
        exposure=previous.answers.exposure,
        place_note=previous.answers.place_note,
        extra={**kept, **answers.extra},
    )


def reads_same(given: Answers, stored: Answers) -> bool:
    """Whether a repeated key carries the same answers. Asked before validation: what was accepted once stays accepted,
    whatever is asked since. A "nothing changed" was stored with what it copied; a situation is stored elsewhere."""
    if _essence(given) != _essence(stored):
        return False
    said = {code: value.strip() if isinstance(value, str) else value for code, value in given.extra.items()}
    return said.items() <= stored.extra.items() if given.unchanged else said == stored.extra


def _essence(answers: Answers) -> tuple[object, ...]:
    reading = answers.temperature_c
    if reading is not None and reading.is_finite() and abs(reading) < 100:
        reading = reading.quantize(TENTH, ROUND_HALF_UP)
    copied_too = () if answers.unchanged else (answers.exposure, answers.place_note.strip())
    changed = answers.place_changed or bool(answers.situation or answers.zone)
    return (answers.unchanged, str(reading), frozenset(answers.symptoms), changed, answers.note.strip(), copied_too)


def check_moment(said_at: datetime, *, now: datetime) -> None:
    """BadInput unless `said_at` is aware, not in the future and at most `BACKDATE_DAYS` ago."""
    if said_at.tzinfo is None:
        raise BadInput(_("A time needs its zone, such as +08:00."), code="moment_naive", field="at")
    if said_at > now + CLOCK_SKEW:
        raise BadInput(_("A check-in cannot be of a later time than now."), code="moment_future", field="at")
    if said_at < now - timedelta(days=BACKDATE_DAYS):
        sentence = _("A check-in can be entered for the last %(days)s days only.")
        raise BadInput(sentence, code="moment_ancient", field="at", days=BACKDATE_DAYS)


def check_correctable(day: date, *, today: date) -> None:
    """Conflict when an entry of `day` can no longer be put right by its writer."""
    if (today - day).days > CORRECT_DAYS:
        sentence = _("An entry can be corrected for %(days)s days. Tell the clinic what was wrong.")
        raise Conflict(sentence, code="too_late_to_correct", field="corrects", days=CORRECT_DAYS)


def text(value: str, field: str, limit: int) -> str:
    """Stripped. BadInput when it is too long or holds what no database and no page can show."""
    plain = value.strip().replace("\r\n", "\n")
    if len(plain) > limit:
        sentence = _("Too long: %(length)s characters; at most %(limit)s.")
        raise BadInput(sentence, code="too_long", field=field, length=len(plain), limit=limit)
    if CONTROL.search(plain) or any("\ud800" <= letter <= "\udfff" for letter in plain):
        raise BadInput(_("The text holds characters that cannot be shown."), code="unreadable", field=field)
    return plain


def shown(value: object) -> str:
    """What somebody sent, short and printable, to be named in a refusal."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(value)[:40])


def _temperature(value: Decimal | None, protocols: Protocols) -> Decimal | None:
    if value is None:
        return None
    low, high = protocols.plausible_c
    try:
        rounded = _rounded(value, low, high)
    except (InvalidOperation, ValueError, TypeError):
        rounded = None
    if rounded is None:
        raise BadInput(
            _("%(value)s is not a body temperature. Enter °C between %(low)s and %(high)s, or leave it empty."),
            code="temperature_implausible",
            field="temperature_c",
            value=shown(value),
            low=low,
            high=high,
        )
    return rounded


@lru_cache(maxsize=1024)
def _rounded(value: Decimal, low: float, high: float) -> Decimal | None:
    """To 0.1 °C, None outside the bounds; a school's temperatures are a few dozen values."""
    rounded = Decimal(value).quantize(TENTH, ROUND_HALF_UP)
    return rounded if rounded.is_finite() and low <= float(rounded) <= high else None


def _symptoms(codes: tuple[str, ...], protocols: Protocols) -> tuple[str, ...]:
    if len(codes) > SYMPTOM_LIMIT:
        sentence = _("Too many symptoms: %(count)s.")
        raise BadInput(sentence, code="symptom_unknown", field="symptoms", count=len(codes))
    for code in codes:
        if code not in protocols.symptoms:
            raise BadInput(
                _("The symptom %(value)s is not asked at present. Open the page again."),
                code="symptom_unknown",
                field="symptoms",
                value=shown(code),
            )
    return tuple(code for code in protocols.symptoms if code in codes)


def _changed(message: Message, day: date | None = None) -> BadInput:
    data = {"day": day.isoformat()} if day else {}
    return BadInput(message, code="changed_expected", field="unchanged", **data)


def _malformed(field: str, reason: object) -> BadInput:
    sentence = _("The answer “%(name)s” cannot be read: %(reason)s.")
    return BadInput(sentence, code="malformed", field=field, name=field, reason=str(reason)[:200])
