"""Opening a case: numbers without gaps, one open case a disease and person, the alert marked, dates checked."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from shouwang.cases import actions, queries
from shouwang.cases.models import Case, CaseProtocol
from shouwang.cases.tests.builders import DAY, FLU, HOUR, alerted, opened, states
from shouwang.checkins.models import SymptomAlert
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.packs import PackError, get_pack, read_pack
from shouwang.org.tests.cast import NOON, Cast


def test_numbers_count_by_prefix_and_year_without_gaps(cast: Cast) -> None:
    assert opened(cast, "lin").number == "COV-2026-0001"
    assert opened(cast, "wang").number == "COV-2026-0002"
    assert opened(cast, "lin", pack=FLU).number == "FLU-2026-0001"
    with pytest.raises(RuntimeError), transaction.atomic():
        opened(cast, "meng")
        raise RuntimeError
    assert opened(cast, "zhao").number == "COV-2026-0003"
    # 16:30 UTC on New Year's Eve is already the next year in Shanghai.
    assert opened(cast, "ou", at=datetime(2026, 12, 31, 16, 30, tzinfo=UTC)).number == "COV-2027-0001"


def test_from_an_alert_detection_is_when_it_was_raised_and_the_alert_is_marked(cast: Cast) -> None:
    alert = alerted(cast, at=NOON - HOUR)
    case = opened(cast, alert=alert)
    assert (case.detected_at, case.alert) == (NOON - HOUR, alert)
    assert SymptomAlert.objects.get(pk=alert.pk).state == "case"
    with pytest.raises(Conflict) as caught:
        opened(cast, alert=alert, pack=FLU)
    assert caught.value.data["number"] == case.number


def test_an_alert_of_somebody_else_is_refused(cast: Cast) -> None:
    with pytest.raises(BadInput) as caught:
        opened(cast, "wang", alert=alerted(cast, "lin"))
    assert caught.value.field == "alert"
    assert SymptomAlert.objects.get().state == "open"


def test_a_second_open_case_of_the_same_disease_names_the_first(cast: Cast) -> None:
    first = opened(cast)
    with pytest.raises(Conflict) as caught:
        opened(cast)
    assert (caught.value.error_code, caught.value.data["number"]) == ("case_exists", first.number)
    assert first.number in caught.value.sentence
    opened(cast, pack=FLU)
    actions.classify(first, new="discarded", reason="阴性", by=cast.by("he"), at=NOON)
    assert opened(cast, at=NOON + DAY).number == "COV-2026-0002"


def test_the_race_is_lost_with_the_same_sentence(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody opens the case between the check and the write: the database's constraint decides."""
    from shouwang.cases.actions import checks, opening

    first, answers = opened(cast), iter([lambda *_: None, checks.check_none_open])
    monkeypatch.setattr(opening, "check_none_open", lambda *args: next(answers)(*args))
    with pytest.raises(Conflict) as caught:
        opened(cast)
    assert caught.value.data["number"] == first.number
    assert Case.objects.count() == 1
    monkeypatch.undo()
    assert opened(cast, "wang").number == "COV-2026-0002"


@pytest.mark.parametrize(
    "more, code",
    [
        ({"onset_at": NOON + DAY}, "date_future"),
        ({"onset_at": NOON, "detected_at": NOON - DAY}, "dates_out_of_order"),
        ({"onset_at": datetime(1, 1, 1, tzinfo=UTC)}, "bad_input"),
        ({"detected_at": datetime(9999, 12, 31, 23, tzinfo=UTC)}, "bad_input"),
        ({"classification": "discarded"}, "transition_refused"),
        ({"classification": "asymptomatic", "onset_at": NOON - DAY}, "asymptomatic_with_onset"),
        ({"reason": " "}, "reason_missing"),
    ],
)
def test_bad_input_writes_nothing(cast: Cast, more: dict[str, Any], code: str) -> None:
    alert = alerted(cast)
    with pytest.raises(BadInput) as caught:
        opened(cast, alert=alert, **more)
    assert caught.value.error_code == code
    assert not Case.objects.exists()
    assert SymptomAlert.objects.get(pk=alert.pk).state == "open"
    assert opened(cast).number == "COV-2026-0001"


def test_naive_moments_are_local_and_a_day_is_its_midnight(cast: Cast) -> None:
    case = opened(cast, onset_at=datetime(2026, 3, 1, 9, 30), onset_day_only=True)  # noqa: DTZ001
    assert case.onset_at == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert case.onset_day_only


def test_clocks_are_made_with_owners(cast: Cast) -> None:
    case = opened(cast, onset_at=NOON - 5 * HOUR)
    assert states(case) == {"detect": "met", "report": "running", "isolate": "running", "treat": "running"}
    owners = dict(case.clocks.values_list("code", "owner__name"))
    assert owners == {"detect": "方老师", "report": None, "isolate": None, "treat": None}
    assert dict(case.clocks.values_list("code", "owner_role"))["report"] == "clinic"


def test_where_nobody_answers_the_role_is_shown(cast: Cast) -> None:
    case = opened(cast, "ou", onset_at=NOON - HOUR)
    assert case.clocks.get(code="detect").owner is None


def test_the_case_keeps_the_protocol_that_judged_it(cast: Cast, settings: object) -> None:
    case = opened(cast)
    file = settings.PACKS_ROOT / "covid19-2020-6.toml"  # type: ignore[attr-defined]
    file.parent.mkdir()
    shipped = get_pack(case.pack).path.read_text(encoding="utf-8")
    file.write_text(re.sub(r"(ends = \"reported\"\nhours = )2", r"\g<1>1", shipped), encoding="utf-8")
    assert queries.protocol_of(case).clocks[1].hours == 2
    actions.set_dates(case, detected_at=NOON - HOUR, by=cast.by("he"), at=NOON)
    assert case.clocks.get(code="report").due_at == NOON + HOUR
    newer = opened(cast, "wang")
    assert newer.clocks.get(code="report").due_at == NOON + HOUR
    assert CaseProtocol.objects.count() == 2


def test_a_pack_without_clocks_is_refused(cast: Cast, tmp_path: object) -> None:
    file = tmp_path / "bare.toml"  # type: ignore[operator]
    file.write_text(
        '[pack]\ncode = "bare"\ndisease = "bare"\nedition = "1"\nin_force_from = 2020-01-01\n'
        'name = { zh = "空", en = "Bare" }\n',
        encoding="utf-8",
    )
    with pytest.raises(PackError):
        actions.open_case(
            person=cast.person["lin"], pack=read_pack(file), classification="suspected", reason="x",
            by=cast.by("he"), at=NOON,
        )  # fmt: skip
    assert not Case.objects.exists()


def test_purge_day_is_set_from_the_first_day(cast: Cast) -> None:
    case = opened(cast)
    assert case.purge_on == NOON.date() + timedelta(days=365 * 3)
