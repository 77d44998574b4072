"""Fixtures every room shares: the cast on its stage, frozen time, a home of its own, the real data sets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import time_machine

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import Settings

    from shouwang.cases.models import Case
    from shouwang.core.scope import Actor
    from shouwang.org.tests.cast import Cast


# Property tests look further when asked to: SHOUWANG_THOROUGH=1 (nightly), and by default just far enough.
# A busy machine is no flaw of the code: neither slow examples nor their slow making fail a test.
SLOW_IS_FINE = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile("quick", max_examples=25, deadline=None, suppress_health_check=SLOW_IS_FINE)
hypothesis.settings.register_profile("thorough", max_examples=500, deadline=None, suppress_health_check=SLOW_IS_FINE)
hypothesis.settings.load_profile("thorough" if os.environ.get("SHOUWANG_THOROUGH") else "quick")

# Argon2 takes a fifth of a second by design; that the product uses it is a test of its own.
QUICK_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", "django.contrib.auth.hashers.Argon2PasswordHasher"]
TOUCH_THE_DATABASE = {"db", "transactional_db", "live_server", "story"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever cannot reach the database is marked `files`: running it on a second database proves nothing."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if not fixtures & TOUCH_THE_DATABASE and item.get_closest_marker("django_db") is None:
            item.add_marker(pytest.mark.files)


@pytest.fixture(autouse=True)
def own_home(settings: Settings, tmp_path: Path) -> Path:
    """Files of one test never meet those of another, nor anybody's real ones."""
    settings.HOME = tmp_path
    settings.FILES_ROOT = tmp_path / "files"
    settings.SEGMENTS_ROOT = tmp_path / "segments"
    settings.PACKS_ROOT = tmp_path / "packs"
    settings.PASSWORD_HASHERS = QUICK_HASHERS
    return tmp_path


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """What one test kept must not answer another: rolled back rows give their numbers to the next ones."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """A test that speaks English leaves it to nobody; what its module speaks, it speaks too."""
    from django.utils import translation

    with translation.override(translation.get_language()):
        yield


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    """The clock stands at noon of Monday 2 March 2026 in Shanghai."""
    from shouwang.org.tests.cast import NOON

    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast(db: None, noon: time_machine.Traveller) -> Cast:
    """The named cast; COVID-19 (6th protocol) is the active pack, and a level is in force, so that everybody is asked
    daily."""
    from django.core.cache import cache

    from shouwang.checkins.models import AskedLevel, LatestCheckIn, Stirred
    from shouwang.core.models import ActivePack
    from shouwang.org.tests.cast import STAGED, on_stage, staged

    cache.clear()  # numbers kept from another test's database, whose keys are the same
    staged([*STAGED, ActivePack, AskedLevel, LatestCheckIn, Stirred], _everybody_is_asked)
    return on_stage()


def _everybody_is_asked() -> None:
    from shouwang.checkins.actions import set_level, sync_standings
    from shouwang.core import packs
    from shouwang.core.models import ActivePack
    from shouwang.org.tests.cast import NOON, SINCE, assemble

    pack = packs.get_pack("covid19-2020-6")
    ActivePack.objects.create(code=pack.code, sha256=pack.sha256, active_from=SINCE)
    assembled = assemble()
    set_level(assembled.org["WCU"].path, "I", on=SINCE)
    sync_standings(at=NOON)  # the copied cast brings along the rows of org alone


@pytest.fixture
def sign_in(cast: Cast) -> Callable[[str], Client]:
    """`sign_in("lin")` is a browser in which Lin is signed in."""
    from django.test import Client

    def enter(name: str) -> Client:
        client = Client()
        client.force_login(cast.account[name])
        return client

    return enter


@pytest.fixture
def operator() -> Actor:
    """Whoever owns the database."""
    from shouwang.core.scope import CLI, system_actor

    return system_actor("operator", mouth=CLI)


@pytest.fixture
def traced(cast: Cast, operator: Actor, tmp_path: Path) -> Case:
    """Lin's case with its four contacts: see `desk_scene`."""
    from shouwang.org.tests.cast import NOON
    from shouwang.tracing import actions
    from shouwang.tracing.tests import desk_scene

    desk_scene.presence(tmp_path, operator)
    case = desk_scene.ill(cast)
    actions.trace_case(case, by=cast.by("qiu"), at=NOON)
    case.refresh_from_db()
    return case


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """`real_data("campus-gates/doors_gbk.csv")`: a real data file, or a skip that says so."""
    root = Path(os.environ.get("SHOUWANG_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))

    def find(name: str) -> Path:
        if not (root / name).exists():
            if os.environ.get("SHOUWANG_NO_SKIPS"):
                pytest.fail(f"real data {name} is absent and skips are forbidden")
            pytest.skip(f"real data {name} is not on this machine")
        return root / name

    return find


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Spark as a cluster on this machine: a master and two workers, each its own Java and its own Python. Skips, saying
    so, where Spark or Java is absent."""
    from shouwang.epi import spark

    folder = tmp_path_factory.mktemp("spark")
    own = {"spark.executor.memory": "512m", "spark.sql.shuffle.partitions": "4", "spark.local.dir": str(folder)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_WORKER_DIR", str(folder))
        try:
            running = spark.session("local-cluster[2,1,1024]", own)
        except spark.SparkUnavailable as error:
            if os.environ.get("SHOUWANG_NO_SKIPS"):
                pytest.fail(f"{error}; and skips are forbidden")
            pytest.skip(str(error))
        yield running
        running.stop()
