"""The group commit when the database refuses: nobody is told a falsehood, and nothing that was told is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from shouwang.checkins import actions, committer
from shouwang.checkins.actions import Ask, Taken
from shouwang.checkins.committer import Committer, commit_group
from shouwang.checkins.models import CheckIn, LatestCheckIn
from shouwang.checkins.rules import Answers
from shouwang.core.errors import BadInput, Busy, ShouwangError
from shouwang.core.scope import Actor
from shouwang.org.models import Person

HEALTHY = Answers(temperature_c=Decimal("36.5"), exposure=False)


def ask(person: Person, key: str, answers: Answers = HEALTHY) -> Ask:
    return Ask(person.pk, answers, key, Actor(None, person.pk, "", mouth="web"), serial=0)


@pytest.fixture
def people(transactional_db: None) -> list[Person]:
    return [Person.objects.create(number=f"T{k}", name=f"人{k}", home_path="0001") for k in range(4)]


def test_a_group_is_one_transaction_and_each_gets_their_own_answer(people: list[Person]) -> None:
    wrong = Answers(temperature_c=Decimal("99"))
    results = commit_group([ask(people[0], "a"), ask(people[1], "b", wrong), ask(people[2], "c"), ask(people[0], "a")])
    assert [type(result) for result in results] == [Taken, BadInput, Taken, Taken]
    assert results[0] is results[3]
    assert set(CheckIn.objects.values_list("client_key", flat=True)) == {"a", "c"}
    assert LatestCheckIn.objects.count() == 2


def test_a_locked_database_is_busy_and_the_retry_succeeds(
    people: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("another writer blocks the whole database on SQLite only")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(str(connection.settings_dict["NAME"]), isolation_level=None, uri=True)
    other.execute("BEGIN IMMEDIATE")
    results = commit_group([ask(people[0], "a"), ask(people[1], "b")])
    assert all(isinstance(result, Busy) and result.retry_after >= 1 for result in results)
    other.execute("ROLLBACK")
    other.close()
    assert not CheckIn.objects.exists()
    assert all(isinstance(result, Taken) for result in commit_group([ask(people[0], "a"), ask(people[1], "b")]))


def test_a_full_disk_is_busy_writes_nothing_and_heals(people: list[Person]) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the limit of pages is SQLite's")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    long = Answers(exposure=False, note="x" * 500)
    keys = [f"k{n}" for n in range(400)]
    results = [result for key in keys for result in commit_group([ask(people[0], key, long)])]
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1073741823")
    told = {result.ask.client_key for result in results if isinstance(result, Taken)}
    refused = [result for result in results if isinstance(result, ShouwangError)]
    assert refused and all(isinstance(result, Busy) for result in refused)
    assert set(CheckIn.objects.values_list("client_key", flat=True)) == told
    assert isinstance(commit_group([ask(people[0], "after", long)])[0], Taken)


@pytest.mark.postgresql
def test_a_restarting_server_is_busy_and_the_retry_succeeds(people: list[Person]) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("a server of its own is PostgreSQL's")
    import psycopg

    commit_group([ask(people[0], "before")])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
    results = commit_group([ask(people[0], "a")])
    assert isinstance(results[0], Busy | Taken)
    assert isinstance(commit_group([ask(people[0], "a")])[0], Taken)
    assert CheckIn.objects.filter(client_key="a").count() == 1


def test_one_that_cannot_be_stored_holds_up_nobody(people: list[Person], monkeypatch: pytest.MonkeyPatch) -> None:
    real = actions.take

    def broken(asks: Any, *, at: Any) -> Any:
        if any(one.client_key == "poison" for one in asks):
            raise ValueError("no row can be made of this")
        return real(asks, at=at)

    monkeypatch.setattr(committer, "take", broken)
    results = commit_group([ask(people[0], "a"), ask(people[1], "poison"), ask(people[2], "c")])
    assert [type(result) for result in results] == [Taken, Busy, Taken]
    assert results[1].error_code == "fault"  # type: ignore[union-attr]
    assert CheckIn.objects.count() == 2


def test_who_comes_when_the_queue_is_full_is_told_when_to_come_back() -> None:
    async def story() -> tuple[list[Any], int]:
        release, taken = asyncio.Event(), 0

        def slow(asks: Any) -> list[Any]:
            nonlocal taken
            asyncio.run_coroutine_threadsafe(release.wait(), loop).result()
            taken += len(asks)
            return [Busy("done", retry_after=1, code="served") for _ask in asks]

        loop = asyncio.get_running_loop()
        door = Committer(most_waiting=3, most_at_once=1, commit=slow)
        waiting = [asyncio.create_task(door.take(None)) for _ in range(4)]  # type: ignore[arg-type]
        while door._queue.qsize() < 3:
            await asyncio.sleep(0.01)
        with pytest.raises(Busy) as caught:
            await door.take(None)  # type: ignore[arg-type]
        assert caught.value.error_code == "queue_full" and 1 <= caught.value.retry_after <= 60
        release.set()
        return await asyncio.gather(*waiting, return_exceptions=True), taken

    results, taken = asyncio.run(story())
    assert [result.error_code for result in results] == ["served"] * 4
    assert taken == 4


def test_many_at_once_share_few_transactions(people: list[Person], tmp_path: Path) -> None:
    """Sixty-four that arrive together need a handful of commits, not sixty-four."""
    groups: list[int] = []

    def counting(asks: Any) -> list[Any]:
        groups.append(len(asks))
        return [Busy("x", retry_after=1) for _ask in asks]

    async def story() -> None:
        door = Committer(commit=counting)
        await asyncio.gather(*(door.take(None) for _ in range(64)), return_exceptions=True)  # type: ignore[arg-type]

    asyncio.run(story())
    assert sum(groups) == 64 and len(groups) <= 8
