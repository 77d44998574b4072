"""The shape of the demo campus: how many of what, and who lives and studies where. One seed, one campus."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
from faker import Faker

COLLEGES = [
    ("信息工程学院", "计算机科学 软件工程 网络工程 数据科学"),
    ("外国语学院", "英语 日语 法语 商务英语"),
    ("文学院", "汉语言文学 新闻学 历史学 秘书学"),
    ("数学与统计学院", "数学 统计学 应用统计 金融数学"),
    ("机电工程学院", "机械设计 自动化 电气工程 车辆工程"),
    ("生命科学学院", "生物科学 生物技术 食品科学 园林"),
    ("化学化工学院", "化学 应用化学 化学工程 材料化学"),
    ("经济管理学院", "会计学 工商管理 国际贸易 物流管理"),
    ("教育科学学院", "小学教育 学前教育 心理学 教育技术"),
    ("艺术学院", "美术学 音乐学 视觉传达 环境设计"),
    ("体育学院", "体育教育 社会体育 运动训练 休闲体育"),
    ("医学院", "护理学 医学检验 药学 康复治疗"),
]
OFFICES = ["党委办公室", "学生处", "后勤处", "保卫处", "校医院", "防控领导小组办公室"]
CANTEENS = ["第一食堂", "第二食堂", "清真食堂", "风味餐厅", "北苑食堂", "教工餐厅"]
GATES = ["东门", "南门", "西门", "北门", "东北门"]
YEARS_BACK = 4  # four years of students on campus


@dataclass(frozen=True, slots=True)
class Size:
    students: int
    staff: int
    colleges: int
    class_size: int
    dorm_buildings: int
    floors: int
    rooms_per_floor: int
    teaching_buildings: int
    classrooms_per_building: int
    isolation_rooms: int


FULL = Size(24_000, 1_800, 12, 42, 20, 6, 50, 6, 110, 120)
SMALL = Size(1_200, 90, 3, 40, 3, 5, 20, 2, 24, 90)


@dataclass
class Campus:
    """Everything drawn from the seed. Arrays are indexed by student (0..students−1) unless said otherwise."""

    size: Size
    first_term_day: date
    names: list[str]
    staff_names: list[str]
    female: np.ndarray
    class_of: np.ndarray
    classes: list[tuple[str, str, str]] = field(default_factory=list)  # college, major, class
    room_of: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    staff_college: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    def number(self, student: int) -> str:
        return f"{10_000_000_000 + student + 1:011d}".replace("1", "2", 1)

    def staff_number(self, member: int) -> str:
        return f"T{member + 1:05d}"

    def card(self, student: int) -> str:
        return f"{30_000_000 + student * 7 % 60_000_000:08d}"

    def room_name(self, room: int) -> tuple[str, str, str]:
        """(building, floor, room) of the `room`-th dormitory room."""
        per_building = self.size.floors * self.size.rooms_per_floor
        building, inside = divmod(room, per_building)
        floor, place = divmod(inside, self.size.rooms_per_floor)
        return f"{building + 1}号宿舍楼", str(floor + 1), f"{floor + 1}{place + 1:02d}"

    def classroom(self, index: int) -> tuple[str, str]:
        """(code, name) of the `index`-th classroom."""
        building, room = divmod(index, self.size.classrooms_per_building)
        floor, place = divmod(room, 22)
        return f"T{building + 1}-{floor + 1}{place + 1:02d}", f"{building + 1}教{floor + 1}{place + 1:02d}"

    @property
    def classrooms(self) -> int:
        return self.size.teaching_buildings * self.size.classrooms_per_building


def draw(size: Size, *, seed: int, today: date) -> Campus:
    """The campus of this seed. Names come from Faker's zh_CN lists."""
    rng = np.random.default_rng([seed, 1])
    faker = Faker("zh_CN")
    faker.seed_instance(seed)
    female = rng.random(size.students) < 0.52
    names = [faker.name_female() if is_female else faker.name_male() for is_female in female]
    campus = Campus(
        size=size,
        first_term_day=today,
        names=names,
        staff_names=[faker.name() for _ in range(size.staff)],
        female=female,
        class_of=np.arange(size.students) // size.class_size,
    )
    _name_classes(campus, today)
    campus.room_of = _assign_beds(campus)
    campus.staff_college = rng.integers(0, size.colleges, size.staff)
    return campus


def _name_classes(campus: Campus, today: date) -> None:
    """Classes spread evenly over colleges, majors and years: 计算机科学2301."""
    count = int(campus.class_of.max()) + 1
    youngest = today.year if today.month >= 9 else today.year - 1
    for index in range(count):
        college, majors = COLLEGES[index % campus.size.colleges]
        turn = index // campus.size.colleges
        names = majors.split()
        major = names[turn % len(names)]
        year = youngest - (turn // len(names)) % YEARS_BACK
        parallel = turn // (len(names) * YEARS_BACK) + 1
        campus.classes.append((college, major, f"{major}{year % 100}{parallel:02d}班"))


def _assign_beds(campus: Campus) -> np.ndarray:
    """Four to a room, classmates together, women and men in separate buildings."""
    size = campus.size
    order = np.lexsort((np.arange(size.students), campus.class_of, campus.female))
    women_first_room = size.dorm_buildings * size.floors * size.rooms_per_floor
    rooms = np.empty(size.students, np.int64)
    men = order[~campus.female[order]]
    women = order[campus.female[order]]
    rooms[men] = np.arange(len(men)) // 4
    per_building = size.floors * size.rooms_per_floor
    first = -(-(int(rooms[men].max()) + 1) // per_building) * per_building if len(men) else 0
    rooms[women] = first + np.arange(len(women)) // 4
    if int(rooms.max()) >= women_first_room + per_building:
        raise ValueError("more beds asked for than the campus has buildings")
    return rooms
