"""The same questions asked of Spark instead of this process; what cannot be started is said in the reader's words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput
from shouwang.epi.contacts import TraceResult
from shouwang.epi.network import Network
from shouwang.tracing.presence.lake import lake_root

Engine = Literal["embedded", "spark"]
BUCKETS = 4  # of places a day: the day of one installation is small, and every group costs its own start

REMEDY = {
    "pyspark": _("Spark is not installed here. Install the optional part: pip install 'shouwang[spark]'"),
    "java": _("Spark needs Java 17 or newer, and none was found. Install it, or set JAVA_HOME to it."),
}


def start() -> Any:
    """The session on the cluster of SHOUWANG_SPARK_MASTER. BadInput (`spark_unavailable`) with what to do."""
    from shouwang.epi import spark

    try:
        return spark.session(settings.SPARK_MASTER)
    except spark.SparkUnavailable as error:
        raise BadInput(REMEDY[error.lacks], code="spark_unavailable", field="engine") from error


def trace(session: Any, files: Sequence[Path], person: int, low: int, high: int) -> TraceResult:
    """`epi.contacts.trace` on these files of the lake."""
    from shouwang.epi import spark

    return spark.trace_many(session, lake_root(), files, [person], low, high, buckets=BUCKETS)[0]


def network(session: Any, files: Sequence[Path], low: int, high: int, *, min_seconds: int) -> Network:
    """`epi.network.contact_network` of everybody on these files of the lake; ValueError as there."""
    from shouwang.epi import spark

    return spark.contact_network(session, lake_root(), files, low, high, min_seconds=min_seconds, buckets=BUCKETS)
