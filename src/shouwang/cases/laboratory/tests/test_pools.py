"""Pools: a negative tube clears each with "from a pool of n"; any other makes one list of single re-tests."""

from __future__ import annotations

import pytest

from shouwang.cases.laboratory import actions
from shouwang.cases.laboratory.models import Test
from shouwang.cases.laboratory.tests.scenes import HOUR, ordered, resulted, states, taken
from shouwang.core.errors import BadInput, Conflict
from shouwang.org.tests.cast import NOON, Cast

FIVE = ("lin", "wang", "meng", "zhao", "ou")


def again(of: str = "ordered") -> set[str]:
    return set(Test.objects.filter(retest_of__isnull=False, state=of).values_list("person__name", flat=True))


def test_a_negative_pool_clears_everybody_and_says_from_how_many(cast: Cast) -> None:
    sample = resulted(cast, taken(cast, *FIVE, capacity=10), "negative")
    assert set(states(sample).values()) == {("resulted", "negative", 5)}
    assert not again()


@pytest.mark.parametrize("outcome", ["positive", "inconclusive", "invalid"])
def test_any_other_pool_makes_single_retests_of_all_and_gives_nobody_a_result(cast: Cast, outcome: str) -> None:
    sample = resulted(cast, taken(cast, *FIVE, capacity=5), outcome)
    assert set(states(sample).values()) == {("retest", "", 5)}
    assert again() == {cast.person[name].name for name in FIVE}
    retest = Test.objects.get(retest_of__person=cast.person["lin"])
    assert (retest.purpose, retest.ordered_at, retest.due_at) == ("retest", NOON + HOUR, NOON + 25 * HOUR)
    with pytest.raises(BadInput) as refused:
        actions.take_sample([retest], barcode="R1", capacity=5, by=cast.by("he"), at=NOON + 2 * HOUR)
    assert refused.value.error_code == "retest_single"
    single = actions.take_sample([retest], barcode="R1", by=cast.by("he"), at=NOON + 2 * HOUR)
    resulted(cast, single, "positive", at=NOON + 3 * HOUR)
    retest.refresh_from_db()
    assert (retest.outcome, retest.pool_of, len(again())) == ("positive", 0, 4)


def test_correcting_a_pool_takes_back_what_is_not_taken_and_brings_it_back(cast: Cast) -> None:
    sample = resulted(cast, taken(cast, "lin", "wang", capacity=5), "positive")
    retest = Test.objects.get(retest_of__person=cast.person["wang"])
    actions.take_sample([retest], barcode="R2", by=cast.by("he"), at=NOON + 2 * HOUR)
    resulted(cast, sample, "negative", reason="换错管", at=NOON + 3 * HOUR)
    assert set(states(sample).values()) == {("resulted", "negative", 2)}
    assert again("cancelled") == {"林晓"} and again("taken") == {"王蕾"}
    resulted(cast, sample, "inconclusive", reason="再次复核", at=NOON + 4 * HOUR)
    assert again() == {"林晓"} and again("taken") == {"王蕾"}
    assert Test.objects.filter(retest_of__isnull=False).count() == 2


def test_a_tube_for_five_with_one_person_speaks_for_that_person(cast: Cast) -> None:
    sample = resulted(cast, taken(cast, "lin", capacity=5), "positive")
    assert states(sample) == {"林晓": ("resulted", "positive", 0)}


def test_a_pool_is_filled_in_several_goes_until_it_is_full_or_gone(cast: Cast) -> None:
    he = cast.by("he")
    sample = taken(cast, "lin", "wang", "meng", capacity=5)
    taken(cast, "zhao", "ou", capacity=5, at=NOON + HOUR)
    sample.refresh_from_db()
    assert (sample.tests.count(), sample.taken_at) == (5, NOON + HOUR)
    fang = ordered(cast, "fang")
    with pytest.raises(Conflict) as full:
        actions.take_sample([fang], barcode="T001", capacity=5, by=he, at=NOON + HOUR)
    assert full.value.error_code == "tube_full"
    other = actions.take_sample([fang], barcode="T2", capacity=5, by=he, at=NOON)
    with pytest.raises(BadInput) as twice:
        actions.take_sample([ordered(cast, "fang")], barcode="T2", capacity=5, by=he, at=NOON)
    assert twice.value.error_code == "person_twice"
    actions.hand_over(other, giver="甲", taker="乙", by=he, at=NOON)
    with pytest.raises(Conflict) as gone:
        taken(cast, "xu", barcode="T2", capacity=5)
    assert gone.value.error_code == "barcode_used"


def test_not_everything_is_pooled(cast: Cast) -> None:
    test = ordered(cast, method="antigen")
    with pytest.raises(BadInput) as refused:
        actions.take_sample([test], barcode="A1", capacity=5, by=cast.by("he"), at=NOON)
    assert refused.value.error_code == "not_pooled"
    with pytest.raises(BadInput) as odd:
        actions.take_sample([ordered(cast, "wang")], barcode="A2", capacity=7, by=cast.by("he"), at=NOON)
    assert odd.value.error_code == "capacity_unknown"
