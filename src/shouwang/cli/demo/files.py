"""The demo's files, written as a school's own systems would write them: roster, timetable, visits, door log."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from shouwang.cli.demo.campus import CANTEENS, COLLEGES, GATES, OFFICES, Campus
from shouwang.core import clock

BLOCKS = [("08:00", "09:40"), ("10:00", "11:40"), ("14:00", "15:40"), ("16:00", "17:40")]
# meal: from, to (hours of the day), share of students who eat in a canteen
MEALS = [(6.8, 8.2, 0.55), (11.3, 13.0, 0.85), (17.0, 19.0, 0.70)]
LIBRARY_SHARE = 0.12
OUTING_SHARE = 0.08


@dataclass(frozen=True, slots=True)
class Files:
    roster: Path
    timetable: Path
    canteens: Path
    doors: Path


def write_files(campus: Campus, folder: Path, *, seed: int, first: date, now: datetime) -> Files:
    """Write all four files for the days from `first` until `now`."""
    folder.mkdir(parents=True, exist_ok=True)
    files = Files(*(folder / name for name in ("roster.csv", "timetable.csv", "canteens.csv", "doors.csv")))
    _write_roster(campus, files.roster)
    _write_timetable(campus, files.timetable, seed=seed, first=first, last=clock.local_day(now) + timedelta(days=60))
    days = [first + timedelta(days=k) for k in range((clock.local_day(now) - first).days + 1)]
    midnights = np.array([int(clock.day_start(day).timestamp()) for day in days], np.int64)
    _write_canteens(campus, files.canteens, midnights, seed=seed, now=int(now.timestamp()))
    _write_doors(campus, files.doors, midnights, seed=seed, now=int(now.timestamp()))
    return files


def _write_roster(campus: Campus, path: Path) -> None:
    """UTF-8 with BOM, as Excel saves it; staff below the students."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            ["学号*", "姓名", "性别", "人员类别", "学院", "专业", "班级", "卡号", "楼栋", "楼层", "寝室", "现状"]
        )
        for student, name in enumerate(campus.names):
            college, major, class_name = campus.classes[int(campus.class_of[student])]
            building, floor, room = campus.room_name(int(campus.room_of[student]))
            sex = "女" if campus.female[student] else "男"
            row = [campus.number(student), name, sex, "学生", college, major, class_name, campus.card(student)]
            # one in fifty lives at home, one in a hundred is on internship: every group exists in the model
            if student % 50 == 17:
                writer.writerow([*row, "", "", "", "走读"])
            elif student % 100 == 43:
                writer.writerow([*row, building, floor, room, "实习"])
            else:
                writer.writerow([*row, building, floor, room, "在校"])
        for member, name in enumerate(campus.staff_names):
            office = member % 5 == 0
            unit = OFFICES[member // 5 % len(OFFICES)] if office else COLLEGES[int(campus.staff_college[member])][0]
            writer.writerow([campus.staff_number(member), name, "", "教职工", unit, "", "", "", "", "", "", "走读"])


def _write_timetable(campus: Campus, path: Path, *, seed: int, first: date, last: date) -> None:
    """Each class has ten double lessons a week; a room holds one lesson at a time, a teacher one class at a time."""
    rng = np.random.default_rng([seed, 2])
    classes = len(campus.classes)
    if classes > campus.classrooms:
        raise ValueError("more classes than classrooms")
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            [
                "课程编号",
                "课程名称",
                "教室",
                "星期",
                "开始时间",
                "结束时间",
                "开始日期",
                "结束日期",
                "周次",
                "班级",
                "学号",
            ]
        )
        for weekday in range(1, 6):
            for block, (starts, ends) in enumerate(BLOCKS):
                attends = rng.permutation(classes)[: classes // 2]
                rooms = rng.permutation(campus.classrooms)[: len(attends)]
                teachers = rng.permutation(campus.size.staff)[: len(attends)]
                for index, room, teacher in zip(attends, rooms, teachers, strict=False):
                    code = f"{index + 1:03d}-{weekday}{block + 1}"
                    title = f"{campus.classes[index][1]}（{weekday}{block + 1}）"
                    head = [code, title, campus.classroom(int(room))[0], weekday, starts, ends, first, last, "全周"]
                    writer.writerow([*head, campus.classes[index][2], ""])
                    writer.writerow([*head, "", campus.staff_number(int(teacher))])


def _spread(rng: np.random.Generator, people: np.ndarray, midnights: np.ndarray, low: float, high: float) -> np.ndarray:
    """A moment for each of `people` on each day, uniform between two hours of the day. Shape (days × people,)."""
    seconds = rng.integers(int(low * 3600), int(high * 3600), (len(midnights), len(people)))
    return (midnights[:, None] + seconds).ravel()


def _write_canteens(campus: Campus, path: Path, midnights: np.ndarray, *, seed: int, now: int) -> None:
    """Visits from the canteens' till: person, canteen, from, to. Most eat at the canteen nearest their dormitory."""
    rng = np.random.default_rng([seed, 3])
    people = np.arange(campus.size.students)
    per_building = campus.size.floors * campus.size.rooms_per_floor
    near = (campus.room_of // per_building) % len(CANTEENS)
    columns: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []
    for low, high, share in MEALS:
        who = np.tile(people, len(midnights))
        start = _spread(rng, people, midnights, low, high)
        length = rng.integers(12 * 60, 36 * 60, len(start))
        where = np.where(rng.random(len(start)) < 0.8, near[who], rng.integers(0, len(CANTEENS), len(start)))
        kept = (rng.random(len(start)) < share) & (start + length <= now)
        columns.append((who[kept], where[kept], start[kept], start[kept] + length[kept]))
    who, where, start, end = (np.concatenate([part[k] for part in columns]) for k in range(4))
    order = np.argsort(start, kind="stable")
    numbers = np.array([campus.number(student) for student in range(campus.size.students)])
    table = pa.table(
        {
            "学号": numbers[who[order]],
            "场所": np.array(CANTEENS)[where[order]],
            "开始时间": _stamp(start[order]),
            "结束时间": _stamp(end[order]),
        }
    )
    pacsv.write_csv(table, path)


def _write_doors(campus: Campus, path: Path, midnights: np.ndarray, *, seed: int, now: int) -> None:
    """Library doors and campus gates. Doors are as doors are: denied, doubled, unknown and forgotten swipes occur."""
    rng = np.random.default_rng([seed, 4])
    people = np.arange(campus.size.students)
    cards = np.array([campus.card(student) for student in range(campus.size.students)])
    doors = np.array(["图书馆", *GATES])
    enter_who, enter_where, enter, leave = [], [], [], []
    for share, low, high, shortest, longest, door_count in (
        (LIBRARY_SHARE, 8.0, 18.5, 1800, 4 * 3600, 0),
        (OUTING_SHARE, 9.0, 17.0, 600, 5 * 3600, len(GATES)),
    ):
        who = np.tile(people, len(midnights))
        start = _spread(rng, people, midnights, low, high)
        kept = rng.random(len(start)) < share
        who, start = who[kept], start[kept]
        enter_who.append(who)
        enter_where.append(rng.integers(1, door_count + 1, len(who)) if door_count else np.zeros(len(who), np.int64))
        enter.append(start)
        leave.append(start + rng.integers(shortest, longest, len(who)))
    who, where = np.concatenate(enter_who), np.concatenate(enter_where)
    came, went = np.concatenate(enter), np.concatenate(leave)
    # At a campus gate one first goes out, then comes in; at the library the other way round.
    gate = where > 0
    t = np.concatenate([came, went])
    inward = np.concatenate([~gate, gate])
    who2, where2 = np.concatenate([who, who]), np.concatenate([where, where])
    forgotten = rng.random(len(t)) < 0.02
    t, inward, who2, where2 = t[~forgotten], inward[~forgotten], who2[~forgotten], where2[~forgotten]
    doubled = rng.random(len(t)) < 0.01
    t = np.concatenate([t, t[doubled] + 2])
    inward, who2, where2 = (np.concatenate([a, a[doubled]]) for a in (inward, who2, where2))
    order = np.argsort(t, kind="stable")
    order = order[t[order] <= now]
    allowed = rng.random(len(order)) > 0.01
    card = np.where(rng.random(len(order)) < 0.005, "99999999", cards[who2[order]])
    suffix = np.where(inward[order], "[进门]", "[出门]")
    table = pa.table(
        {
            "卡号": card,
            "刷卡时间": _stamp(t[order]),
            "地点": np.char.add(doors[where2[order]], suffix),
            "是否通过": allowed.astype(np.int8),
            "描述": np.where(allowed, "允许通过", "禁止通过-没有权限"),
        }
    )
    pacsv.write_csv(table, path)


def _stamp(seconds: np.ndarray) -> pa.Array:
    """Unix seconds as local "2026-03-02 12:00:00"."""
    moments = pa.array(seconds, pa.timestamp("s", tz=str(clock.zone())))
    return pc.strftime(moments, format="%Y-%m-%d %H:%M:%S")
