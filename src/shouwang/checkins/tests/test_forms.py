"""The published form: who may, from when, what moves on to a new version, and how often everybody is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from shouwang.checkins import actions, queries, rules
from shouwang.checkins.models import AskedLevel, CheckIn, FormVersion
from shouwang.checkins.rules import Answers
from shouwang.checkins.rules.asking import Cadence
from shouwang.checkins.tests.builders import TODAY, key, say, well
from shouwang.command.actions import declare_level
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.org.tests.cast import NOON, Cast

YESTERDAY = NOON - timedelta(days=1)


def document(version: int, questions: str = "", *, starts: str = "2026-03-02", ends: str = "2026-06-30") -> bytes:
    return f"""
[form]
code = "term"
version = {version}
title = {{ zh = "学期申报", en = "Term form" }}
starts = {starts}
ends = {ends}
[[sources]]
id = "office"
kind = "assumption"
text = "the office"
[cadence]
by_level = {{ none = "unwell_only", IV = "weekly", III = "weekly", II = "daily", I = "twice_daily" }}
due = 09:30:00
weekday = 2
source = "office"
{questions}
""".encode()


def question(code: str, kind: str = "yes_no", more: str = "") -> str:
    text = f'text = {{ zh = "{code}？", en = "{code}?" }}\nsource = "office"\n'
    return f'[[questions]]\ncode = "{code}"\nkind = "{kind}"\n{text}{more}\n'


def test_a_new_version_moves_answers_on_and_asks_only_what_is_new(cast: Cast) -> None:
    old = document(1, question("flatmates", more="required = true"), starts="2026-03-01")
    FormVersion.objects.create(
        code="term", version=1, sha256="1", document=old.decode(), starts=TODAY - timedelta(days=1),
        ends=TODAY + timedelta(days=90), published_at=YESTERDAY,
    )  # fmt: skip
    said = Answers(exposure=False, extra={"flatmates": True})
    first = say(cast, "lin", said, at=YESTERDAY)
    assert first.extra == {"flatmates": True}
    with pytest.raises(BadInput) as caught:  # nobody else is let off what is required
        say(cast, "wang", well(), at=YESTERDAY)
    assert (caught.value.error_code, caught.value.field) == ("answer_required", "flatmates")
    new = question("roommates_well", more='was = ["flatmates"]\nrequired = true') + question(
        "fever_home", more="required = true"
    )
    row = actions.publish_form(document(2, new), unit=cast.org["WCU"], by=cast.by("su"), at=NOON)
    own = queries.own_day(cast.by("lin"), at=NOON)
    assert own.copies is not None and own.copies.extra == {"roommates_well": True}
    assert [asked.code for asked in own.new] == ["fever_home"]
    with pytest.raises(BadInput) as caught:
        say(cast, "lin", Answers(unchanged=True))
    assert caught.value.field == "fever_home"
    today = say(cast, "lin", Answers(unchanged=True, extra={"fever_home": False}))
    assert today.extra == {"roommates_well": True, "fever_home": False}
    assert today.pack_sha256 != first.pack_sha256
    assert queries.form_on(TODAY, cast.org["CS2301"].path).sha256 == row.sha256


def test_the_ill_are_heard_before_the_form_is_complete(cast: Cast) -> None:
    actions.publish_form(
        document(1, question("flatmates", more="required = true")), unit=cast.org["WCU"], by=cast.by("su"), at=NOON
    )
    assert say(cast, "lin", Answers(symptoms=("fever",))).symptomatic
    assert say(cast, "wang", Answers(exposure=True)).severity != "none"
    assert CheckIn.objects.count() == 2


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ({"nights": 3}, ""), ({"nights": 31}, "answer_unfit"), ({"nights": True}, "answer_unfit"),
        ({"nights": float("nan")}, "answer_unfit"), ({"where": "home"}, ""), ({"where": "moon"}, "answer_unfit"),
        ({"nobody_asks": 1}, "question_unknown"), ({"why": "x" * 300}, "too_long"),
    ],
)  # fmt: skip
def test_an_answer_must_fit_its_question(cast: Cast, extra: dict[str, object], code: str) -> None:
    asked = (
        question("nights", "number", "low = 0\nhigh = 30") + question("why", "text")
        + question("where", "choice", 'choices = [{ code = "home", name = { zh = "家", en = "home" } }]')
    )  # fmt: skip
    actions.publish_form(document(1, asked), unit=cast.org["WCU"], by=cast.by("su"), at=NOON)
    answers = Answers.read({"exposure": False, "extra": extra})
    if not code:
        assert say(cast, "lin", answers).extra == extra
        return
    with pytest.raises(BadInput) as caught:
        say(cast, "lin", answers)
    assert caught.value.error_code == code
    assert not CheckIn.objects.exists()


def test_publishing_has_a_right_a_rising_version_and_a_day_that_is_not_over(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        actions.publish_form(document(1), unit=cast.org["WCU"], by=cast.by("fang"), at=NOON)
    row = actions.publish_form(document(2), unit=cast.org["WCU"], by=cast.by("su"), at=NOON)
    assert actions.publish_form(document(2), unit=cast.org["WCU"], by=cast.by("su"), at=NOON) == row
    for wrong, code in [
        (document(2, question("x")), "form_version_used"), (document(3, starts="2026-03-01"), "form_starts_past"),
    ]:  # fmt: skip
        with pytest.raises(Conflict) as caught:
            actions.publish_form(wrong, unit=cast.org["WCU"], by=cast.by("su"), at=NOON)
        assert caught.value.error_code == code
    assert FormVersion.objects.get() == row
    actions.withdraw_form(row, by=cast.by("su"), at=NOON)
    assert queries.form_on(TODAY, cast.org["CS2301"].path).version == 2
    assert queries.form_on(TODAY + timedelta(days=1), cast.org["CS2301"].path) is rules.built_in_form()
    assert queries.asking_on(TODAY + timedelta(days=1)).due.hour == 10


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (b"\xff", "utf-8"),
        (document(1).replace(b"ends = 2026-06-30", b""), "ends"),
        (document(1, ends="2026-01-01"), "ends before"),
        (document(1).replace(b'I = "twice_daily"', b'I = "hourly"'), "hourly"),
        (document(1).replace(b', I = "twice_daily"', b""), "level I is missing"),
        (document(1, question("symptoms")), "cannot be the code"),
        (document(1, question("a") + question("b", more='was = ["a"]')), "asked twice"),
        (document(1, question("a", "choice")), "choices"),
        (document(1, question("a", more='source = "nobody"')), "overwrite"),
        (document(1, question("a").replace('"office"', '"nobody"')), "nobody"),
        (document(1, '[else]\nx = 1'), "else"),
    ],
)  # fmt: skip
def test_a_wrong_document_is_refused_by_name(wrong: bytes, says: str) -> None:
    from django.utils import translation

    with translation.override("en"), pytest.raises(BadInput) as caught:
        rules.read_form(wrong)
    assert caught.value.error_code == "form_invalid"
    assert says in caught.value.sentence


def test_the_level_switches_how_often_everybody_is_asked(cast: Cast) -> None:
    AskedLevel.objects.all().delete()
    actions.publish_form(document(1), unit=cast.org["WCU"], by=cast.by("su"), at=NOON)
    assert queries.asking_on(TODAY).cadence is Cadence.UNWELL_ONLY
    root, review = cast.org["WCU"], TODAY + timedelta(days=7)
    declare_level(organisation=root, level=1, basis="院党字〔2020〕6号", review_on=review, by=cast.by("su"), at=NOON)
    assert queries.asking_on(TODAY).cadence is Cadence.TWICE_DAILY
    declare_level(organisation=root, level=3, basis="省指挥部通告", review_on=review, by=cast.by("su"), at=NOON)
    asking = queries.asking_on(TODAY, cast.org["CS2301"].path)
    assert asking.cadence is Cadence.WEEKLY and not asking.asks_on(TODAY)
    assert asking.asks_on(TODAY + timedelta(days=2)) and f"{asking.due:%H:%M}" == "09:30"
    assert queries.today_of(NOON).of(cast.org["CS2301"].path).asked is False


def test_the_office_publishes_on_its_page(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    su = sign_in("su")
    page = su.get("/checkins/forms/")
    assert page.status_code == 200 and "每天" in page.content.decode()
    wrong = su.post("/checkins/forms/", {"text": "[form]"})
    assert wrong.status_code == 422 and "无法使用" in wrong.content.decode()
    assert su.post("/checkins/forms/", {"text": document(1).decode()}).status_code == 302
    row = FormVersion.objects.get()
    assert (row.version, row.published_by) == (1, cast.account["su"])
    assert su.post(f"/checkins/forms/{row.pk}/withdraw/").status_code == 302
    assert sign_in("lin").get("/checkins/forms/").status_code == 404
    tang = sign_in("tang")
    assert tang.get("/checkins/forms/").status_code == 200
    assert tang.post("/checkins/forms/", {"text": document(2).decode()}).status_code == 404


def test_children_have_their_own_threshold_and_counts_are_judged() -> None:
    from shouwang.checkins.rules.protocols import ChildThreshold, Fits, Thresholds

    limits = Thresholds(34, 43, 37.3, "s", child=ChildThreshold(6, 37.8, "s"))
    assert [limits.fever_at(age) for age in (3, 5, 6, 20, None)] == [37.8, 37.8, 37.3, 37.3, 37.3]
    from shouwang.checkins.rules.triage import _answer_fits

    three = Fits(at_least=3)
    assert [_answer_fits(three, given) for given in (2, 3, 3.5, None, True, "3")] == [
        False,
        True,
        True,
        False,
        False,
        False,
    ]
    assert _answer_fits(Fits(equal=True), True) and not _answer_fits(Fits(equal=True), False)


def test_a_retry_after_the_form_changed_keeps_its_receipt(cast: Cast) -> None:
    one = key()
    first = say(cast, "lin", well(), client_key=one)
    actions.publish_form(
        document(1, question("a", more="required = true")), unit=cast.org["WCU"], by=cast.by("su"), at=NOON
    )
    assert say(cast, "lin", well(), client_key=one) == first
