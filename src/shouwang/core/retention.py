"""How long each dataset is kept. The purge date is written on a row when the row is made, never later.

Defaults are assumptions that an institution confirms or shortens in `SHOUWANG_HOME/retention.toml`
(``[keep_days]`` with the same keys). Least data, shortest time: CAC notice of 2020-02-04 and PIPL art. 47 ask that
personal data be deleted when the purpose has ended.
"""

from __future__ import annotations

import tomllib
from functools import cache

from django.conf import settings

from shouwang.core.errors import BadInput

DEFAULT_KEEP_DAYS = {
    "checkin": 30,  # assumption: two incubation periods of 14 days, so that a trace can still look back
    "excuse": 30,  # assumption: as the check-ins it stands for, counted from its last day
    "bulk": 14,  # what became of each row of a bulk action, needed only until it has been read
    "quality": 90,  # assumption: one term, so that a unit's way of collecting can be seen to have changed
    "alert": 90,  # assumption: one term's review
    "presence": 30,  # assumption: as check-ins; whereabouts are the most intrusive data held
    "case": 365 * 3,  # assumption: the institution's archive rule decides; three years until it does
    "test": 365,  # assumption: as an order: the time in which what stood on a result can be appealed
    "care": 365,  # assumption: as an order, counted from the last entry; the clinic's own records are kept elsewhere
    "outside": 180,  # assumption: as contacts; until the exchange with the other system has been settled
    "contact": 180,  # assumption: until after the outbreak has been reviewed
    "order": 365,  # assumption: the time in which an order can be appealed
    "message": 30,  # assumption: as the check-ins it reminds of; long enough to answer "why was I (not) reminded?"
    "survey": 60,  # assumption: the campaign, its summary, and one term of questions about it
    "report": 365 * 10,  # aggregate numbers without people
    "board": 15,  # the trend of the board shows two weeks at most; aggregate numbers without people
    "gap": 365 * 3,  # assumption: as cases, so that a later outbreak can be compared; numbers and words without names
    "matter": 365 * 3,  # assumption: as gaps, to compare outbreaks; the words go when it is over, within a year or so
    "daily": 365 * 3,  # assumption: as cases, which its words may speak of; numbers and words without names
    "directive": 365
    * 10,  # assumption: official papers; the institution's archive rule decides. No health data in them
    "team": 365 * 3,  # assumption: as cases, so that a later outbreak finds who was set up where; names its members
    "service": 365 * 5,  # assumption: the years of a course of studies, so that service can be shown when it counts
    "import": 14,  # the uploaded file, needed only until its errors have been mended
    "audit": 365 * 3,
}


def read_table() -> dict[str, int]:
    """Dataset -> days as the files say now. BadInput names what is wrong with the institution's own."""
    file = settings.HOME / "retention.toml"
    if not file.is_file():
        return DEFAULT_KEEP_DAYS
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8")).get("keep_days", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"retention.toml: {error}", code="retention_file") from error
    for key, days in given.items():
        if key not in DEFAULT_KEEP_DAYS or not isinstance(days, int) or days < 1:
            raise BadInput(f"retention.toml: [keep_days] {key} = {days!r}: unknown dataset or not a number of days")
    return {**DEFAULT_KEEP_DAYS, **given}


@cache
def _table() -> dict[str, int]:
    return read_table()


def keep_days(dataset: str) -> int:
    """Days a row of `dataset` is kept. KeyError for a dataset that has no rule: there is none without one."""
    return _table()[dataset]
