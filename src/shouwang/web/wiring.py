"""Every "when X happens, do Y" that crosses rooms, one line each. Nothing else subscribes to events."""

from __future__ import annotations

from shouwang.cases import reactions as cases
from shouwang.cases.care import home as care_home
from shouwang.cases.care import reactions as care
from shouwang.cases.care.queries import hospital_nights, leave_days
from shouwang.cases.care.sources import tell_contacts, tell_release
from shouwang.cases.laboratory import home as laboratory_home
from shouwang.cases.panels import Panel, show_on_case
from shouwang.checkins import reactions as checkins
from shouwang.checkins.actions import standings
from shouwang.checkins.queries import tell_reminders
from shouwang.core import verbs
from shouwang.core.events import subscribe
from shouwang.isolation import home as isolation_home
from shouwang.isolation import reactions as isolation
from shouwang.isolation.queries import evenings_apart, release_of
from shouwang.outreach import owed
from shouwang.outreach import reactions as outreach
from shouwang.outreach.contributors import DailyCheckIn
from shouwang.outreach.queries import told_of_reminders
from shouwang.tracing import home as tracing_home
from shouwang.tracing import reactions as tracing
from shouwang.tracing.presence.expecting import expect_apart, expect_on_leave
from shouwang.tracing.queries.counting import contact_counts
from shouwang.web import audit_words
from shouwang.web.reminding import (
    DailyReports,
    DirectiveArrived,
    LateClocks,
    MatterServed,
    OpenSurveys,
    PeopleToCall,
    SecondmentAsked,
    WorkDue,
)


def connect() -> None:
    """Called once when the program starts."""
    subscribe("level.declared", checkins.on_level_declared)
    subscribe("level.ended", checkins.on_level_ended)
    subscribe("account.secured", checkins.on_account_secured)
    subscribe("people.changed", standings.people_changed)
    subscribe("people.changed", cases.on_people_changed)
    subscribe("people.merged", standings.people_merged)
    subscribe("people.merged", tracing.on_people_merged)
    subscribe("contacts.confirmed", isolation.on_contacts_confirmed)
    subscribe("contacts.dismissed", isolation.on_contacts_dismissed)
    subscribe("case.classified", isolation.on_case_classified)
    subscribe("case.dated", isolation.on_case_dated)
    subscribe("case.traced", isolation.on_case_traced)
    subscribe("contacts.confirmed", tracing.on_contacts_decided)
    subscribe("contacts.dismissed", tracing.on_contacts_decided)
    subscribe("case.traced", tracing.on_case_traced)
    subscribe("case.classified", tracing.on_case_classified)
    subscribe("case.dated", tracing.on_case_dated)
    for decided in ("contacts.confirmed", "contacts.dismissed", "contacts.reconsidered"):
        subscribe(decided, tracing.on_contacts_judged)
    subscribe("contact.regraded", tracing.on_contact_regraded)
    expect_apart(evenings_apart)
    expect_apart(hospital_nights)
    expect_on_leave(leave_days)
    tell_release(release_of)
    tell_contacts(contact_counts)
    subscribe("alert.raised", care.on_alert_raised)
    verbs.register(audit_words.VERBS)
    subscribe("checkin.remind", outreach.on_remind_asked)
    owed.register(DailyCheckIn())
    owed.register(OpenSurveys())
    owed.register(PeopleToCall())
    owed.register(WorkDue())
    owed.register(DirectiveArrived())
    owed.register(MatterServed())
    owed.register(SecondmentAsked())
    owed.register(DailyReports())
    owed.register(LateClocks())
    tell_reminders(told_of_reminders)
    show_on_case(Panel("cases/lab/_case.html", laboratory_home.case_panel))
    show_on_case(Panel("cases/care/_case.html", care_home.case_panel, right="case.manage"))
    show_on_case(Panel("isolation/_case/orders.html", isolation_home.case_panel))
    show_on_case(Panel("tracing/_case/contacts.html", tracing_home.case_panel, right="trace.work"))
    show_on_case(Panel("tracing/_case/before.html", tracing_home.before_panel, right="case.view"))
    show_on_case(Panel("tracing/_case/sources.html", tracing_home.sources_panel, right="case.view"))
