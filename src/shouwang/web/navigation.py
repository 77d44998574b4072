"""The menu as data. A room adds its line here; who sees it is decided by the right, never by the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.core.scope import Actor

Label = str | Promise


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the menu: `right` None is for everybody who is signed in; `tab` offers it to the phone's bottom bar.

    `person` keeps it from accounts that belong to no person (they have no data of their own).
    """

    url_name: str
    label: Label
    icon: str
    right: str | None = None
    group: str = "mine"
    tab: bool = False
    person: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as one request sees it."""

    url: str
    label: Label
    icon: str
    current: bool
    tab: bool


@dataclass(frozen=True, slots=True)
class Group:
    label: Label
    links: tuple[Link, ...]


GROUPS: dict[str, Label] = {
    "mine": _("My day"),
    "watch": _("Keep watch"),
    "respond": _("Respond"),
    "command": _("Command"),
    "campus": _("Campus"),
}

# In menu order. A line a page: Entry("cases:list", _("Cases"), "virus", right="case.view", group="respond", tab=True)
ENTRIES: list[Entry] = [
    Entry("web:home", _("Home"), "home", tab=True),
    Entry("checkins:today", _("Daily check-in"), "clipboard-heart", tab=True, person=True),
    Entry("checkins:history", _("My last 14 days"), "history", person=True),
    Entry("surveys:mine", _("My surveys"), "clipboard-list", person=True),
    Entry("command:work", _("My work"), "checklist", person=True),
    Entry("checkins:unit", _("Who has checked in"), "list-check", right="checkin.status", group="watch", tab=True),
    Entry("surveys:list", _("Screening surveys"), "clipboard-check", right="survey.status", group="watch"),
    Entry("checkins:quality", _("How units collect"), "checks", right="checkin.view", group="watch"),
    Entry("checkins:alerts", _("Symptom alerts"), "stethoscope", right="alert.handle", group="respond", tab=True),
    Entry("tracing:desk", _("Contact tracing"), "radar-2", right="trace.work", group="respond", tab=True),
    Entry("tracing:follow_ups", _("Follow-up of contacts"), "user-heart", right="followup.work", group="respond"),
    Entry("tracing:chains", _("Transmission chains"), "git-branch", right="report.view", group="respond"),
    Entry("tracing:visitors", _("Visitors"), "door-enter", right="visitor.register", group="campus", tab=True),
    Entry("tracing:days", _("Presence data"), "database", right="presence.import", group="campus"),
    Entry("command:board", _("Board"), "layout-dashboard", right="report.view", group="command"),
    Entry("command:gaps", _("Gaps found"), "target", right="report.view", group="command"),
    Entry("command:matters", _("Accountability"), "scale", right="directive.sign", group="command"),
    Entry("command:report", _("Situation report"), "report-analytics", right="report.view", group="command", tab=True),
    Entry("command:daily", _("Daily reports"), "report", right="report.view", group="command"),
    Entry("command:tracing_quality", _("Quality of tracing"), "checks", right="report.view", group="command"),
    Entry("command:level", _("Response level"), "shield", right="report.view", group="command"),
    Entry("command:directives", _("Directives"), "files", right="report.view", group="command"),
    Entry("command:tasks", _("Tasks"), "checks", right="report.view", group="command"),
    Entry("command:teams", _("Teams"), "users-group", right="report.view", group="command"),
    Entry("command:notice", _("Read a notice"), "file-text", right="report.view", group="command"),
    Entry("checkins:forms", _("What is asked"), "checklist", right="report.view", group="command"),
    Entry("command:packs", _("Disease packs"), "virus", right="report.view", group="command"),
    Entry("command:places", _("Buildings in numbers"), "building", right="report.view", group="command"),
    Entry("cases:list", _("Cases"), "virus", right="case.view", group="respond", tab=True),
    Entry("cases:tests", _("Tests"), "test-pipe", right="test.order", group="respond"),
    Entry("cases:test_days", _("Testing days"), "users-group", right="checkin.status", group="watch"),
    Entry("cases:care_desk", _("Care and return"), "first-aid-kit", right="case.manage", group="respond"),
    Entry("cases:clocks", _("Clocks"), "clock-exclamation", right="case.view", group="respond"),
    Entry("cases:delays", _("Delays"), "hourglass", right="report.view", group="respond"),
    Entry("cases:lines", _("Line list"), "list-details", right="case.view", group="respond"),
    Entry("cases:curve", _("Epidemic curve"), "chart-histogram", right="report.view", group="command"),
    Entry("isolation:list", _("Quarantine and isolation"), "home-heart", right="isolation.manage", group="respond"),
    Entry("isolation:rooms", _("Isolation rooms"), "bed", right="isolation.manage", group="respond"),
    Entry("isolation:absent", _("Absent"), "calendar-time", right="isolation.view", group="watch"),
    Entry("outreach:rounds", _("Reminders"), "bell-ringing", right="checkin.status", group="watch"),
    Entry("outreach:channels", _("Channels"), "send", right="outreach.manage", group="campus"),
    Entry("org:people", _("People"), "users", right="people.view", group="campus"),
    Entry("org:tree", _("Organisations"), "sitemap", right="people.view", group="campus"),
    Entry("org:places", _("Places"), "map-2", group="campus"),
    Entry("org:responsibility", _("Who answers"), "user-shield", right="people.view", group="campus"),
    Entry("org:imports", _("Roster imports"), "file-import", right="people.manage", group="campus"),
    Entry("org:accounts", _("Accounts and roles"), "user-cog", right="account.manage", group="campus"),
    Entry("org:audit", _("Audit log"), "list-search", right="audit.view", group="campus"),
]

# The account menu, upper right.
ACCOUNT: list[Entry] = [
    Entry("isolation:mine", _("My isolation orders"), "home-heart", person=True),
    Entry("tracing:my_follow_up", _("My follow-up"), "user-heart", person=True),
    Entry("tracing:my_scans", _("My places"), "map-pin", person=True),
    Entry("cases:my_tests", _("My tests"), "test-pipe", person=True),
    Entry("cases:my_care", _("My care and return"), "first-aid-kit", person=True),
    Entry("command:service", _("My service"), "certificate", person=True),
    Entry("command:measures", _("What holds now"), "shield-check"),
    Entry("command:tell", _("Tell of a weak point"), "message-report"),
    Entry("outreach:inbox", _("Messages"), "bell", person=True),
    Entry("outreach:preferences", _("How to reach me"), "settings", person=True),
    Entry("org:me", _("My data"), "id", person=True),
    Entry("checkins:link", _("My check-in link"), "link", person=True),
    Entry("org:seen", _("Who saw my data"), "eye-check", person=True),
    Entry("org:tokens", _("API tokens"), "key"),
    Entry("web:password", _("Change password"), "lock"),
]


def may_see(entry: Entry, actor: Actor) -> bool:
    return (entry.right is None or actor.holds(entry.right)) and (not entry.person or actor.person_id is not None)


def links(entries: Iterable[Entry], actor: Actor, path: str) -> list[tuple[str, Link]]:
    """(group, link) of what `actor` may see. The entry whose address is the longest prefix of `path` is current."""
    seen = [(entry, reverse(entry.url_name)) for entry in entries if may_see(entry, actor)]
    home = reverse("web:home")
    fits = [url for _entry, url in seen if path == url or (url != home and path.startswith(url))]
    current = max(fits, key=len, default=None)
    return [(entry.group, Link(url, entry.label, entry.icon, url == current, entry.tab)) for entry, url in seen]


def menu(actor: Actor, path: str) -> list[Group]:
    """The groups of the menu in order, empty ones left out."""
    seen = links(ENTRIES, actor, path)
    found = [(label, tuple(link for group, link in seen if group == name)) for name, label in GROUPS.items()]
    return [Group(label, members) for label, members in found if members]


TABS = 4  # with "More" five targets of 78 px on a 390 px phone


def tabs(groups: Iterable[Group]) -> list[Link]:
    """The first few entries that asked for a place in the phone's bottom bar."""
    return [link for group in groups for link in group.links if link.tab][:TABS]
