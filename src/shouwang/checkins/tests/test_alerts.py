"""One open alert a disease, worsened when worse, answered by the clinic with a reason, never silenced by routine."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from shouwang.checkins import actions, queries
from shouwang.checkins.models import SymptomAlert
from shouwang.checkins.rules import AlertStep, Answers, Standing, step
from shouwang.checkins.tests.builders import FLU, TODAY, fever, say, well
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.models import ActivePack, AuditEntry
from shouwang.core.packs import get_pack
from shouwang.core.tree import EVERYTHING
from shouwang.org.tests.cast import NOON, Cast

HOUR = timedelta(hours=1)


def only(cast: Cast, name: str = "lin") -> SymptomAlert:
    return SymptomAlert.objects.get(person=cast.person[name], state="open")


@pytest.mark.parametrize(
    ("severity", "newest", "before", "expected"),
    [
        ("low", None, "none", AlertStep.RAISE),
        ("high", Standing("open", "high"), "high", AlertStep.LEAVE),
        ("low", Standing("open", "high"), "high", AlertStep.LEAVE),
        ("urgent", Standing("open", "high"), "high", AlertStep.WORSEN),
        ("low", Standing("closed", "urgent"), "urgent", AlertStep.RAISE),
        ("high", Standing("case", "high"), "high", AlertStep.LEAVE),
        ("urgent", Standing("case", "high"), "high", AlertStep.RAISE),
        ("low", Standing("case", "urgent"), "none", AlertStep.RAISE),
    ],
)
def test_what_a_finding_does(severity: str, newest: Standing | None, before: str, expected: AlertStep) -> None:
    assert step(severity=severity, newest=newest, previous_severity=before) is expected


def test_fever_raises_an_alert_that_explains_itself(cast: Cast) -> None:
    row = say(cast, "lin", fever())
    alert = only(cast)
    assert (alert.disease, alert.pack, alert.rule) == ("covid19", "covid19-2020-6", "fever")
    assert (alert.severity, alert.rank, alert.checkin_id, alert.raised_at) == ("high", 3, row.pk, NOON)
    assert "发热" in alert.because_zh and "fever" in alert.because_en
    entry = AuditEntry.objects.get(verb="alert.raised")
    assert entry.subject == alert.person_id and entry.new is None, "the audit log is read without health rights"


def test_the_open_alert_worsens_and_never_doubles(cast: Cast) -> None:
    say(cast, "lin", Answers(symptoms=("cough",)))
    say(cast, "lin", Answers(symptoms=("cough",)), at=NOON + HOUR)
    assert AuditEntry.objects.filter(verb="alert.worsened").count() == 0
    worse = say(cast, "lin", Answers(symptoms=("short_breath",)), at=NOON + 2 * HOUR)
    alert = only(cast)
    assert (alert.severity, alert.rule, alert.checkin_id, alert.raised_at) == ("urgent", "breathless", worse.pk, NOON)
    assert AuditEntry.objects.filter(verb="alert.worsened").count() == 1
    say(cast, "lin", well(), at=NOON + 3 * HOUR)
    assert only(cast).severity == "urgent"


def test_each_disease_raises_its_own(cast: Cast) -> None:
    flu = get_pack(FLU)
    ActivePack.objects.create(code=flu.code, sha256=flu.sha256, active_from=TODAY)
    say(cast, "lin", fever("38.5", "cough"))
    found = {a.disease: (a.rule, a.severity) for a in SymptomAlert.objects.all()}
    assert found == {"covid19": ("fever", "high"), "influenza": ("ili", "high")}


def test_closing_needs_a_reason_and_happens_once(cast: Cast) -> None:
    say(cast, "lin", fever())
    alert, he = only(cast), cast.by("he")
    with pytest.raises(BadInput) as caught:
        actions.close_alert(alert, reason="  ", by=he, at=NOON)
    assert caught.value.field == "reason"
    closed = actions.close_alert(alert, reason="vaccinated yesterday, seen at the clinic", by=he, at=NOON + HOUR)
    assert (closed.state, closed.handled_at, closed.handled_by) == ("closed", NOON + HOUR, cast.account["he"])
    with pytest.raises(Conflict):
        actions.close_alert(alert, reason="again", by=he, at=NOON + HOUR)
    with pytest.raises(Conflict):
        actions.mark_case_opened(alert, by=he, at=NOON + HOUR)
    assert [e.new for e in AuditEntry.objects.filter(verb="alert.closed")] == [{"state": "closed"}]
    say(cast, "lin", fever(), at=NOON + 2 * HOUR)
    assert only(cast).pk != alert.pk


def test_after_a_case_the_same_symptoms_are_no_news_until_worse_or_again(cast: Cast) -> None:
    say(cast, "lin", fever())
    actions.mark_case_opened(only(cast), by=cast.by("he"), at=NOON + HOUR)
    assert AuditEntry.objects.filter(verb="alert.case_opened").count() == 1
    say(cast, "lin", fever("37.9"), at=NOON + 2 * HOUR)
    assert not SymptomAlert.objects.filter(state="open").exists()
    say(cast, "lin", well(), at=NOON + 3 * HOUR)
    say(cast, "lin", Answers(symptoms=("fatigue",)), at=NOON + 4 * HOUR)
    assert only(cast).severity == "low"


def test_only_the_clinic_handles(cast: Cast) -> None:
    say(cast, "lin", fever())
    alert = only(cast)
    for name in ("lin", "meng", "fang", "qiu", "su", "tang", "deng", "admin"):
        with pytest.raises(Forbidden):
            actions.close_alert(alert, reason="no", by=cast.by(name), at=NOON)
        with pytest.raises(NotFound):
            queries.alert_for(cast.by(name), alert.pk)
        assert not queries.alert_queue(cast.by(name)).exists()
        assert sum(queries.open_by_severity(cast.by(name)).values()) == 0
    assert queries.alert_for(cast.by("he"), alert.pk) == alert


def test_the_queue_is_by_severity_then_by_waiting(cast: Cast) -> None:
    say(cast, "ou", Answers(symptoms=("fatigue",)), at=NOON - 2 * HOUR)
    say(cast, "wang", fever(), at=NOON - HOUR)
    say(cast, "zhao", fever(), at=NOON - 2 * HOUR)
    say(cast, "lin", fever("39.0", "short_breath"), at=NOON)
    he = cast.by("he")
    assert [a.person.name for a in queries.alert_queue(he)] == ["林晓", "赵宁", "王蕾", "欧阳静"]
    assert queries.open_by_severity(he) == {"urgent": 1, "high": 2, "medium": 0, "low": 1}
    first = queries.alert_queue(he)[0]
    actions.close_alert(first, reason="sent to hospital", by=he, at=NOON)
    assert [a.pk for a in queries.handled_alerts(he)] == [first.pk]
    assert queries.open_by_severity(he)["urgent"] == 0


def test_an_alert_outlives_the_answers_that_raised_it(cast: Cast) -> None:
    row = say(cast, "lin", fever())
    row.delete()
    alert = only(cast)
    assert alert.checkin is None and alert.because_en


def test_numbers_of_the_day_as_they_stood(cast: Cast) -> None:
    say(cast, "lin", fever())
    say(cast, "wang", well(), at=NOON + HOUR)
    actions.submit(
        person=cast.person["ou"], answers=well(), client_key="ou", source="proxy", proxy_reason="no phone",
        by=cast.by("xu"), at=NOON,
    )  # fmt: skip
    actions.close_alert(only(cast), reason="seen", by=cast.by("he"), at=NOON + 2 * HOUR)
    then = queries.day_figures((EVERYTHING,), TODAY, NOON)
    assert dict(then) == {
        "roster": 14, "self": 1, "proxy": 1, "clinic": 0, "unknown": 12, "symptomatic": 1, "alerts_open": 1,
        "monitored": 0, "monitored_missed": 0,
    }  # fmt: skip
    later = queries.day_figures((EVERYTHING,), TODAY, NOON + 3 * HOUR)
    assert (later["self"], later["unknown"], later["alerts_open"]) == (2, 11, 0)


def test_what_cannot_be_known_is_unknown_and_not_zero(cast: Cast) -> None:
    assert set(queries.day_figures((), TODAY, NOON).values()) == {None}
    assert set(queries.day_figures((EVERYTHING,), TODAY + timedelta(days=1), NOON).values()) == {None}
    purged = queries.day_figures((EVERYTHING,), TODAY - timedelta(days=30), NOON)
    assert (purged["roster"], purged["self"], purged["unknown"], purged["symptomatic"]) == (14, None, None, None)
    kept = queries.day_figures((EVERYTHING,), TODAY - timedelta(days=29), NOON)
    assert (kept["self"], kept["unknown"]) == (0, 14)


def test_missed_checks_are_counted_when_they_are_due(cast: Cast) -> None:
    from shouwang.checkins.tests.builders import watch

    watch(cast, "lin", checks=2)
    watch(cast, "wang", checks=2)
    say(cast, "lin", Answers(temperature_c=Decimal("36.5")), at=NOON)
    evening = clock.day_start(TODAY) + timedelta(hours=15)
    noon = queries.day_figures((EVERYTHING,), TODAY, NOON)
    assert (noon["monitored"], noon["monitored_missed"]) == (2, 0)
    afternoon = queries.day_figures((EVERYTHING,), TODAY, evening)
    assert (afternoon["monitored"], afternoon["monitored_missed"]) == (2, 1)
    next_day = queries.day_figures((EVERYTHING,), TODAY, evening + timedelta(days=1))
    assert (next_day["monitored"], next_day["monitored_missed"]) == (2, 2)


def test_monitoring_is_extended_shortened_and_withdrawn(cast: Cast) -> None:
    from shouwang.checkins.models import Monitoring
    from shouwang.checkins.tests.builders import watch
    from shouwang.core.scope import system_actor

    watch(cast, "lin", days=14)
    watch(cast, "lin", days=14)
    watch(cast, "lin", days=20)
    spell = Monitoring.objects.get()
    assert spell.ends == TODAY + timedelta(days=19)
    verbs = list(AuditEntry.objects.filter(kind="monitoring").order_by("pk").values_list("verb", flat=True))
    assert verbs == ["monitoring.started", "monitoring.changed"]
    assert actions.end_monitoring("Q-lin", on=TODAY + timedelta(days=3), by=cast.by("he"), at=NOON) is not None
    spell.refresh_from_db()
    assert spell.ends == date(2026, 3, 5)
    assert actions.end_monitoring("Q-nobody", on=TODAY, by=cast.by("he"), at=NOON) is None
    with pytest.raises(Forbidden):
        actions.end_monitoring("Q-lin", on=TODAY, by=cast.by("fang"), at=NOON)
    gone = actions.end_monitoring("Q-lin", on=TODAY - timedelta(days=1), by=cast.by("he"), at=NOON)
    assert gone is not None and not Monitoring.objects.exists()
    with pytest.raises(BadInput):
        actions.start_monitoring(
            person=cast.person["lin"], starts=TODAY, ends=TODAY - timedelta(days=1), checks_per_day=1,
            temperature_required=False, reason="x", reference="r", by=system_actor(), at=NOON,
        )  # fmt: skip
