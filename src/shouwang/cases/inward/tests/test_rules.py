"""What becomes of a row: nobody is guessed, nothing twice, and each verdict says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cases.inward import rules
from shouwang.cases.inward.rules import CaseFact, Known, Outside, PersonFact, RecordFact

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
LIN = PersonFact(1, "20230101", "林晓", "f", date(2005, 3, 1))
SELF = Outside(
    3, "A-1", "", "林晓", ("林晓",), "f", date(2005, 3, 1), 20, "covid19", "confirmed", date(2026, 2, 27),
    date(2026, 2, 28), "",
)  # fmt: skip
KNOWN = Known("covid19", {"林晓": (LIN,)})


def judged(*rows: Outside, known: Known = KNOWN) -> list[rules.Verdict]:
    return rules.judge(rows, known, path="0001", system="sormas", past_days=30, now=NOW)


def one(known: Known = KNOWN, **changed: Any) -> rules.Verdict:
    return judged(replace(SELF, **changed), known=known)[0]


def test_name_sex_and_birthday_together_are_proof() -> None:
    assert (one().kind, one().person) == (rules.NEW, 1)
    assert (one(born=None).kind, one(born=None).code, one(born=None).person) == (rules.REVIEW, rules.LIKELY, 1)
    assert one(sex="").code == rules.LIKELY
    assert one(sex="m").code == rules.UNKNOWN, "what contradicts is nobody's proposal"
    assert one(born=None, age=40).code == rules.UNKNOWN
    assert one(born=None, age=21).code == rules.LIKELY
    twin = replace(LIN, pk=2)
    several = Known("covid19", {"林晓": (LIN, twin)})
    assert one(several).code == rules.SEVERAL and one(several).person is None


def test_a_number_needs_the_name_beside_it() -> None:
    known = Known("covid19", {"林晓": (LIN,)}, {"20230101": LIN})
    assert one(known, number="20230101", born=None, sex="").kind == rules.NEW
    other = one(known, number="20230101", names=("王蕾",), name="王蕾")
    assert (other.kind, other.code, other.person) == (rules.REVIEW, rules.LIKELY, 1)


def test_what_is_no_new_case_of_today() -> None:
    assert one(classification="discarded").kind == rules.LEFT
    assert one(disease="measles").code == rules.DISEASE
    assert one(classification="").code == rules.CLASS
    assert one(outcome="recovered").code == rules.PAST
    old = date(2026, 1, 1)
    assert one(onset=old, reported=old).code == rules.PAST
    taken = Known("covid19", {"林晓": (LIN,)}, open={1: CaseFact(9, 1, "suspected", None)})
    assert (one(taken).code, one(taken).case) == (rules.OPEN, 9)


def test_dates_that_cannot_be_are_refused_with_their_sentence() -> None:
    late = one(onset=date(2026, 3, 1))
    assert (late.kind, late.code) == (rules.REFUSED, "dates_out_of_order") and late.error is not None


def test_a_case_of_ours_that_comes_back_is_compared() -> None:
    ours = CaseFact(9, 1, "confirmed", date(2026, 2, 27))
    known = Known("covid19", cases={"A-1": ours})
    assert (one(known).kind, one(known).case) == (rules.SAME, 9)
    differs = one(known, classification="probable", onset=None)
    assert (differs.kind, differs.code, differs.case) == (rules.REVIEW, rules.DIFFERS, 9)
    assert rules.differences(SELF.content(), replace(ours, onset=None)) == {"onset": ("2026-02-27", "")}


def test_what_was_decided_stays_until_the_file_says_something_new() -> None:
    key = rules.fingerprint("0001", "sormas", SELF)
    aside = Known("covid19", {"林晓": (LIN,)}, records={key: RecordFact(SELF.content(), None, True)})
    assert one(aside).kind == rules.SAME
    assert one(aside, classification="probable").kind == rules.NEW


def test_the_same_number_twice_is_one_case_or_a_refusal() -> None:
    first, again, other = judged(SELF, replace(SELF, row=4), replace(SELF, row=5, classification="probable"))
    assert (first.kind, again.kind, other.kind) == (rules.NEW, rules.REPEATED, rules.REFUSED)
    assert other.error is not None and "3" in str(other.error)
    both = judged(SELF, replace(SELF, row=4, id="A-2"))
    assert [verdict.kind for verdict in both] == [rules.NEW, rules.REVIEW], "one person is opened once"


days = st.one_of(st.none(), st.dates(date(2025, 1, 1), date(2026, 3, 2)))


@given(
    st.lists(
        st.builds(
            Outside, st.integers(2, 9), st.sampled_from(["", "A", "B"]), st.sampled_from(["", "20230101"]),
            st.just("林晓"), st.sampled_from([("林晓",), ("别人",), ()]), st.sampled_from(["", "m", "f"]), days,
            st.one_of(st.none(), st.integers(0, 99)), st.sampled_from(["", "covid19", "measles"]),
            st.sampled_from(["", "suspected", "confirmed", "asymptomatic", "discarded"]), days, days,
            st.sampled_from(["", "recovered"]),
        ),
        max_size=6,
    )
)  # fmt: skip
def test_every_row_has_one_verdict_and_its_reason(rows: list[Outside]) -> None:
    known = Known("covid19", {"林晓": (LIN,)}, {"20230101": LIN})
    verdicts = judged(*rows, known=known)
    assert [verdict.outside for verdict in verdicts] == rows
    opened = [verdict.person for verdict in verdicts if verdict.kind == rules.NEW]
    assert len(opened) <= 1 and None not in opened
    for verdict in verdicts:
        assert (verdict.error is not None) == (verdict.kind == rules.REFUSED)
        assert verdict.kind != rules.REVIEW or verdict.code in rules.REASONS


@pytest.mark.parametrize("days_ago", [0, 30, 31])
def test_the_past_begins_where_the_data_says(days_ago: int) -> None:
    reported = date(2026, 3, 2) - timedelta(days=days_ago)
    assert rules.is_past(replace(SELF, reported=reported), 30, NOW) == (days_ago > 30)
