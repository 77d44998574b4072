"""Importing a school's roster: ours against the loop of `update_or_create` that most campus systems are made of.

The same .xlsx of 30,000 rows with some errors goes through both, into the same database file (SQLite, WAL,
synchronous=FULL), one after the other. The peer reads the sheet with our own reader and skips the rows that ours
refused, so that only checking and writing are compared; it does no dry run and no history. Both must end with the same
people in the same classes. The peer is given a sample of rows (`--peer-rows`) and its time is scaled, since the whole
file takes it many minutes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.common import finish, say
from bench.home import start

HEADER = ["学号", "姓名", "性别", "人员类别", "学院", "专业", "班级", "联系电话", "卡号", "出生日期", "楼栋", "寝室"]


def write_roster(path: Path, rows: int, seed: int = 7) -> int:
    """A roster of `rows` rows, one in a hundred of them wrong in one of four ways. Returns how many are wrong."""
    import xlsxwriter

    rng = np.random.default_rng(seed)
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet("花名册")
    sheet.write_row(0, 0, HEADER)
    wrong = 0
    for index in range(rows):
        number, born = f"2023{index:07d}", f"200{index % 6}-0{index % 9 + 1}-1{index % 9}"
        kind, sex = "学生", "男" if index % 2 else "女"
        if index % 100 == 99:
            wrong += 1
            match int(rng.integers(0, 4)):
                case 0:
                    number = ""
                case 1:
                    born = "2003年13月1日"
                case 2:
                    sex = "未知性别值"
                case _:
                    number = "20230000000"  # the first row's number once more
        class_ = index // 40
        college, major = f"第{class_ % 12 + 1}学院", f"专业{class_ % 48 + 1}"
        room = f"{index // 4 % 300 // 50 + 1}{index // 4 % 50 + 1:02d}"
        sheet.write_row(
            index + 1, 0,
            [number, f"学生{index}", sex, kind, college, major, f"{major}{2301 + class_ // 48}班",
             f"1380000{index:05d}",
             f"9{index:07d}", born, f"{index // 1200 + 1}号楼", room],
        )  # fmt: skip
    book.close()
    return wrong


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.roster", description=__doc__)
    parser.add_argument("--rows", type=int, default=30_000)
    parser.add_argument("--peer-rows", type=int, default=1_500)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-roster-") as name:
        start(Path(name) / "home")
        compare(Path(name), options.rows, options.peer_rows)


def compare(folder: Path, rows: int, peer_rows: int) -> None:
    from shouwang.core import clock
    from shouwang.core.scope import system_actor
    from shouwang.org import roster
    from shouwang.org.models import Person

    path = folder / "roster.xlsx"
    wrong = write_roster(path, rows)
    by = system_actor("bench")
    begin = time.perf_counter()
    first = roster.import_file(path, root_name="望川大学", by=by, at=clock.now())
    ours = time.perf_counter() - begin
    begin = time.perf_counter()
    again = roster.import_file(path, by=by, at=clock.now())
    repeated = time.perf_counter() - begin
    counts, second = first.as_dict(), again.as_dict()
    say(f"{rows:,} rows, {wrong} wrong: {ours:.2f} s, {len(first.problems)} problems named; again: {repeated:.2f} s")
    kept = {number: (title, home) for number, title, home in Person.objects.values_list("number", "name", "home__name")}
    peer_seconds, peer_people = peer(path, {problem.row for problem in first.problems}, peer_rows)
    scaled = peer_seconds / max(1, len(peer_people)) * len(kept)
    say(f"update_or_create, {len(peer_people):,} rows: {peer_seconds:.2f} s; scaled to all: {scaled:.1f} s")
    equal = all(kept[number] == value for number, value in peer_people.items())
    equal = equal and second["new"] == second["updated"] == 0 and len(kept) == counts["accepted"]
    finish(
        "roster",
        {"seconds": round(ours, 2), "again_seconds": round(repeated, 2), "problems": len(first.problems)},
        {"update_or_create": {"seconds_scaled": round(scaled, 1), "rows_measured": len(peer_people)}},
        {"update_or_create": round(scaled / ours, 1)},
        equal,
        rows=rows,
    )


def peer(path: Path, refused: set[int], rows: int) -> tuple[float, dict[str, tuple[str, str]]]:
    """Row by row: find or make the class, find or make the person. Rolled back afterwards."""
    from django.db import transaction

    from shouwang.core.files.tables import read_table
    from shouwang.core.tree import step
    from shouwang.org.models import Organisation, Person

    done: dict[str, tuple[str, str]] = {}
    begin = time.perf_counter()
    with transaction.atomic(), read_table(path, name=path.name) as table:
        for row in table.rows:
            if row.number in refused:
                continue
            number, name, _sex, _kind, _college, _major, class_, phone, card, *_rest = row.values
            home, _made = Organisation.objects.get_or_create(
                name=class_, kind="class",
                defaults={"code": f"peer-{class_}", "path": "zzzz" + step(len(done) + 1), "starts": "2025-09-01"},
            )  # fmt: skip
            Person.objects.update_or_create(
                number=number, defaults={"name": name, "phone": phone, "card": card, "home": home}
            )
            done[number] = (name, home.name)
            if len(done) >= rows:
                break
        seconds = time.perf_counter() - begin
        transaction.set_rollback(True)
    return seconds, done


if __name__ == "__main__":
    main()
