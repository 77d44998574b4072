"""Follow-ups, for whoever looks after contacts. Access needs followup.work over the person who is followed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Exists, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case, Classification
from shouwang.cases.queries import pack_of
from shouwang.checkins.models import CheckIn
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.packs import Pack, Text
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import answerers_of, holders, holders_of, reachable
from shouwang.tracing.models import Contact, FollowUp, FollowUpCall
from shouwang.tracing.queries import catalogue, judging
from shouwang.tracing.rules import following as rules
from shouwang.tracing.rules.certainty import UNSURE, UNSURE_NAME
from shouwang.tracing.rules.editions import Edition
from shouwang.tracing.rules.next_steps import next_of_follow_up

WORK, TRACE = "followup.work", "trace.work"
NOT_ABLE = _("Nobody with the number %(number)s may follow this person.")
ORDER = ("ends_on", "pk")
STRIP = 7  # days a line of the list shows
MOST_HOLDERS = 100  # offered when a follow-up is handed over
RUNNING = FollowUp.State.RUNNING
SHOWS = ("due", "silent", "unwell", "over", "nobody", "running", "ended")


def within(by: Actor, person: Person) -> bool:
    """Whether `by` may follow this person: by home organisation, else by another membership."""
    return by.holds(WORK, person.home_path) or (
        by.holds(WORK) and Person.objects.filter(reachable(by, WORK), pk=person.pk).exists()
    )


def running(people: Collection[int], disease: str) -> dict[int, FollowUp]:
    """Person -> the follow-up that runs, locked where the database locks rows."""
    rows = FollowUp.objects.select_for_update(of=("self",)).select_related("person")
    found = rows.filter(person_id__in=people, disease=disease, state=RUNNING).order_by("pk")
    return {row.person_id: row for row in found}


def open_cases(people: Collection[int], disease: str) -> dict[int, Case]:
    """Person -> the open case of the disease that they are themselves; a suspicion is watched by the clinic."""
    rows = Case.objects.filter(person_id__in=people, disease=disease, closed_at__isnull=True)
    return {row.person_id: row for row in rows.exclude(classification=Classification.DISCARDED).order_by("-pk")}


def interrupted(people: Collection[int], disease: str) -> dict[int, FollowUp]:
    """Person -> their last follow-up, where it ended because of a case that was discarded since."""
    rows = FollowUp.objects.filter(person_id__in=people, disease=disease).select_related("became")
    last = {row.person_id: row for row in rows.order_by("begun_at", "pk")}
    return {
        pk: row
        for pk, row in last.items()
        if row.became is not None and row.became.classification == Classification.DISCARDED
    }


def followed_until(people: Collection[int], disease: str) -> dict[int, date]:
    """Person -> the latest end of a follow-up that was completed or ended by decision already."""
    over = (FollowUp.State.COMPLETED, FollowUp.State.ENDED)
    rows = FollowUp.objects.filter(person_id__in=people, disease=disease, state__in=over).order_by()
    return dict(rows.values_list("person").annotate(latest=Max("ends_on")))


def watches_of(people: Collection[int], disease: str) -> dict[int, tuple[rules.Watch, Contact]]:
    """Person -> the watch that their confirmed contacts ask for, and the contact that lasts longest. One query."""
    rows = Contact.objects.filter(person_id__in=people, state=Contact.State.CONFIRMED, case__disease=disease)
    rows = rows.exclude(case__classification=Classification.DISCARDED).select_related("case", "trace")
    of_person: dict[int, dict[int, Contact]] = defaultdict(dict)
    for row in rows.order_by("pk").defer("days", "evidence"):
        of_person[row.person_id][row.pk] = row
    judged = Judging()
    found = {}
    for person, contacts in of_person.items():
        wanted = rules.watch(judged.exposure(row) for row in contacts.values())
        if wanted:
            found[person] = (wanted, contacts[wanted.contact])
    return found


class Judging:
    """What packs and editions say of contacts, each read once however many contacts it judges."""

    def __init__(self) -> None:
        self._packs: dict[tuple[str, str], tuple[Pack, rules.FollowUpRule | None]] = {}
        self._said: dict[tuple[str, str, str, str, str], tuple[Text, int | None, Text | None]] = {}

    def exposure(self, contact: Contact) -> rules.Exposure:
        key = (contact.case.pack, contact.case.pack_sha256)
        if key not in self._packs:
            pack = pack_of(contact.case)
            self._packs[key] = pack, follow_up_rule(pack)
        pack, rule = self._packs[key]
        by = (*key, contact.trace.rule_basis, contact.trace.rule, contact.grade)
        if by not in self._said:
            self._said[by] = _of_grade(contact, pack)
        name, observed, title = self._said[by]
        return rules.Exposure(
            id=contact.pk,
            rule=rule,
            grade=contact.grade,
            grade_name=name,
            exposed_on=rules.last_exposure(contact.first_at, contact.last_at, clock.zone()),
            confirmed_on=clock.local_day(contact.decided_at or contact.found_at),
            observed=observed,
            edition=title,
        )


def _of_grade(contact: Contact, pack: Pack) -> tuple[Text, int | None, Text | None]:
    """The name of the contact's grade, the days its edition observes it for, and the edition's title."""
    edition = edition_of(contact)
    observed = None
    for item in edition.observation if edition else ():
        if item.grade == contact.grade:
            observed = sum(phase.days for phase in item.phases)
    return grade_name(contact.grade, pack, edition), observed, edition.head.title if edition else None


def follow_up_rule(pack: Pack) -> rules.FollowUpRule | None:
    """The pack's [follow_up], else what its [quarantine] says of the days; None where it has neither. PackError names
    what is wrong with it."""
    found = pack.optional("follow_up", rules.FollowUpRule)
    apart = None if found else pack.optional("quarantine", rules.Apart)
    return apart.rule() if apart else found


def edition_of(contact: Contact) -> Edition | None:
    """The edition that graded the contact; None where the pack's own rule did, or where its file is not at hand."""
    if contact.trace.rule_basis == "pack" or contact.trace.rule not in catalogue.edition_files():
        return None
    return catalogue.get_edition(contact.trace.rule)


def grade_name(code: str, pack: Pack, edition: Edition | None) -> Text:
    """What the rule calls a grade; the code where no rule at hand knows it."""
    grades = edition.grades if edition else judging.contact_rule(pack).grades
    for grade in grades:
        if grade.code == code:
            return grade.name
    if edition and edition.second_ring and edition.second_ring.name and code == "secondary":
        return edition.second_ring.name
    return UNSURE_NAME if code == UNSURE else Text(zh=code, en=code)


def heard_of(rows: Iterable[FollowUp], *, since: date, until: date) -> dict[int, dict[date, rules.Heard]]:
    """Follow-up → day → its checks, from `since` to `until`. One query, whoever entered them."""
    of_person: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        of_person[row.person_id].append(row.pk)
    found: dict[int, dict[date, rules.Heard]] = {pk: {} for listed in of_person.values() for pk in listed}
    checks = (
        CheckIn.objects.filter(person__in=list(of_person), day__gte=since, day__lte=until)
        .order_by()
        .values_list("person", "day")
        .annotate(n=Count("pk"), ill=Count("pk", filter=Q(symptomatic=True)))
    )
    for person, day, number, ill in checks:
        for pk in of_person[person]:
            found[pk][day] = rules.Heard(number, unwell=ill > 0)
    return found


def loads(people: Iterable[int]) -> dict[int, int]:
    """Person → how many running follow-ups they look after; who has none is not in it."""
    rows = FollowUp.objects.filter(assigned__in=list(people), state=RUNNING).order_by().values_list("assigned")
    return dict(rows.annotate(n=Count("pk")))


def chains_of(paths: Iterable[str], *, on: date) -> dict[str, list[tuple[int, int]]]:
    """Home path -> (person id, tier) of whom a follow-up may be asked by rule: those who answer for the unit or above
    it (`org.queries.answerers_of`), and behind them all the tracers. Three queries. Whoever is followed is among them
    where they answer themselves: leave them out."""
    wanted = set(paths)
    named, tracers = answerers_of(wanted, WORK, on=on), holders_of(TRACE, wanted, on=on)
    found = {}
    for path, answering in named.items():
        known = {answerer for answerer, _tier in answering}
        last = max((tier for _answerer, tier in answering), default=-1) + 1
        found[path] = [*answering, *((tracer, last) for tracer in sorted(tracers[path]) if tracer not in known)]
    return found


def to_look_at(today: date) -> list[int]:
    """Ids that the sweep has something to do with: a last check may have come, or yesterday was silent."""
    yesterday = today - rules.DAY
    rows = FollowUp.objects.filter(state=RUNNING)
    last = rows.filter(Exists(_checks(day__gte=OuterRef("ends_on"))), ends_on__lt=today)
    fresh = Q(stepped_on__isnull=True) | Q(stepped_on__lt=yesterday)
    silent = rows.filter(fresh, ~Exists(_checks_on(yesterday, today)), starts_on__lt=yesterday)
    return sorted({*last.values_list("pk", flat=True), *silent.values_list("pk", flat=True)})


def _checks(**condition: Any) -> QuerySet[CheckIn]:
    return CheckIn.objects.filter(person=OuterRef("person"), **condition)


def _checks_on(*days: date, **condition: Any) -> QuerySet[CheckIn]:
    """Checks of these days. Without the moments around them, however wide, a planner takes the index of days and goes
    through everybody's checks of a day for each person."""
    first = datetime.combine(min(days), time(), tzinfo=clock.zone()) - rules.DAY
    last = datetime.combine(max(days), time(), tzinfo=clock.zone()) + 2 * rules.DAY
    return _checks(day__in=days, at__gte=first, at__lt=last, **condition)


def lookers_after(day: date) -> QuerySet[Person]:
    """Everybody who is asked to look after somebody on `day`."""
    rows = FollowUp.objects.filter(state=RUNNING, starts_on__lte=day, ends_on__gte=day, assigned__isnull=False)
    return Person.objects.filter(pk__in=rows.values("assigned"))


def still_to_hear(day: date, *, until: datetime | None = None) -> QuerySet[Person]:
    """Those of `lookers_after` who look after somebody not heard as often as asked on `day` (by `until`)."""
    rows = FollowUp.objects.filter(_due(day, until), state=RUNNING, assigned__isnull=False)
    return Person.objects.filter(pk__in=rows.values("assigned"))


@dataclass(frozen=True, slots=True)
class FollowUpFilter:
    """Which follow-ups: one of `SHOWS`; `mine` only those asked of oneself; a text in name, number or unit."""

    show: str = "running"
    mine: bool = False
    text: str = ""


def visible(by: Actor) -> QuerySet[FollowUp]:
    """Follow-ups of people within reach of followup.work."""
    rows = FollowUp.objects.filter(reachable(by, WORK, "person__"))
    return rows.select_related("person", "person__home", "assigned")


def _shown(rows: QuerySet[FollowUp], show: str, today: date) -> QuerySet[FollowUp]:
    if show == "ended":
        return rows.exclude(state=RUNNING)
    return rows.filter(_conditions(today)[show], state=RUNNING)


def _due(day: date, until: datetime | None = None) -> Q:
    """Not heard on `day` as often as asked."""
    checks = _checks_on(day) if until is None else _checks_on(day, at__lte=until)
    number = checks.order_by().values("person").annotate(n=Count("pk")).values("n")
    heard = Coalesce(Subquery(number, output_field=IntegerField()), 0)
    return Q(starts_on__lte=day, ends_on__gte=day) & Q(checks_per_day__gt=heard)


def _conditions(today: date) -> Mapping[str, Q]:
    """What each list of running follow-ups is made of. They overlap: silent yesterday and due today is both."""
    yesterday = today - rules.DAY
    return {
        "due": _due(today),
        "silent": Q(starts_on__lt=yesterday) & ~Q(Exists(_checks_on(yesterday))),
        "unwell": Q(Exists(_checks_on(yesterday, today, symptomatic=True))),
        "over": Q(ends_on__lt=today),
        "nobody": Q(assigned__isnull=True),
        "running": Q(),
    }


def counts(by: Actor, *, mine: bool, today: date) -> dict[str, int]:
    """Running follow-ups of each list, in one query."""
    rows = FollowUp.objects.filter(reachable(by, WORK, "person__"), state=RUNNING)
    if mine:
        rows = rows.filter(assigned=by.person_id)
    found: dict[str, int] = rows.aggregate(
        **{name: Count("pk", filter=condition) for name, condition in _conditions(today).items() if name != "running"},
        running=Count("pk"),
    )
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """A follow-up with its last days, oldest first, and whether it may end."""

    row: FollowUp
    days: tuple[tuple[date, rules.DayState], ...]
    today: rules.Heard
    closing: rules.Closing


def lines(rows: Sequence[FollowUp], *, today: date, days: int | None = STRIP) -> list[Line]:
    """`rows` with what each day came to: the last `days`, or all of them. One query."""
    if not rows:
        return []
    first = min(row.starts_on for row in rows)
    since = first if days is None else max(first, today - timedelta(days=days - 1))
    heard = heard_of(rows, since=since, until=max(today, *(row.ends_on for row in rows)))
    return [_line(row, heard[row.pk], since, today) for row in rows]


def _line(row: FollowUp, heard: Mapping[date, rules.Heard], since: date, today: date) -> Line:
    begin = max(since, row.starts_on)
    last = today if row.state == RUNNING else min(today, clock.local_day(row.ended_at or clock.now()))
    number = max(0, (last - begin).days + 1)
    states = []
    for k in range(number):
        day = begin + timedelta(days=k)
        found = heard.get(day, rules.NOTHING)
        states.append((day, rules.day_state(day, today, starts=row.starts_on, asked=row.checks_per_day, heard=found)))
    return Line(row, tuple(states), heard.get(today, rules.NOTHING), rules.closing(row.ends_on, today, heard))


def follow_up_page(by: Actor, wanted: FollowUpFilter, cursor: str | None, *, today: date) -> Page[FollowUp]:
    """One page, those that end first first. Needs followup.work."""
    by.require(WORK)
    rows = _shown(visible(by), wanted.show, today)
    if wanted.mine:
        rows = rows.filter(assigned=by.person_id)
    if text := wanted.text:
        rows = rows.filter(
            Q(person__name__startswith=text)
            | Q(person__number__startswith=text)
            | Q(person__home__name__icontains=text)
        )
    order = ORDER if wanted.show != "ended" else ("-ends_on", "-pk")
    return keyset_page(rows, order, cursor)


def shared_out_of(by: Actor, *, today: date) -> QuerySet[FollowUp]:
    """What nobody looks after, within reach: those that end first first."""
    return _shown(visible(by), "nobody", today).order_by(*ORDER)


def follow_up_for(by: Actor, follow_up_id: int) -> FollowUp:
    """One follow-up within reach. NotFound otherwise."""
    row = visible(by).select_related("assigned_by", "ended_by", "contact").filter(pk=follow_up_id).first()
    if row is None:
        raise NotFound
    return row


def own(by: Actor) -> list[FollowUp]:
    """What is on record of oneself, newest first, with who looks after one and every call. Never who the case is."""
    rows = FollowUp.objects.filter(person=by.person_id or 0).select_related("person", "person__home", "assigned")
    return list(rows.prefetch_related("calls").order_by("-begun_at", "-pk"))


@dataclass(frozen=True, slots=True)
class Sheet:
    """One follow-up whole: its days, newest first, its calls, who could be asked, and for whom it stands."""

    line: Line
    checks: Mapping[date, Sequence[CheckIn]]
    calls: Sequence[FollowUpCall]
    able: Sequence[Person]


def sheet(row: FollowUp, *, at: datetime) -> Sheet:
    """Of a follow-up that the caller has fetched within reach. Four queries."""
    today = clock.local_day(at)
    found: dict[date, list[CheckIn]] = defaultdict(list)
    rows = CheckIn.objects.filter(person_id=row.person_id, day__gte=row.starts_on, day__lte=today)
    for check in rows.order_by("at", "pk"):
        found[check.day].append(check)
    able = holders(WORK, row.person.home_path, on=today).exclude(pk=row.person_id).order_by("name", "pk")
    (line,) = lines([row], today=today, days=None)
    return Sheet(line, found, list(row.calls.select_related("by")), list(able[:MOST_HOLDERS]))


def due_numbers(by: Actor, *, at: datetime) -> dict[str, int]:
    """For the home page: what is asked of oneself, and what is asked of nobody. One query."""
    own = Q(assigned=by.person_id) if by.person_id else Q(pk__in=())
    rows = FollowUp.objects.filter(reachable(by, WORK, "person__"), state=RUNNING)
    found: dict[str, int] = rows.aggregate(
        mine=Count("pk", filter=own),
        mine_due=Count("pk", filter=own & _conditions(clock.local_day(at))["due"]),
        nobody=Count("pk", filter=Q(assigned__isnull=True)),
        running=Count("pk"),
    )
    return found


def as_json(line: Line) -> dict[str, Any]:
    """What API and terminal say of a follow-up."""
    row = line.row
    step = next_of_follow_up(row.state, assigned=row.assigned_id is not None, ends_on=row.ends_on, today=clock.today())
    return {
        "next": step.as_json(),
        "id": row.pk, "person": row.person.number, "name": row.person.name,
        "unit": row.person.home.name if row.person.home else "", "disease": row.disease, "state": row.state,
        "starts_on": row.starts_on, "ends_on": row.ends_on, "checks_per_day": row.checks_per_day,
        "checks_today": line.today.checks, "closing": line.closing.value, "why": {"zh": row.why_zh, "en": row.why_en},
        "assigned": row.assigned.number if row.assigned else None, "version": row.version,
        "days": {str(day): state.value for day, state in line.days}, "end_reason": row.end_reason,
    }  # fmt: skip


def call_json(call: FollowUpCall) -> dict[str, Any]:
    return {"at": call.at, "how": call.how, "outcome": call.outcome, "note": call.note, "receipt": call.receipt}
