"""`shouwang demo`."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import click
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from shouwang.cli import setup as home_setup
from shouwang.cli.common import print_json, progress_bar
from shouwang.cli.demo import campus as campuses
from shouwang.cli.demo import caring, desk, elsewhere, papers, serving, story, weak
from shouwang.cli.demo import files as demo_files
from shouwang.cli.demo import stage as stages
from shouwang.command import actions as command
from shouwang.command.queries import report_dict
from shouwang.core import clock
from shouwang.core.scope import CLI, system_actor
from shouwang.isolation.models import Order
from shouwang.org.models import Organisation, Person
from shouwang.tracing.models import Contact, Course, Enrolment

SEED = 20200201  # the day of the notice the system starts from
DAYS = 14


class Stages:
    """Names and seconds of what was done, printed as it happens."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str, says: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 2)
        click.echo(f"  {self.seconds[name]:6.1f} s  {says}")


@click.command()
@click.option("--small", is_flag=True, help="1,290 people instead of 25,800.")
@click.option("--seed", default=SEED, show_default=True, help="Another seed is another campus.")
@click.option("--fresh", is_flag=True, help="Throw away an earlier demo in this home and begin anew.")
@click.option("--no-serve", is_flag=True, help="End after the story.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.pass_context
def demo(ctx: click.Context, small: bool, seed: int, fresh: bool, no_serve: bool, port: int) -> None:
    """Synthesise a campus of invented people, apply a level-I response, run a morning, trace, report, serve."""
    marker = settings.HOME / "demo.json"
    if marker.exists() and not fresh:
        click.echo("This home holds a demo already; it is served as it is. --fresh begins anew.")
        summary = json.loads(marker.read_text(encoding="utf-8"))
    else:
        _make_room(fresh)
        summary = run(campuses.SMALL if small else campuses.FULL, seed=seed)
        marker.write_text(json.dumps(summary, ensure_ascii=False), encoding="utf-8")
    _tell(summary, port)
    if no_serve:
        print_json({key: summary[key] for key in summary if key not in {"logins", "password"}})
        return
    from shouwang.cli.serve import serve

    ctx.invoke(serve, host="127.0.0.1", port=port, workers=1, no_background=False)


def _make_room(fresh: bool) -> None:
    """Only a home that is empty or holds a demo is written to: nobody's real data is ever replaced."""
    home = settings.HOME
    used = home.exists() and any(home.iterdir())
    if used and not (home / "demo.json").exists() and not (home / "demo").exists():
        raise click.ClickException(f"{home} holds something that is no demo. Set SHOUWANG_HOME to an empty folder.")
    if used and not fresh:
        raise click.ClickException(f"{home} holds an unfinished demo. Run again with --fresh.")
    if connection.vendor == "sqlite":
        if home.exists():
            shutil.rmtree(home)
        (home / "demo").mkdir(parents=True)
    elif Person.objects.exists():
        raise click.ClickException("This PostgreSQL database holds people. Use an empty one for the demo.")
    home_setup.prepare()
    call_command("check", verbosity=0)


def run(size: campuses.Size, *, seed: int) -> dict[str, object]:
    """The whole story. Returns its measured summary."""
    now, by, stage_of = clock.now(), system_actor("demo", mouth=CLI), Stages()
    first = clock.day_start(clock.local_day(now) - timedelta(days=DAYS))
    click.echo(f"A campus of {size.students + size.staff:,} invented people, seed {seed}:")
    with stage_of("draw", "people drawn, files written as a school has them"):
        campus = campuses.draw(size, seed=seed, today=clock.local_day(now))
        files = demo_files.write_files(
            campus, stages.home_folder(settings.HOME), seed=seed, first=clock.local_day(first), now=now
        )
    with stage_of("roster", "roster imported"), progress_bar("roster") as progress:
        stage = stages.import_people(files, by=by, at=first, progress=progress)
    with stage_of("places", "places and responsibilities; pack in force"):
        stages.build_places(campus, by=by, at=first)
        stages.put_in_force(stage, by=by, at=first)
        stages.assign_responsibility(by=by, at=first)
    with (
        stage_of("presence", "timetable and 14 days of presence imported; accounts; level I declared"),
        progress_bar("presence") as progress,
    ):
        counts = stages.import_presence(files, now=now, first=first, by=by, progress=progress)
        patient = _patient(now)
        stages.open_accounts(stage, patient, by=by, at=first)
        story.declare_level(stage, at=first + timedelta(hours=9))
    happened = story.Happened()
    with stage_of("history", f"{story.HISTORY_DAYS} days of check-ins, four earlier cases, three of one chain"):
        _the_days_before(seed, happened, now=now)
    with stage_of("morning", "this morning's check-ins"):
        _this_day(seed, happened, now=now)
    with stage_of("case", "a student reports fever; clinic, tracer and isolation act"):
        story.this_morning(patient, happened, now=now)
        story.the_clinic_works_off_its_queue(by=story.actor("clinic", now), at=now)
    with stage_of("desks", "interview, laboratory, calls; contacts shared out between two tracers"):
        _the_desks(happened, patient, now=now)
    with stage_of("directive", "a directive issued to all colleges; some have begun"):
        papers.issue_directive(stage, at=now)
    with stage_of("teams", "one team dissolved, one standing at the dormitories"):
        serving.teams_serve(stage, at=now)
    with stage_of("report", "situation report issued, gaps found"):
        office = story.actor("office", now)
        command.issue_report(organisation=stage.university, day=clock.local_day(now), by=office, at=now)
        weak.gaps_are_found(office=office, student=story.actor("student", now), at=now)
        weak.a_college_is_reminded(office=office, counsellor=story.actor("counsellor", now), at=now)
        report = report_dict(office, stage.university, clock.local_day(now), now)
    return _summary(stage, counts, happened, stage_of.seconds, report)


def _patient(now: datetime) -> Person:
    """A student who lives on campus, of the class with most lessons since two days before yesterday's evening."""
    days = {(clock.local_day(now) - timedelta(days=back)).isoweekday() for back in (0, 1, 2)}
    lessons = Counter(
        Enrolment.objects.filter(
            organisation__isnull=False, course_code__in=Course.objects.filter(weekday__in=days).values("code")
        ).values_list("organisation", flat=True)
    )
    classes = Organisation.objects.filter(kind=Organisation.Kind.CLASS).order_by("path")
    class_ = max(classes, key=lambda unit: (lessons[unit.pk], -unit.pk))
    students = Person.objects.filter(
        home=class_, situation=Person.Situation.ON_CAMPUS, residences__ends__isnull=True, residences__isnull=False
    )
    return students.order_by("number")[students.count() // 2]


def _the_days_before(seed: int, happened: story.Happened, *, now: datetime) -> None:
    today = clock.local_day(now)
    earlier = Person.objects.filter(
        kind=Person.Kind.STUDENT, situation=Person.Situation.ON_CAMPUS, account__isnull=True, residences__isnull=False
    ).order_by("pk")
    count = earlier.count()
    said: list[str] = []
    how: dict[str, Any] = {"now": now, "note": said.append}
    first = story.an_earlier_case(earlier[count // 5], 6, happened, on_time=True, **how)
    second = story.an_earlier_case(story.next_of(first), 5, happened, on_time=True, **how)
    for back in range(story.HISTORY_DAYS, 0, -1):
        morning = clock.day_start(today - timedelta(days=back)) + timedelta(hours=6, minutes=30)
        story.a_day_of_checkins(seed, from_=morning, until=morning + timedelta(hours=3), happened=happened)
    story.an_earlier_case(earlier[count // 5 * 4], 2, happened, on_time=False, **how)
    story.an_earlier_case(story.next_of(second), 1, happened, on_time=True, **how)
    story.the_tracer_says_who_infected_whom(first, second, by=story.actor("tracer", now), at=now)


def _this_day(seed: int, happened: story.Happened, *, now: datetime) -> None:
    """From half past six until half past nine, or as much of it as has passed; before that, since midnight."""
    midnight = clock.day_start(clock.local_day(now))
    opens = midnight + timedelta(hours=6, minutes=30)
    from_ = opens if now > opens + timedelta(minutes=30) else midnight
    until = min(now, from_ + timedelta(hours=3))
    story.a_day_of_checkins(seed, from_=from_, until=until, happened=happened)


def _the_desks(happened: story.Happened, patient: Person, *, now: datetime) -> None:
    case, tracer, clinic = happened.case, story.actor("tracer", now), story.actor("clinic", now)
    if case is None:
        raise RuntimeError("nobody fell ill this morning")
    desk.the_tracer_asks(case, by=tracer, at=now)
    desk.the_laboratory_works(case, by=clinic, at=now)
    desk.contacts_are_called(by=tracer, at=now)
    desk.the_desk_is_shared(case, by=tracer, at=now)
    classmate = Person.objects.filter(home=patient.home).exclude(pk=patient.pk).order_by("-number")[0]
    desk.somebody_is_registered_twice(classmate, by=system_actor("demo", mouth=CLI), at=now)
    desk.visitors_come(by=system_actor("demo", mouth=CLI), at=now)
    caring.people_are_cared_for(case, by=clinic, at=now)
    elsewhere.a_file_of_sormas_comes(case, by=clinic, at=now)


def _summary(
    stage: stages.Stage,
    counts: dict[str, int],
    happened: story.Happened,
    seconds: dict[str, float],
    report: dict[str, object],
) -> dict[str, object]:
    case, trace = happened.case, happened.traces[-1]
    return {
        "people": stage.people,
        "visits": counts["visits"],
        "visits_searched": trace.visits_searched,
        "contacts": trace.found,
        "close_contacts": Contact.objects.filter(case=case, grade="close").count(),
        "trace_ms": round(trace.elapsed_us / 1000, 3),
        "case": case.number if case else None,
        "confirmed": happened.confirmed,
        "orders": Order.objects.filter(ended_at__isnull=True).count(),
        "checkins": happened.checkins,
        "checkins_per_second": round(happened.checkins / max(happened.checkin_seconds, 1e-9)),
        "alerts": happened.alerts,
        "presence": counts,
        "stages": seconds,
        "seconds": round(sum(seconds.values()), 1),
        "as_of": report["as_of"],
        "password": stage.password,
        "logins": stage.accounts,
    }


def _tell(summary: dict[str, object], port: int) -> None:
    click.echo("")
    click.echo(
        f"{summary['case']}: {summary['visits_searched']:,} visits searched, {summary['contacts']:,} contacts found "
        f"({summary['close_contacts']} close) in {summary['trace_ms']} ms"
    )
    click.echo(f"{summary['checkins']:,} check-ins stored at {summary['checkins_per_second']:,}/s; {summary['orders']} "
               f"orders in force; {summary['seconds']} s in all")  # fmt: skip
    click.echo("")
    logins = summary["logins"]
    names = ", ".join(logins) if isinstance(logins, dict) else ""
    click.echo(f"Sign in at http://127.0.0.1:{port}/ as one of: {names}")
    click.echo(f"Password of all of them: {summary['password']}")
