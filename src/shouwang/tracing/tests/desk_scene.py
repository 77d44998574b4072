"""Lin falls ill on Monday: two nights with Wang in one room, a lesson with Zhao and Meng, a short lunch with Ou."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from shouwang.cases import actions as case_actions
from shouwang.cases.models import Case
from shouwang.core.packs import get_pack
from shouwang.core.scope import Actor
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions
from shouwang.tracing.models import Contact, Trace

SUNDAY = date(2026, 3, 1)
COVID = "covid19-2020-6"
VISITS = """学号,场所,开始时间,结束时间
2023010101,T1-201,2026-03-01 08:00,2026-03-01 09:40
2023010201,T1-201,2026-03-01 08:00,2026-03-01 09:40
2023010103,T1-201,2026-03-01 08:10,2026-03-01 09:30
2023010101,C1,2026-03-01 12:00,2026-03-01 12:20
2023020101,C1,2026-03-01 12:05,2026-03-01 12:30
"""


def presence(folder: Path, by: Actor) -> None:
    """Import the visits of Sunday and build the days around it."""
    path = folder / "visits.csv"
    path.write_text(VISITS, encoding="utf-8")
    options = actions.ImportOptions(name="visits.csv")
    result = actions.import_presence(path, source_format="visits", options=options, by=by, at=NOON)
    assert result.accepted == 5
    actions.build_days(SUNDAY - timedelta(days=1), SUNDAY + timedelta(days=1), by=by, at=NOON)


def ill(cast: Cast, who: str = "lin") -> Case:
    """A case not traced yet: onset this morning at six."""
    return case_actions.open_case(
        person=cast.person[who], pack=get_pack(COVID), classification="confirmed", onset_at=NOON - timedelta(hours=6),
        reason="核酸阳性", by=cast.by("he"), at=NOON,
    )  # fmt: skip


def contact(case: Case, cast: Cast, who: str) -> Contact:
    return Contact.objects.get(case=case, person=cast.person[who])


def many_contacts(case: Case, cast: Cast, number: int) -> None:
    """So many invented close and general contacts of a traced case, for query counts and paging."""
    from shouwang.org.models import Person

    trace = Trace.objects.filter(case=case).latest("pk")
    home = cast.org["CS2302"]
    Person.objects.bulk_create(
        Person(number=f"9{k:09d}", name=f"同学{k}", kind="student", home=home, home_path=home.path)
        for k in range(number)
    )
    place = cast.place["T1-201"].pk
    Contact.objects.bulk_create(
        Contact(
            case=case, trace=trace, person=person, seconds=600 + k, encounters=1, first_at=NOON - timedelta(hours=28),
            last_at=NOON - timedelta(hours=27), grade="close" if k % 5 == 0 else "general", grade_rank=k % 5 and 1,
            evidence=[[place, 1772323200, 1772323800 + k, 4, 4]], why_zh="同一教室上课", why_en="shared a classroom",
            purge_on=date(2030, 1, 1),
        )
        for k, person in enumerate(Person.objects.filter(number__startswith="9").order_by("pk"))
    )  # fmt: skip
