"""Rosters as schools have them: encodings, numbers as floats, formulas, real registers, thirty thousand rows."""

from __future__ import annotations

import io
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import xlsxwriter

from shouwang.core.scope import system_actor
from shouwang.org.models import Organisation, Person
from shouwang.org.roster import Defaults, RosterCheck, check_roster, commit_roster
from shouwang.org.tests.cast import NOON, Cast

BY = system_actor("tests")


def check(path: Path) -> RosterCheck:
    return check_roster(path, mapping=None, defaults=Defaults(), by=BY, at=NOON)


def commit(path: Path) -> RosterCheck:
    return commit_roster(path, mapping=None, defaults=Defaults(), by=BY, at=NOON)


def workbook(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, header)
    for index, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, str) and value.startswith("="):
                sheet.write_formula(index, column, value, value="")
            elif value is not None:
                sheet.write(index, column, value)
    book.close()
    return path


def test_lines_in_gbk_and_utf8_are_each_read_in_their_own(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    lines = [
        ("学号,姓名,班级\n", "utf-8"),
        ("1001,钱多多,计科2301班\n", "gb18030"),
        ("1002,孙小妹,计科2301班\n", "utf-8"),
        ("1003,李大力,计科2302班\n", "gb18030"),
    ]
    path.write_bytes(b"".join(text.encode(encoding) for text, encoding in lines))
    found = commit(path)
    assert found.counts["new"] == 3
    assert set(Person.objects.filter(number__startswith="100").values_list("name", flat=True)) == {
        "钱多多", "孙小妹", "李大力",
    }  # fmt: skip
    assert "mixed_encoding" in {remark.code for remark in found.remarks}


def test_long_numbers_typed_as_numbers_are_refused_not_rounded(cast: Cast, tmp_path: Path) -> None:
    rows = [
        (410102200509010047, "甲", "计科2301班"),
        (2023010111, "乙", "计科2301班"),
        ("410102200509010048", "丙", "计科2301班"),
    ]
    found = commit(workbook(tmp_path / "r.xlsx", ("学号", "姓名", "班级"), rows))
    assert found.counts["refused"] == {"digits_lost": 1}
    assert (found.problems[0].row, found.problems[0].column) == (2, "学号")
    assert found.problems[0].remedy
    assert Person.objects.filter(number__in=("2023010111", "410102200509010048")).count() == 2


def test_lost_digits_in_a_column_nobody_reads_do_no_harm(cast: Cast, tmp_path: Path) -> None:
    rows = [("1001", "甲", 410102200509010047)]
    found = commit(workbook(tmp_path / "r.xlsx", ("学号", "姓名", "身份证号"), rows))
    assert (found.counts["new"], found.problems) == (1, ())


def test_an_uncalculated_formula_is_a_problem_of_its_row(cast: Cast, tmp_path: Path) -> None:
    rows = [("1001", '=CONCATENATE("甲","乙")', "计科2301班"), ("1002", "丙", "计科2301班")]
    found = commit(workbook(tmp_path / "r.xlsx", ("学号", "姓名", "班级"), rows))
    assert found.counts["new"] == 1
    assert found.counts["refused"] == {"formula_uncalculated": 1}


def test_a_date_cell_is_a_date(cast: Cast, tmp_path: Path) -> None:
    from datetime import date, datetime

    book = xlsxwriter.Workbook(str(tmp_path / "r.xlsx"))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ("学号", "出生日期"))
    sheet.write_row(1, 0, ("1001",))
    sheet.write_datetime(1, 1, datetime(2005, 9, 1), book.add_format({"num_format": "yyyy/m/d"}))  # noqa: DTZ001
    book.close()
    commit(tmp_path / "r.xlsx")
    assert Person.objects.get(number="1001").born == date(2005, 9, 1)


@pytest.mark.slow
@pytest.mark.realdata
def test_the_real_register_imports_whole(db: None, noon: object, real_data: Callable[[str], Path]) -> None:
    """4,341 students of a Chinese college in GBK, without names; two cards are held by two people each."""
    path = real_data("campus-gates/register_gbk.csv")
    found = commit(path)
    assert (found.counts["read"], found.counts["new"], found.counts["refused"]) == (4341, 4341, {})
    assert Person.objects.count() == 4341
    shared = next(remark for remark in found.remarks if remark.code == "card_shared")
    assert shared.count == 4
    assert {remark.code for remark in found.remarks} >= {"name_missing", "columns_ignored"}
    classes = Organisation.objects.filter(kind="class")
    assert classes.count() == 41
    assert Person.objects.filter(home__name="18国际金融").count() == 97
    assert commit(path).counts["unchanged"] == 4341


def roster_of(rows: int, path: Path) -> Path:
    """A roster as a university has it, with an error in about one row of forty."""
    header = (
        "学号",
        "姓名",
        "性别",
        "人员类别",
        "学院",
        "专业",
        "班级",
        "手机",
        "卡号",
        "出生日期",
        "楼栋",
        "寝室",
        "现状",
    )
    out = io.StringIO()
    out.write(",".join(header) + "\n")
    for k in range(rows):
        unit = k // 40
        number = "" if k % 101 == 7 else f"2023{k:08d}"
        sex = "雄" if k % 97 == 5 else "男女"[k % 2]
        born = "2005-13-40" if k % 89 == 3 else f"2005-0{k % 9 + 1}-1{k % 9}"
        house, room = f"{k // 4 // 300 + 1}号宿舍楼", f"{k // 4 % 300 // 50 + 1}{k // 4 % 50 + 1:02d}"
        out.write(
            f"{number},学生{k},{sex},学生,第{unit % 12 + 1}学院,专业{unit % 48},专业{unit % 48}班{unit:04d},"
            f"138{k:08d},{30000000 + k},{born},{house},{room},在校\n"
        )
    path.write_text(out.getvalue(), encoding="utf-8")
    return path


@pytest.mark.slow
def test_thirty_thousand_rows_with_errors(db: None, noon: object, tmp_path: Path) -> None:
    path = roster_of(30_000, tmp_path / "big.csv")
    began = time.perf_counter()
    checked = check(path)
    between = time.perf_counter()
    done = commit(path)
    ended = time.perf_counter()
    print(f"\n30,000 rows: check {between - began:.1f} s, commit {ended - between:.1f} s")
    assert checked.counts == done.counts
    assert done.counts["read"] == 30_000
    assert done.counts["new"] == Person.objects.count() == 30_000 - done.counts["refused_rows"]
    assert set(done.counts["refused"]) == {"number_missing", "sex_unknown", "date_impossible"}


KILLED_MID_COMMIT = """
import os, sys
from pathlib import Path
import django
django.setup()
from shouwang.core import clock
from shouwang.core.scope import system_actor
from shouwang.org.roster import import_file, writing
write = writing.write_people
def write_and_wait(*args, **kwargs):
    write(*args, **kwargs)
    print("written, not committed", flush=True)
    sys.stdin.readline()
writing.write_people = write_and_wait
import_file(Path(sys.argv[1]), by=system_actor(), at=clock.now())
"""


@pytest.mark.slow
def test_a_kill_in_the_middle_of_a_commit_leaves_nothing_and_the_next_run_completes(tmp_path: Path) -> None:
    path = roster_of(500, tmp_path / "r.csv")
    home = tmp_path / "home"
    home.mkdir()
    env = {**os.environ, "SHOUWANG_HOME": str(home), "DJANGO_SETTINGS_MODULE": "shouwang.web.settings"}
    env["PYTHONPATH"] = str(Path(__file__).resolve().parents[3])
    env.pop("SHOUWANG_DATABASE_URL", None)
    subprocess.run([sys.executable, "-m", "django", "migrate", "-v0"], env=env, check=True)
    victim = subprocess.Popen(
        [sys.executable, "-c", KILLED_MID_COMMIT, str(path)], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert victim.stdout is not None
    assert victim.stdout.readline().strip() == b"written, not committed"
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    assert count(home, "org_person") == count(home, "org_organisation") == count(home, "core_auditentry") == 0
    again = KILLED_MID_COMMIT.replace("writing.write_people = write_and_wait", "")
    subprocess.run([sys.executable, "-c", again, str(path)], env=env, check=True)
    assert count(home, "org_person") == count(home, "org_membership") > 480


def count(home: Path, table: str) -> int:
    with sqlite3.connect(home / "shouwang.sqlite3") as connection:
        row = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
    return int(row[0])
