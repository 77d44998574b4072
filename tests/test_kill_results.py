"""Results of a laboratory are written entirely or not at all: the process is killed in the middle of writing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import Installation, installed

pytestmark = pytest.mark.slow

PREPARE = """
from datetime import timedelta
from shouwang.core import clock, packs
from shouwang.core.models import ActivePack
from shouwang.core.scope import system_actor
from shouwang.cases.laboratory import actions
from shouwang.org import actions as org
by, at, today = system_actor("test"), clock.now(), clock.today()
pack = packs.get_pack("covid19-2020-6")
ActivePack.objects.create(code=pack.code, sha256=pack.sha256, active_from=today - timedelta(days=9))
home = org.add_organisation(parent=None, kind="university", code="U", name="大学", starts=today, by=by, at=at)
for k in range(300):
    person = org.add_person(number=f"S{k}", name=f"学生{k}", kind="student", home=home, since=today, by=by, at=at)
    test = actions.order_test(person, method="pcr", disease="covid19", by=by, at=at)
    actions.take_sample([test], barcode=f"T{k}", by=by, at=at)
content = "barcode,result\\n" + "".join(f"T{k},negative\\n" for k in range(300)) + "X1,positive\\n"
run = actions.upload_results("r.csv", [content.encode()], by=by, at=at)
from shouwang.core import imports
imports.perform(run.pk, by=by, now=clock.now)
imports.ask_commit(run, by=by, at=clock.now())
print(json.dumps(run.pk))
"""

# Dies by SIGKILL after the results are written and before the transaction ends.
DIE = """
import django, os, signal
django.setup()
from shouwang.cases.laboratory import files
from shouwang.core import clock, imports
from shouwang.core.scope import system_actor
files._queue = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
imports.perform({run}, by=system_actor("test"), now=clock.now)
"""

LOOK = """
from shouwang.cases.laboratory.models import ReviewItem, SampleResult, Test
from shouwang.core.models import AuditEntry, ImportRun
print(json.dumps([
    ImportRun.objects.get(kind="laboratory").state, SampleResult.objects.count(), ReviewItem.objects.count(),
    Test.objects.filter(outcome="negative").count(), AuditEntry.objects.filter(verb="test.resulted").count(),
]))
"""

TAKE_UP = """
from datetime import timedelta
from shouwang.core import clock, imports
from shouwang.core.models import ImportRun
from shouwang.core.scope import system_actor
(run,) = imports.silent(clock.now() + timedelta(minutes=2))
for _ in range(2):
    imports.perform(run.pk, by=system_actor("test"), now=clock.now)
print(json.dumps(run.pk))
"""


@pytest.fixture
def killed_home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = installed(tmp_path / "home", tmp_path_factory.getbasetemp())
    yield made
    made.close()


def test_a_killed_import_is_taken_up_and_no_row_is_written_twice(killed_home: Installation) -> None:
    home = killed_home
    run = home.python(PREPARE)
    environment = home.environment | {"DJANGO_SETTINGS_MODULE": "shouwang.web.settings"}
    for _ in range(2):
        died = subprocess.run([sys.executable, "-c", DIE.format(run=run)], env=environment, check=False)
        assert died.returncode == -9
        assert home.python(LOOK) == ["committing", 0, 0, 0, 0]
    home.python(TAKE_UP)
    assert home.python(LOOK) == ["done", 300, 1, 300, 300]
