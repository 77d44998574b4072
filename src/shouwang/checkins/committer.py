"""Group commit: check-ins that arrive while a transaction is under way share the next one, and its one fsync.

An event loop hands asks over and gets each one's result back once the group it went into is durable. Groups are made
on one thread with a database connection of its own, so that a slow disk stops neither pages nor reading requests.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils.translation import gettext_lazy as _

from shouwang.checkins.actions import Ask, Taken, take
from shouwang.core import clock
from shouwang.core.errors import Busy, ShouwangError

log = logging.getLogger(__name__)

MOST_WAITING = 4096  # some seconds of work; whoever comes later is told so instead of waiting for nothing
MOST_AT_ONCE = 256  # check-ins of one transaction: beyond it the fsync is no longer what costs
LOCK_PATIENCE_MS = 10_000  # for another writer of SQLite, an import for example
GATHER_S = 0.020  # the longest a group waits for as many as were on their way at the end of the one before
# SQLite copies its log back into the database after so many pages, and who commits then waits for it. The committer
# leaves that to a thread beside it; only a log of 128 MB makes it wait, so that the log ends even under endless load.
LOG_PAGES = 32_768
COPY_EVERY_S = 1.0
PREPARED_FROM = 5  # runs of a statement after which PostgreSQL keeps its plan, on the committer's own connection
LEAST_RATE = 200.0  # check-ins a second assumed until the first groups have been timed

Result = Taken | ShouwangError
Waiting = tuple[Ask, asyncio.AbstractEventLoop, "asyncio.Future[Result]"]


class Committer:
    """One a process. `take` may be awaited from any event loop."""

    def __init__(
        self,
        most_waiting: int = MOST_WAITING,
        most_at_once: int = MOST_AT_ONCE,
        commit: Callable[[Sequence[Ask]], list[Result]] | None = None,
        copies_log: bool | None = None,
    ) -> None:
        """`commit` instead of `commit_group`; whether SQLite's log is then copied back beside it says `copies_log`."""
        self.most_waiting, self.most_at_once = most_waiting, most_at_once
        self._commit = commit or commit_group
        self._copies_log = commit is None if copies_log is None else copies_log
        self.rate = LEAST_RATE
        self._queue: SimpleQueue[Waiting] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._start = threading.Lock()
        self._written = threading.Event()
        self._awaited = 1
        self._enough = threading.Event()

    async def take(self, ask: Ask) -> Taken:
        """The durable result of one check-in. Raises its refusal, or Busy when nothing was written and it may be tried
        again; a retry under the same key can never be written twice."""
        waiting = self._queue.qsize()
        if waiting >= self.most_waiting:
            raise busy(waiting / self.rate, "queue_full")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._queue.put((ask, loop, future))
        if self._queue.qsize() >= self._awaited:
            self._enough.set()
        if self._thread is None or not self._thread.is_alive():
            self._begin()
        result = await future
        if isinstance(result, ShouwangError):
            raise result
        return result

    def _begin(self) -> None:
        with self._start:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="checkin-committer", daemon=True)
                self._thread.start()
                if self._copies_log and connection.vendor == "sqlite":
                    threading.Thread(target=copy_back, args=(self._written,), name="checkin-log", daemon=True).start()

    def _work(self) -> None:
        last = 1
        while True:
            group = self._gather(last)
            begin = monotonic()
            results = self._commit([ask for ask, _loop, _future in group])
            self.rate += (len(group) / max(monotonic() - begin, 1e-4) - self.rate) / 8
            last = len(group) + self._queue.qsize()
            _answer(group, results)
            self._written.set()

    def _gather(self, last: int) -> list[Waiting]:
        """All that waits, and `last` of them: those just answered are given a moment to be back. A fuller group costs
        little more than a small one, and the two threads then take turns instead of fighting for the interpreter.
        Where nobody else is on the way, nobody is kept waiting."""
        group = [self._queue.get()]
        self._enough.clear()
        self._awaited = min(last, self.most_at_once) - 1  # of those still to come, the first of them in hand
        if self._queue.qsize() < self._awaited:
            self._enough.wait(GATHER_S)
        while len(group) < self.most_at_once:
            try:
                group.append(self._queue.get_nowait())
            except Empty:
                break
        return group


def commit_group(asks: Sequence[Ask]) -> list[Result]:
    """The result of each, after the transaction. Never raises: a database that refuses makes all of them Busy."""
    try:
        ready()
        return take(asks, at=clock.now())
    except (OperationalError, InterfaceError) as error:
        # Locked, full, restarting: nothing was written, or the outcome of COMMIT is unknown. Both are mended by the
        # sender's retry under the same key.
        log.error("check-ins not taken: %s", error)
        connection.close()
        return [busy(2.0, "database_busy") for _ask in asks]
    except Exception:
        log.exception("a group of %d check-ins failed", len(asks))
        connection.close()
        if len(asks) == 1:
            sentence = _("This could not be stored, and is in the server's log. Please tell the office.")
            return [Busy(sentence, code="fault", retry_after=60)]
        return [result for ask in asks for result in commit_group([ask])]  # one that cannot be stored holds up nobody


def busy(seconds: float, code: str) -> Busy:
    """Not taken; to be tried again after about `seconds`, rounded up."""
    wait = max(1, min(60, round(seconds + 0.5)))
    sentence = _(
        "Many are checking in at this moment. Yours is not stored yet; it is tried again in %(retry_after)s s."
    )
    return Busy(sentence, code=code, retry_after=wait)


def ready() -> None:
    """A connection that can write, with this thread's own patience."""
    if connection.in_atomic_block:
        return  # a test's transaction
    if connection.vendor == "postgresql":
        close_old_connections()
    # SQLite's is kept: closing it after each group would cost more than the group.
    if connection.connection is None:
        connection.ensure_connection()
        if connection.vendor == "postgresql":
            found: Any = connection.connection
            found.prepare_threshold = PREPARED_FROM
            # A prepared plan made while tables were nearly empty reads them whole, and stays until they are analysed:
            # all that this thread asks is by key, and keys have an index.
            with connection.cursor() as cursor:
                cursor.execute("SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off")
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA busy_timeout = {LOCK_PATIENCE_MS}")
                cursor.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")


def copy_back(written: threading.Event) -> None:
    """Copy SQLite's log into the database while others go on reading and writing, once a second while there is news."""
    while True:
        written.wait()
        written.clear()
        try:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except (OperationalError, InterfaceError) as error:
            log.warning("the log was not copied back, which is tried again: %s", error)
            connection.close()
        sleep(COPY_EVERY_S)


def _answer(group: Sequence[Waiting], results: Sequence[Result]) -> None:
    """Wake each loop once for all of its own."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Result], Result]]] = {}
    for (_ask, loop, future), result in zip(group, results, strict=True):
        by_loop.setdefault(loop, []).append((future, result))
    for loop, pairs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_set, pairs)
        except RuntimeError:
            log.warning("%d check-ins are stored; their senders' loop has ended", len(pairs))


def _set(pairs: Sequence[tuple[asyncio.Future[Result], Result]]) -> None:
    for future, result in pairs:
        if not future.done():  # the sender may have hung up; the row stands, and a retry finds it
            future.set_result(result)
