"""The contact network of everybody on record, for modelling: pairs without names, written to a file."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from pyarrow import parquet

from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.scope import Actor
from shouwang.tracing.presence import on_spark
from shouwang.tracing.presence.lake import lake_files
from shouwang.tracing.presence.on_spark import Engine
from shouwang.tracing.presence.store import OpenDays, open_days

if TYPE_CHECKING:
    from shouwang.epi.columns import Int32
    from shouwang.epi.network import Network

MOST_DAYS = 31  # of one network: longer windows add no meaning to "was together", only memory


@dataclass(frozen=True, slots=True)
class NetworkWritten:
    """`people` on record, `pairs` kept of at least `min_seconds`; `degree` at the median and at the 95th percentile of
    all people, those without a pair counted as 0. Days without a segment are unknown, not empty."""

    people: int
    pairs: int
    degree_p50: float
    degree_p95: float
    days_missing: list[date]
    days_damaged: list[date]


def write_network(
    path: Path | None,
    *,
    first: date,
    last: date,
    min_seconds: int,
    engine: Engine = "embedded",
    by: Actor,
    at: datetime,
) -> NetworkWritten:
    """Pairs of people who were together for `min_seconds` in all on the days first–last; to `path` as Parquet (a, b,
    seconds) where one is given.

    The numbers in the file are drawn anew each time and belong to nobody: neither two files nor a file and the roster
    can be joined by them. Only for whoever runs the installation: the network of all is beyond every unit's scope.
    `engine` computes, with the same answer. Forbidden; BadInput for a window that is empty or longer than MOST_DAYS, a
    network too large for memory, or where there is no Spark.
    """
    from shouwang.epi.network import people_on_record

    if not by.everything:
        raise Forbidden(_("Only whoever runs this installation may write the network of everybody."))
    if not 0 <= (last - first).days < MOST_DAYS:
        sentence = _("A network covers 1 to %(limit)s days, the last not before the first.")
        raise BadInput(sentence, code="window_invalid", field="last", limit=MOST_DAYS)
    opened = open_days(first, last, told=False)  # people remember their own company, not that of everybody
    low, *_between, high = clock.midnights(first, last)
    everybody = people_on_record(opened.segments)
    compute = _on_spark(opened) if engine == "spark" else _embedded(opened, everybody)
    try:
        network = compute(low, high, min_seconds=min_seconds)
    except ValueError as error:
        sentence = _("There are too many pairs for one file. Ask for a longer time together.")
        raise BadInput(sentence, code="network_too_large", field="min_seconds") from error
    ends = np.concatenate([network.a, network.b])
    degree = np.bincount(ends, minlength=int(everybody[-1]) + 1)[everybody] if len(everybody) else np.zeros(1)
    found = NetworkWritten(
        people=len(everybody),
        pairs=len(network),
        degree_p50=float(np.quantile(degree, 0.5)),
        degree_p95=float(np.quantile(degree, 0.95)),
        days_missing=opened.missing,
        days_damaged=opened.damaged,
    )
    if path is not None:
        drawn = np.random.default_rng(secrets.randbits(128)).permutation(len(everybody)).astype(np.int32)
        a, b = (drawn[np.searchsorted(everybody, column)] for column in (network.a, network.b))
        table = pa.table({"a": np.minimum(a, b), "b": np.maximum(a, b), "seconds": network.seconds})
        table = table.sort_by([("a", "ascending"), ("b", "ascending")])
    told = {"first": str(first), "last": str(last), "min_seconds": min_seconds, "pairs": len(network)}
    told |= {"engine": engine} if engine != "embedded" else {}
    with transaction.atomic():
        audit.record("network.written", "network", path.name if path else "", by=by, at=at, new=told)
        if path is not None:
            # The name comes last: the file is there whole or not at all, and never without its entry in the log.
            beside = path.with_name(f"{path.name}.{os.getpid()}.part")
            parquet.write_table(table, beside)
            beside.replace(path)
    return found


def _embedded(days: OpenDays, everybody: Int32) -> Callable[..., Network]:
    from shouwang.epi.network import contact_network

    return partial(contact_network, days.segments, everybody)


def _on_spark(days: OpenDays) -> Callable[..., Network]:
    session = on_spark.start()
    return partial(on_spark.network, session, lake_files(days))
