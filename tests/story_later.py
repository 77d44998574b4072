"""Later parts of the story: records entered twice, files of other systems, gaps, accountability, teams."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shouwang.cases import actions as cases
from shouwang.cases.inward import actions as inward
from shouwang.cases.inward.models import OutsideCase
from shouwang.cases.models import Case
from shouwang.command.account import actions as account
from shouwang.command.account import facts
from shouwang.command.mending import actions as mending
from shouwang.command.models import GapFinding, ServiceEntry, Task, Team, TeamProposal
from shouwang.command.teams import actions as teams
from shouwang.command.teams import seconding
from shouwang.core.packs import get_pack
from shouwang.isolation.models import Order
from shouwang.org.tests.cast import NOON
from tests.days import COVID, TODAY

if TYPE_CHECKING:
    from tests.story import Story


def entered_twice(story: Story) -> list[Case]:
    """Ou's influenza was entered twice before, and struck out each time."""
    cast, at = story.cast, NOON - timedelta(days=8, minutes=5)
    he, pack, found = cast.by("he", at), get_pack("influenza-seasonal"), []
    for _number in range(2):
        case = cases.open_case(
            person=cast.person["ou"], pack=pack, classification="suspected", reason="发热", by=he, at=at
        )
        cases.classify(case, new="discarded", reason="录入重复", by=he, at=at)
        found.append(case)
    return found


def merged(story: Story, found: list[Case]) -> None:
    """One of the two is part of the record that was kept, the other still stands beside it."""
    at = NOON - timedelta(minutes=5)
    kept = Case.objects.get(pk=story.ids["ou_case"])
    merge = cases.merge_cases(kept, found[0], reason="同一次发病", by=story.cast.by("he", at), at=at)
    story.duplicate = found[1].number
    story.ids |= {"twice": kept.pk, "case_merge": merge.pk}


def from_elsewhere(story: Story) -> None:
    """A file of SORMAS was checked and brought in: one of its cases may be Meng's, another is refused."""
    at = NOON - timedelta(minutes=4)
    he, path = story.cast.by("he", at), story.home / "sormas.csv"
    path.write_text(
        "externalID,disease,person.lastName,person.firstName,reportDate,caseClassification\n"
        "A-1,CORONAVIRUS,孟,欣,02/28/2026,SUSPECT\nA-2,CORONAVIRUS,孟,欣,soon,SUSPECT\n",
        encoding="utf-8",
    )
    inward.import_cases(path, pack=COVID, by=he, at=at)
    run = inward.import_cases(path, pack=COVID, dry_run=True, by=he, at=at)
    story.ids |= {"outside_run": run.pk, "outside_row": OutsideCase.objects.get().pk}


def mended(story: Story) -> None:
    """Classes that nobody answers for: Su has one college mend it. Lin tells of a washbasin, with their name."""
    cast, at = story.cast, NOON - timedelta(minutes=2)
    mending.sweep_gaps(at=at)
    bare = GapFinding.objects.filter(code="uncovered_units")
    opened = mending.open_correction(bare.get(organisation=cast.org["IE"]), by=cast.by("su", at), at=at)
    told, _code = mending.tell(
        cast.org["WCU"], text="洗手池没有水", anonymous=False, by=cast.by("lin", at), at=at
    )  # fmt: skip
    story.ids |= {
        "gap": bare.exclude(organisation=cast.org["IE"]).earliest("pk").pk,
        "correction": opened.pk,
        "weak_point": told.pk,
    }


def answered_for(story: Story) -> None:
    """Two matters about the college: a reminder that waits for Tang, and a notice that he upheld."""
    cast, at = story.cast, NOON - timedelta(minutes=1)
    fact = facts.told("三次督办后仍未报送隔离点值班表", "督办记录")
    for key, step in (("matter", "reminder"), ("matter_notice", "notice")):
        urgent = "当晚要用隔离床位" if step == "notice" else ""
        row = account.propose(
            cast.org["IE"], step=step, asked="三日内报送值班表", told=[fact], urgent=urgent, by=cast.by("su", at), at=at
        )
        account.serve(row, by=cast.by("su", at), at=at)
        account.reply(row, text="值班表已经补报", by=cast.by("fang", at), at=at)
        story.ids[key] = row.pk
    account.decide(row, verdict="upheld", text="事实清楚，已补报", by=cast.by("tang", at), at=at)


def served(story: Story) -> None:
    """A team that stands at the college, with somebody still asked for; an earlier one, with a record objected to."""
    cast, at = story.cast, NOON - timedelta(minutes=1)
    su, fang, last = cast.by("su", at), cast.by("fang", at), TODAY + timedelta(days=13)

    def made(name: str, leader: str) -> Team:
        team = teams.create_team(
            cast.org["IE"], kind="task", name=name, purpose="支援流调与转运", review_on=last, by=su, at=at
        )
        for who, role in ((leader, "leader"), ("meng", "member")):
            row = seconding.ask(team, cast.person[who], role=role, starts=TODAY, ends=last, by=su, at=at)
            seconding.act_on_member(row, "approve", by=fang, at=at)
        return teams.act_on_team(team, "stand", by=su, at=at)

    earlier = made("寒假值守专班", "zhao")
    teams.act_on_team(earlier, "dissolve", text="寒假值守结束，无遗留问题，人员全部归队。", by=su, at=at)
    entry = ServiceEntry.objects.get(person=cast.person["meng"])
    seconding.object_to(entry, text="少记了一班", by=cast.by("meng", at), at=at)
    team = made("流调专班", "zhao")
    teams.add_place(team, cast.place["D1"], by=su, at=at)
    meng = team.members.get(person=cast.person["meng"])
    shift = seconding.plan_shift(
        meng, cast.place["D1"], starts=at - timedelta(hours=2), ends=at + timedelta(hours=2), by=su, at=at
    )
    given = teams.give_task(team, Task.objects.get(pk=story.ids["task"]), by=su, at=at)
    # After her quarantine.
    free = Order.objects.filter(person=cast.person["wang"]).latest("ends_on").ends_on + timedelta(days=1)
    asked = seconding.ask(
        team, cast.person["wang"], role="member", starts=free, ends=free + timedelta(days=13), by=su, at=at
    )
    proposal = TeamProposal.objects.create(
        organisation=cast.org["FL"], points=3, evidence=[["cases_open", 2, 1]], found_at=at, seen_at=at,
        purge_on=TODAY + timedelta(days=365),
    )  # fmt: skip
    story.ids |= {
        "team": team.pk, "team_member": asked.pk, "team_shift": shift.pk, "team_given": given.pk,
        "team_proposal": proposal.pk, "service": entry.pk,
    }  # fmt: skip
