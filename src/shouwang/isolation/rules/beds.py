"""Who is proposed for which room, for everybody who waits at once: the best plan there is, or how far from it.

Integer programs (Google OR-Tools, CP-SAT). Rooms of one size and state are counted and not named, and so are people who
may share with one another: five hundred people and six hundred beds become some hundred whole numbers, and the optimum
is proved in a moment. The aims, each only where those before it are not harmed:

1. nobody waits who can have a bed: cases before contacts;
2. people share as little as possible: quarantine and suspected cases belong in single rooms (source: the COVID-19
   protocols' "one person, one room"; where beds are short this is what gives way, except for suspected cases);
3. rooms that can be reached without steps stay free for who needs them;
4. few beds lie idle in rooms that are used;
5. those exposed together lie on few floors, among the plans that use rooms as the first four aims decided.

Whoever has a bed is never moved: a room that was left must be cleaned before it takes anybody, so a move wins no bed on
the day of the plan and costs one to clean. Exposure batches never mix in a room.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:  # the solver takes half a second to load: only where a plan is asked for
    from ortools.sat.python import cp_model

AimName = Literal["unplaced", "sharing", "step_free_spent", "idle_beds", "floors"]
AIMS: tuple[AimName, ...] = get_args(AimName)
EFFORT = 2.0  # for all aims together, in the solver's own units: about seconds, but the same on a busy machine
LONGEST = 20.0  # seconds an aim, whatever the machine does meanwhile
FLOORS_HAVE = 0.5  # part of the time for the last aim: packing floors is the hard part, and the least of the aims


@dataclass(frozen=True, slots=True)
class Party:
    """Who must come into one room together: one person, or a family. `keys` in the order they were asked.

    `batch` names who may share with them ("" with nobody, whatever the need); `sex` "m", "f" or "" (not stated: shares
    with nobody). `first` is served before the others (a case). `owners`: whose rooms are open to them.
    """

    keys: tuple[int, ...]
    batch: str
    sex: str
    owners: frozenset[str]
    step_free: bool = False
    first: bool = False

    @property
    def alone(self) -> bool:
        return len(self.keys) == 1 and not (self.batch and self.sex)


@dataclass(frozen=True, slots=True)
class Bedroom:
    """A room that may take somebody today: `free` beds of `beds`. `batch` and `sex` are of those who lie there; a room
    with people who differ among themselves takes nobody. `step_free` None: nobody has said."""

    id: int
    path: str
    floor: str
    owner: str
    beds: int
    free: int
    step_free: bool | None = None
    batch: str = ""
    sex: str = ""

    @property
    def empty(self) -> bool:
        return self.free == self.beds


@dataclass(frozen=True, slots=True)
class Aim:
    """What one aim came to. `bound` is what no plan could beat: equal to `value` when the plan is proved best."""

    name: AimName
    value: int
    bound: int

    @property
    def proved(self) -> bool:
        return self.value == self.bound


@dataclass(frozen=True, slots=True)
class Plan:
    """`rooms`: key -> room id. `waiting`: keys for whom no room fits, in the order given."""

    rooms: Mapping[int, int]
    waiting: tuple[int, ...]
    aims: tuple[Aim, ...]

    @property
    def proved(self) -> bool:
        return all(aim.proved for aim in self.aims)


@dataclass(frozen=True, slots=True)
class _Sharers:
    """Whose parties may lie in one room: a batch and sex, or (`alone`) only parties of `size`, one to a room."""

    batch: str
    sex: str
    alone: bool
    size: int


@dataclass(frozen=True, slots=True)
class _Group:
    """Parties that are alike: any of them may stand for any other."""

    sharers: _Sharers
    owners: frozenset[str]
    step_free: bool
    first: bool


@dataclass(frozen=True, slots=True)
class _Kind:
    """Rooms that are alike, on whatever floor."""

    owner: str
    beds: int
    free: int
    step_free: bool
    batch: str
    sex: str


@dataclass(frozen=True, slots=True)
class _Use:
    """`number` of rooms of a kind, each taking `parties` parties of the same sharers."""

    sharers: _Sharers
    kind: _Kind
    parties: int
    number: cp_model.IntVar

    @property
    def idle(self) -> int:
        return self.kind.free - self.parties * self.sharers.size

    @property
    def sharing(self) -> int:
        """People who share, beyond the first of a room; a family is not counted as sharing."""
        first = 0 if self.kind.free < self.kind.beds else 1
        return 0 if self.sharers.alone else self.parties - first


Flow = Mapping[tuple[_Group, _Kind], int]
Numbers = Sequence[tuple[_Use, int]]


@dataclass(slots=True)
class _Program:
    model: cp_model.CpModel
    uses: list[_Use] = field(default_factory=list)
    flow: dict[tuple[_Group, _Kind], cp_model.IntVar] = field(default_factory=dict)  # parties of a group in a kind
    unplaced: dict[_Group, cp_model.IntVar] = field(default_factory=dict)


def plan(parties: Sequence[Party], rooms: Iterable[Bedroom], *, effort: float = EFFORT) -> Plan:
    """The best plan for `parties` (earlier ones first within alike) in `rooms`; the same for the same question.

    Every party is in one room or waits; no room takes more than its free beds, nor people of two batches or sexes
    (a family apart), nor anybody it is not open to. Empty input gives an empty plan.
    """
    from ortools.sat.python import cp_model

    groups: dict[_Group, list[Party]] = defaultdict(list)
    for party in parties:
        groups[_group(party)].append(party)
    kinds: dict[_Kind, list[Bedroom]] = defaultdict(list)
    for room in sorted(rooms, key=lambda room: room.path):
        if room.free > 0:
            kinds[_kind(room)].append(room)
    program = _program({group: len(members) for group, members in groups.items()}, kinds)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1  # one worker: several race, and the plan would change
    solver.parameters.linearization_level = 2  # the bound for floors comes from the relaxation
    solver.parameters.max_time_in_seconds = LONGEST
    solver.parameters.max_deterministic_time = effort * (1 - FLOORS_HAVE) / (len(AIMS) - 1)
    aims, numbers, flow = _solve(program, len(parties), solver)
    solver.parameters.max_deterministic_time = effort * FLOORS_HAVE
    floors, spread = _spread(numbers, kinds, solver)
    chosen = _named(groups, kinds, floors, flow)
    waiting = tuple(key for party in parties for key in party.keys if key not in chosen)
    return Plan(chosen, waiting, (*aims, *spread))


def _group(party: Party) -> _Group:
    alone = party.alone or len(party.keys) > 1
    batch, sex = ("", "") if alone else (party.batch, party.sex)
    return _Group(_Sharers(batch, sex, alone, len(party.keys)), party.owners, party.step_free, party.first)


def _kind(room: Bedroom) -> _Kind:
    return _Kind(room.owner, room.beds, room.free, room.step_free is True, room.batch, room.sex)


def _most(sharers: _Sharers, kind: _Kind) -> int:
    """How many parties of the same sharers one room of a kind may take."""
    if kind.free < kind.beds:
        fits = not sharers.alone and (kind.batch, kind.sex) == (sharers.batch, sharers.sex)
        return kind.free if fits else 0
    return kind.free if not sharers.alone else int(sharers.size <= kind.free)


def _open(group: _Group, kind: _Kind) -> bool:
    return kind.owner in group.owners and (kind.step_free or not group.step_free)


def _program(groups: Mapping[_Group, int], kinds: Mapping[_Kind, Sequence[Bedroom]]) -> _Program:
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    program = _Program(model)
    shared: dict[_Sharers, list[_Group]] = defaultdict(list)
    for g, (group, count) in enumerate(groups.items()):
        shared[group.sharers].append(group)
        missing = program.unplaced[group] = model.new_int_var(0, count, f"unplaced{g}")
        mine = {
            (group, kind): model.new_int_var(0, count, f"flow{g}.{k}")
            for k, kind in enumerate(kinds)
            if _open(group, kind) and _most(group.sharers, kind)
        }
        program.flow |= mine
        model.add(sum(mine.values()) + missing == count)
    for s, (sharers, members) in enumerate(shared.items()):
        for k, (kind, alike) in enumerate(kinds.items()):
            flow = [program.flow[group, kind] for group in members if (group, kind) in program.flow]
            if not flow:
                continue
            count = sum(groups[group] for group in members)
            here = [
                _Use(sharers, kind, parties, model.new_int_var(0, len(alike), f"use{s}.{k}.{parties}"))
                for parties in range(1, min(_most(sharers, kind), count) + 1)
            ]
            program.uses += here
            model.add(sum(flow) == sum(use.parties * use.number for use in here))
    for kind, alike in kinds.items():
        model.add(sum(use.number for use in program.uses if use.kind == kind) <= len(alike))
    return program


def _aims(program: _Program, people: int) -> dict[AimName, cp_model.LinearExprT]:
    uses = program.uses
    return {
        "unplaced": sum(
            group.sharers.size * (people + 1 if group.first else 1) * missing
            for group, missing in program.unplaced.items()
        ),
        "sharing": sum(use.sharing * use.number for use in uses),
        "step_free_spent": sum(
            group.sharers.size * flow
            for (group, kind), flow in program.flow.items()
            if kind.step_free and not group.step_free
        ),
        "idle_beds": sum(use.idle * use.number for use in uses),
    }


def _solve(program: _Program, people: int, solver: cp_model.CpSolver) -> tuple[list[Aim], Numbers, Flow]:
    """Aim after aim; what was reached is held while the next is sought. Out of time before a better plan is found, what
    the aim before it reached stands."""
    from ortools.sat.python import cp_model

    reached: list[Aim] = []
    numbers: Numbers = []
    flow: Flow = {}
    for name, aim in _aims(program, people).items():
        program.model.minimize(aim)
        if solver.solve(program.model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            break
        value = round(solver.objective_value)
        reached.append(Aim(name, value, round(solver.best_objective_bound)))
        numbers = [(use, n) for use in program.uses if (n := solver.value(use.number))]
        flow = {key: n for key, var in program.flow.items() if (n := solver.value(var))}
        program.model.add(aim <= value)
    return reached, numbers, flow


def _spread(
    numbers: Numbers, kinds: Mapping[_Kind, Sequence[Bedroom]], solver: cp_model.CpSolver
) -> tuple[list[tuple[_Use, str, int]], list[Aim]]:
    """The rooms of every use, by floor: (use, floor, how many)."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    here: dict[tuple[_Kind, str], int] = Counter((kind, room.floor) for kind, alike in kinds.items() for room in alike)
    parts: list[tuple[_Use, str, cp_model.IntVar]] = []
    for u, (use, number) in enumerate(numbers):
        floors = [floor for kind, floor in here if kind == use.kind]
        mine = [
            (use, floor, model.new_int_var(0, min(number, here[use.kind, floor]), f"on{u}.{floor}")) for floor in floors
        ]
        model.add(sum(count for _use, _floor, count in mine) == number)
        parts += mine
    for (kind, floor), rooms in here.items():
        model.add(sum(count for use, on, count in parts if (use.kind, on) == (kind, floor)) <= rooms)
    opened: dict[tuple[str, str], cp_model.IntVar] = {}
    for use, floor, count in parts:
        if use.sharers.batch:
            key = use.sharers.batch, floor
            if key not in opened:
                opened[key] = model.new_bool_var(f"open{len(opened)}")
            model.add(count <= here[use.kind, floor] * opened[key])
    model.minimize(sum(opened.values()))
    status = solver.solve(model)
    assert status in (cp_model.OPTIMAL, cp_model.FEASIBLE)  # any spread will do: the numbers fit the rooms there are
    aim = Aim(AIMS[-1], round(solver.objective_value), round(solver.best_objective_bound))
    return [(use, floor, n) for use, floor, count in parts if (n := solver.value(count))], [aim]


def _named(
    groups: Mapping[_Group, Sequence[Party]],
    kinds: Mapping[_Kind, Sequence[Bedroom]],
    floors: Iterable[tuple[_Use, str, int]],
    flow: Flow,
) -> dict[int, int]:
    """From counts to names: rooms by path, parties in the order given."""
    left: dict[tuple[_Kind, str], list[Bedroom]] = defaultdict(list)
    for kind, alike in kinds.items():
        for room in alike:
            left[kind, room.floor].append(room)
    queues: dict[tuple[_Sharers, _Kind], list[Party]] = defaultdict(list)
    taken: Counter[_Group] = Counter()
    for (group, kind), number in flow.items():
        queues[group.sharers, kind] += groups[group][taken[group] : taken[group] + number]
        taken[group] += number
    chosen: dict[int, int] = {}
    for use, floor, number in sorted(floors, key=lambda one: (one[1], -one[0].parties)):
        for _room in range(number):
            room = left[use.kind, floor].pop(0)
            for _party in range(use.parties):
                party = queues[use.sharers, use.kind].pop(0)
                chosen.update(dict.fromkeys(party.keys, room.id))
    return chosen


@dataclass(frozen=True, slots=True)
class DayAhead:
    """Beds at the end of a day ahead, by the last days that stand today: nobody new, nobody released early."""

    day: int
    freed: int
    free: int
    waiting: int

    @property
    def short(self) -> int:
        return max(self.waiting - self.free, 0)


def forecast(*, free: int, waiting: int, freed: Mapping[int, int], days: int) -> list[DayAhead]:
    """`freed`: day ahead (0 is today) -> beds that will be free and clean again. Nobody new comes to wait."""
    found = []
    for day in range(days + 1):
        back = freed.get(day, 0)
        free += back
        found.append(DayAhead(day, back, free, waiting))
    return found
