"""One outbreak on the campus of the cast, so that every address has something to show.

Lin reports a fever; **He** opens and confirms the case; **Qiu** traces it, confirms Wang (same dormitory room) and
leaves Meng (same table in the canteen) undecided; Lin came back with it from elsewhere; Wang is
served a quarantine order and objects. Zhao's alert waits. Whoever has not checked in by nine is reminded. **Su**
declares level I and issues the report; **Admin** checks a roster file, gives the class a channel and holds a token.
**Su** issues a directive to the college, which **Fang** answers for, and keeps another as a draft; she
asks the colleges for daily reports.
Gaps are looked for; Su opens one correction and Lin tells of a weak point. Su reminds the college of a roster, which
Fang answers for and Tang is to decide; a formal notice before it was upheld.
**Su** sets up a team at the college: Zhao leads it, Meng has duty, Wang is asked for after
their quarantine; Meng objects to the record of an earlier one.
A team is proposed for the other college.
He refers Lin to the hospital, and sees Ou through influenza to the certificate of return.
He tests Wang, Zhao (positive, without a case) and Ou, brings a laboratory's file with a barcode nobody knows, and
makes a testing day.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

from shouwang.cases import actions as cases
from shouwang.cases.care import actions as care
from shouwang.cases.care import queries as care_queries
from shouwang.cases.care.models import Discharge, Visit
from shouwang.cases.care.tests.builders import write_hospitals
from shouwang.cases.laboratory import actions as laboratory
from shouwang.cases.laboratory.models import ReviewItem
from shouwang.cases.models import Case
from shouwang.checkins import actions as checkins
from shouwang.checkins import queries as checkin_queries
from shouwang.checkins.models import QualityNote, SymptomAlert
from shouwang.checkins.rules import Answers, credentials
from shouwang.command import actions as command
from shouwang.command.actions import control
from shouwang.command.models import ControlMeasure, Task
from shouwang.command.rules.daily import Words
from shouwang.core import imports
from shouwang.core.packs import get_pack
from shouwang.core.scope import CLI, system_actor
from shouwang.isolation import actions as isolation
from shouwang.isolation.models import Order
from shouwang.org import actions as org
from shouwang.org import tasks
from shouwang.org.merging import actions as merging
from shouwang.org.models import Grant, Responsibility
from shouwang.org.tests.cast import NOON, Cast
from shouwang.outreach import actions as outreach
from shouwang.outreach.models import Round
from shouwang.surveys import actions as surveys
from shouwang.surveys import kept
from shouwang.surveys.models import Attachment
from shouwang.surveys.queries import Aim
from shouwang.tracing import actions as tracing
from shouwang.tracing.models import Contact, Course, FollowUp
from shouwang.tracing.models_readers import ReaderClock
from shouwang.tracing.models_seats import SeatPlan
from shouwang.tracing.queries import encounters
from shouwang.tracing.queries.scans import poster_for
from shouwang.tracing.rules.interviews import Said
from shouwang.tracing.rules.timetable_changes import Asked
from shouwang.tracing.rules.unknowns import Sketch
from tests import days
from tests import story_later as later

TODAY, COVID = days.TODAY, days.COVID
VISITS = """学号,场所,开始时间,结束时间
2023010101,C1,2026-03-01 12:00,2026-03-01 12:40
2023010103,C1,2026-03-01 12:05,2026-03-01 12:38
2023010201,LIB,2026-03-01 09:00,2026-03-01 11:00
2023010101,LIB,2026-03-01 10:00,2026-03-01 11:30
"""
TERM_FORM = """
[form]
code = "term"
version = 1
title = { zh = "学期申报", en = "Term form" }
starts = 2026-03-03
ends = 2026-06-30
[[sources]]
id = "office"
kind = "assumption"
text = "the office of the story"
[cadence]
by_level = { none = "unwell_only", IV = "weekly", III = "weekly", II = "daily", I = "daily" }
due = 10:00:00
source = "office"
""".encode()
ROSTER_FILE = "学号,姓名,班级\n2023010101,林晓,计科2301班\n2023010104,新同学,计科2301班\n,无学号,计科2301班\n"


@dataclass
class Story:
    """The cast and the things an address can name: `ids["case"]`, `ids["alert"]`, ..."""

    cast: Cast
    home: Path
    ids: dict[str, int] = field(default_factory=dict)
    receipt: str = ""
    ticket: str = ""
    encounter: str = ""
    code: str = ""
    hospital_link: str = ""
    paper: str = ""
    duplicate: str = ""


def tell(cast: Cast, home: Path) -> Story:
    """Play it, each as themselves, through the same actions as anybody's."""
    story = Story(cast, home)
    _before(story)
    _lessons(story)
    _falls_ill(story)
    _traced(story)
    _reminded(story)
    _books(story)
    _surveyed(story)
    _ordered(story)
    _tested(story)
    _registered_twice(story)
    entered = later.entered_twice(story)
    _cared(story)
    later.merged(story, entered)
    later.from_elsewhere(story)
    _reports_asked(story)
    later.mended(story)
    later.answered_for(story)
    later.served(story)
    return story


def _lessons(story: Story) -> None:
    """A course that was cancelled last Monday."""
    Course.objects.create(
        code="STORY", title="故事课", place=story.cast.place["T1-201"], weekday=1, starts=time(8), ends=time(10),
        first_day=TODAY - timedelta(days=7), last_day=TODAY,
    )  # fmt: skip
    held = tracing.gatherings.register(
        "排练", where="LIB", starts_at=NOON - timedelta(hours=40), ends_at=NOON - timedelta(hours=39),
        numbers=["2023010102"], by=story.cast.by("su"), at=NOON - timedelta(hours=4),
    )  # fmt: skip
    story.ids["gathering"] = held.pk
    wrong = ReaderClock.objects.create(
        place=story.cast.place["C1"], state=ReaderClock.State.PROPOSED, basis=ReaderClock.Basis.PATTERN, seconds=320,
        first_day=TODAY, last_day=TODAY, proposed_at=NOON,
        evidence={"days": [{"day": "2026-03-02", "seconds": 320, "pairs": 120, "stated": 0.1, "corrected": 0.8}],
                  "either": "LIB"},
    )  # fmt: skip
    story.ids["clock"] = wrong.pk
    coming = tracing.visitors.Coming("何来", "13800001111", "LIB", NOON - timedelta(hours=2), NOON + timedelta(hours=1))
    visit = tracing.visitors.register(coming, key="story", by=story.cast.by("su"), at=NOON)
    story.ids["visit"] = visit.pk
    by, at = story.cast.by("su"), NOON - timedelta(hours=4)
    tracing.scans.issue_code(story.cast.place["C1"], days=None, by=by, at=at)
    story.code = poster_for(by, "C1").code
    scanned = tracing.scans.scan(story.code, way="in", key="story", by=story.cast.by("lin"), at=at)
    story.ids["scan"] = scanned.pk
    sheet = story.home / "seats.csv"
    sheet.write_text("学号,排,座位\n2023010101,1,1\n2023010103,1,2\n", encoding="utf-8")
    plan = tracing.seats.PlanOf("故事考试", "T1-201", TODAY - timedelta(days=7), TODAY)
    tracing.seats.import_plan(sheet, plan, by=by, at=at)
    story.ids["seat_plan"] = SeatPlan.objects.get().pk
    asked = Asked("STORY", TODAY - timedelta(days=7), "cancelled")
    story.ids["lesson"] = tracing.lessons.change_lesson(asked, by=by, at=at).pk


def _before(story: Story) -> None:
    """The level is declared, presence is recorded, healthy people check in."""
    cast, operator = story.cast, system_actor("operator", mouth=CLI)
    at = NOON - timedelta(hours=5)
    control.declare_with_measures(
        organisation=cast.org["WCU"], level=1, basis="省一级响应公告", review_on=TODAY + timedelta(days=14),
        kinds=["masks", "gatherings"], by=cast.by("su", at), at=at,
    )  # fmt: skip
    story.ids["control"] = ControlMeasure.objects.get(kind="masks").pk
    path = story.home / "visits.csv"
    path.write_text(VISITS, encoding="utf-8")
    tracing.import_presence(path, source_format="visits", by=operator, at=at)
    tracing.build_days(TODAY - timedelta(days=3), TODAY, by=operator, at=at)
    for name in ("wang", "ou", "fang"):
        checkins.submit(
            person=cast.person[name], answers=Answers(exposure=False), client_key=f"story-{name}",
            by=cast.by(name, at), at=at,
        )  # fmt: skip


def _falls_ill(story: Story) -> None:
    """Two say that they feel ill; one of them becomes a case."""
    cast, at = story.cast, NOON - timedelta(hours=3)
    for name, reading in (("lin", "38.6"), ("zhao", "38.1")):
        row = checkins.submit(
            person=cast.person[name], answers=Answers(temperature_c=Decimal(reading), symptoms=("fever", "cough")),
            client_key=f"story-{name}", by=cast.by(name, at), at=at,
        )  # fmt: skip
        story.receipt = row.receipt
    alerts = SymptomAlert.objects.filter(disease="covid19")
    story.ids["alert"] = alerts.get(person=cast.person["zhao"]).pk
    case = cases.open_case(
        person=cast.person["lin"], pack=get_pack(COVID), classification="suspected", reason="发热伴咳嗽",
        onset_at=NOON - timedelta(hours=20), alert=alerts.get(person=cast.person["lin"]),
        by=cast.by("he", at), at=at + timedelta(minutes=20),
    )  # fmt: skip
    cases.classify(case, new="confirmed", reason="核酸检测阳性", by=cast.by("he", at), at=at + timedelta(minutes=60))
    story.ids["case"] = case.pk
    story.ids["case_order"] = Order.objects.get(person=cast.person["lin"]).pk


def _traced(story: Story) -> None:
    cast, at = story.cast, NOON - timedelta(hours=1)
    case = Case.objects.get(pk=story.ids["case"])
    tracing.trace_case(case, by=cast.by("qiu", at), at=at)
    wang = Contact.objects.get(case=case, person=cast.person["wang"])
    said = Said(NOON - timedelta(hours=17), NOON - timedelta(hours=16), "about", cast.place["LIB"].pk, "图书馆")
    told = tracing.interview.state(case, case.person, said, by=cast.by("qiu", at), at=at)
    story.ids["statement"] = told.pk
    sketch = Sketch("出租车司机", NOON - timedelta(hours=20), NOON - timedelta(hours=19))
    story.ids["unknown"] = tracing.unknowns.note(case, sketch, by=cast.by("qiu", at), at=at).pk
    story.ids["contact"] = Contact.objects.get(case=case, person=cast.person["meng"]).pk
    tracing.confirm(wang, by=cast.by("qiu", at), at=at)
    order = Order.objects.get(person=cast.person["wang"])
    isolation.object_to(order, text="我当晚不在寝室", by=cast.by("wang", at), at=at)
    story.ids["confirmed"] = wang.pk
    story.ids["order"] = order.pk
    story.ids["follow_up"] = FollowUp.objects.get(person=wang.person).pk
    tracing.share_contacts(case, by=cast.by("qiu", at), at=at)
    meals = encounters.encounters(cast.by("qiu", at), case)
    story.encounter = next(line.key for line in meals if line.place_id == cast.place["C1"].pk)
    link = tracing.add_link(case, origin="imported", reason="外地返校", by=cast.by("qiu", at), at=at)
    story.ids["link"] = link.pk


def _registered_twice(story: Story) -> None:
    """Deng has a second record as a visitor; Admin merged the two."""
    cast, at = story.cast, NOON - timedelta(minutes=20)
    admin, deng = cast.by("admin", at), cast.person["deng"]
    twice = org.add_person(
        number="V0001", name=deng.name, kind="visitor", home=cast.org["WCU"], since=TODAY, by=admin, at=at
    )
    story.ids["merge"] = merging.merge(deng, twice, reason="门岗登记两次", leave=True, by=admin, at=at).pk


def _reminded(story: Story) -> None:
    """At nine whoever has not checked in is reminded of ten o'clock; Admin has given the class a channel."""
    cast, at = story.cast, NOON - timedelta(hours=3)
    admin = cast.by("admin", at)
    made = outreach.add_channel(
        name="班群", kind="file", organisation=cast.org["CS2301"], url="class-group", by=admin, at=at
    )
    outreach.plan_due(by=system_actor("reminders"), at=at)
    round_ = Round.objects.earliest("due_at")
    outreach.note_round(round_.pk, at=NOON - timedelta(hours=2))
    story.ids |= {"channel": made.pk, "round": round_.pk}


def _books(story: Story) -> None:
    """What the office and the administrator keep."""
    cast, at = story.cast, NOON - timedelta(minutes=30)
    admin = cast.by("admin", at)
    made = command.issue_report(organisation=cast.org["WCU"], day=TODAY, by=cast.by("su", at), at=at)
    options = {"root": cast.org["WCU"].pk, "language": "zh-hans"}
    run = imports.receive("roster", "roster.csv", [ROSTER_FILE.encode()], options=options, by=admin, at=at)
    tasks.perform_import.func(run.pk)
    token, _plain = org.issue_token(cast.account["admin"], name="story", days=30, by=admin, at=at)
    form = checkins.publish_form(TERM_FORM, unit=cast.org["WCU"], by=cast.by("su", at), at=at)
    story.ids["form_version"] = form.pk
    note = QualityNote.objects.create(
        organisation=cast.org["CS2301"], day=TODAY, kind="same_reading", count=9, of=10, detail="36.0", noted_at=at,
        purge_on=TODAY + timedelta(days=90),
    )  # fmt: skip
    story.ids["quality"] = note.pk
    job = checkins.start_bulk(
        checkins.Asked("remind"), checkins.Chosen(ids=(cast.person["wang"].pk,)), by=cast.by("meng"), at=NOON
    )
    story.ids["bulk"] = job.pk
    story.ticket = checkin_queries.ticket_for(cast.by("meng", at), mouth=credentials.LINK, at=at)
    story.ids |= {
        "version": made.pk,
        "run": run.pk,
        "token": token.pk,
        "grant": Grant.objects.get(account=cast.account["xu"]).pk,
        "answer": Responsibility.objects.get(organisation=cast.org["IE"]).pk,
        **{f"person_{name}": person.pk for name, person in cast.person.items()},
        **{f"account_{name}": account.pk for name, account in cast.account.items()},
        **{f"org_{code}": unit.pk for code, unit in cast.org.items()},
        **{f"place_{code}": place.pk for code, place in cast.place.items()},
    }


def _surveyed(story: Story) -> None:
    """The office asks all students about risk areas; Lin has answered."""
    cast, at = story.cast, NOON - timedelta(minutes=20)
    su = cast.by("su", at)
    form = surveys.import_ready("return-risk-area", by=su, at=at)
    campaign = surveys.new_campaign(
        version=form, organisation=cast.org["WCU"], aim=Aim(kinds=("student",)), title="返校人员与风险地区摸排",
        deadline=at + timedelta(days=2), by=su, at=at,
    )  # fmt: skip
    surveys.open_campaign(campaign, by=su, at=at)
    answers = {"phone": "13800000000", "was_there": "no", "contact": "no", "symptoms": "none"}
    sent = surveys.submit(
        campaign, person=cast.person["lin"], answers=answers, client_key="story", by=cast.by("lin", at), at=at
    )  # fmt: skip
    picture = Attachment.objects.create(
        submission=sent, name="place.jpg", kind="image/jpeg", size=4, sha256="0" * 64, cleaned=True, at=at,
        stored_as=kept.put(b"\xff\xd8\xff\xd9"),
    )  # fmt: skip
    story.ids |= {"form": form.pk, "campaign": campaign.pk, "submission": sent.pk, "survey_file": picture.pk}


def _ordered(story: Story) -> None:
    """Su writes two directives: one that Tang signs off and Su issues to IE, one that is still a draft."""
    cast, at = story.cast, NOON - timedelta(minutes=10)
    su, root = cast.by("su", at), cast.org["WCU"]
    rows = []
    for title in ("关于做好消毒工作的通知", "关于开展摸排的通知"):
        values = {
            "title": title, "body": "一、各学院每日消毒。", "prefix": "望校防", "due_at": at + timedelta(days=3),
            "aims": [{"unit": cast.org["IE"].pk, "kind": ""}], "acknowledge_by": at + timedelta(days=1),
        }  # fmt: skip
        row = command.write_directive(organisation=root, values=values, by=su, at=at)
        command.add_measure(row, values={"text": "每日消毒并登记", "capability": "supplies"}, by=su, at=at)
        rows.append(row)
    command.submit(rows[0], by=su, at=at)
    command.sign(rows[0], by=cast.by("tang", at), at=at)
    command.issue(rows[0], by=su, at=at)
    story.ids |= {
        "directive": rows[0].pk,
        "draft": rows[1].pk,
        "measure": rows[1].measures.get().pk,
        "task": Task.objects.get(directive=rows[0]).pk,
    }


def _reports_asked(story: Story) -> None:
    """Su asks the colleges for a report each day; Fang has handed in that of Information Engineering."""
    at = NOON - timedelta(minutes=5)
    command.set_report_plan(
        organisation=story.cast.org["WCU"], deadlines={"college": "16:00"}, until=TODAY + timedelta(days=7),
        reason="校防〔2026〕3号", by=story.cast.by("su", at), at=at,
    )  # fmt: skip
    command.hand_in(
        unit=story.cast.org["IE"], day=TODAY, words=Words(done="每日消毒"), by=story.cast.by("fang", at), at=at
    )  # fmt: skip


def _tested(story: Story) -> None:
    """Wang's sample is at the laboratory, Zhao's is positive, Ou's waits; a row of a file waits for somebody."""
    cast, at = story.cast, NOON - timedelta(minutes=10)
    he = cast.by("he", at)
    tests = {
        name: laboratory.order_test(cast.person[name], method="pcr", disease="covid19", by=he, at=at)
        for name in ("wang", "zhao", "ou")
    }
    sample = laboratory.take_sample([tests["wang"]], barcode="T1", by=he, at=at)
    other = laboratory.take_sample([tests["zhao"]], barcode="T2", by=he, at=at)
    laboratory.record_result(other, outcome="positive", by=he, at=at)
    path = story.home / "results.csv"
    path.write_text("条码,结果\nX9,阳性\nT1,不知道\n", encoding="utf-8")
    laboratory.import_results(path, by=he, at=at)
    run = laboratory.import_results(path, dry_run=True, by=he, at=at)
    day = laboratory.make_day(cast.org["IE"], day=TODAY, method="pcr", disease="covid19", capacity=5, by=he, at=at)
    story.ids |= {
        "lab_test": tests["ou"].pk,
        "lab_positive": tests["zhao"].pk,
        "lab_sample": sample.pk,
        "lab_run": run.pk,
        "lab_item": ReviewItem.objects.get().pk,
        "lab_day": day.pk,
        "lab_member": day.members.get(person=cast.person["lin"]).pk,
    }


def _cared(story: Story) -> None:
    """Lin is on the way to the hospital, which holds a link to answer by; Ou had influenza and is back."""
    cast, at = story.cast, NOON - timedelta(minutes=5)
    he = cast.by("he", at)
    write_hospitals(story.home)
    lin = Case.objects.get(pk=story.ids["case"])
    sent = care.refer(lin, hospital="lung", reason="高热不退", absent_until=TODAY + timedelta(days=10), by=he, at=at)
    step = care.add_step(sent, what="called", happened_at=at, by=he, at=at)
    story.hospital_link = care.make_link(sent, by=he, at=at)
    ou = cases.open_case(
        person=cast.person["ou"], pack=get_pack("influenza-seasonal"), classification="suspected", reason="发热",
        onset_at=NOON - timedelta(days=9), by=he, at=NOON - timedelta(days=8),
    )  # fmt: skip
    then = NOON - timedelta(days=8)
    care.set_leave(ou, first=TODAY - timedelta(days=8), until=TODAY + timedelta(days=2), by=he, at=then)
    dose = care.treat(ou, kind="antiviral", place="clinic", text="奥司他韦 75 mg", happened_at=then, by=he, at=then)
    care.discharge(ou, outcome="recovered", instructions="多休息", happened_at=then + timedelta(days=2), by=he, at=at)
    back = care.clear(ou, back_on=TODAY, reason="门诊复诊无异常", by=he, at=at)
    story.paper = care_queries.code_of(back)
    story.ids |= {
        "referral": sent.pk,
        "referral_step": step.pk,
        "care": sent.care_id,
        "ou_case": ou.pk,
        "treatment": dose.pk,
        "discharge": Discharge.objects.get().pk,
        "visit_due": Visit.objects.earliest("due_on").pk,
        "certificate": back.pk,
    }
