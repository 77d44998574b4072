"""Organisations and places that a roster names: found where they stand, or planned where they do not yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from shouwang.core import tree
from shouwang.org.models import Organisation, Place
from shouwang.org.roster.columns import plain, unit_kind
from shouwang.org.roster.rules import Flaw

OK = Organisation.Kind
PK = Place.Kind
LEVELS = (
    ("college", None),  # any kind above majors and classes
    ("major", OK.MAJOR),
    ("class", OK.CLASS),
)
LOW = frozenset({OK.MAJOR, OK.CLASS, OK.PARTY_BRANCH, OK.TEAM})
ROOMS = frozenset({PK.ROOM, PK.DORM_ROOM})


@dataclass(eq=False)
class Node:
    """A unit or place; `pk` None until it is created. `people` counts the rows that name it."""

    kind: str
    code: str
    name: str
    parent: Node | None
    pk: int | None = None
    path: str = ""
    people: int = 0
    known: dict[str, list[Node]] = field(default_factory=dict, repr=False)  # rooms of a building by plain name

    @property
    def planned(self) -> bool:
        return self.pk is None

    def lies_below(self, other: Node) -> bool:
        node: Node | None = self
        while node is not None:
            if node is other:
                return True
            node = node.parent
        return False

    @property
    def depth(self) -> int:
        return 1 + (self.parent.depth if self.parent else 0)


class Unclear(Exception):
    """A text that names no unit or place for certain."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.code)
        self.flaw = flaw


class Forest:
    """Nodes of one tree by every name they go by, and the codes already used anywhere."""

    def __init__(self, codes: Iterable[str]) -> None:
        self.codes = set(codes)
        self.by_name: dict[str, list[Node]] = {}
        self.planned: list[Node] = []

    def add(self, node: Node, *names: str) -> None:
        for key in {plain(name) for name in (node.code, node.name, *names)} - {""}:
            self.by_name.setdefault(key, []).append(node)

    def plan(self, kind: str, name: str, parent: Node | None, code: str) -> Node:
        node = Node(kind, self._free_code(code, parent), name, parent)
        self.add(node)
        self.planned.append(node)
        return node

    def _free_code(self, wanted: str, parent: Node | None) -> str:
        """`wanted`, else with the parent's code in front, else numbered: the same file always gives the same codes."""
        tries = [wanted, f"{parent.code}-{wanted}" if parent else wanted]
        for code in tries:
            if len(code) <= 60 and code not in self.codes:
                break
        else:
            stem = tries[-1][-52:]
            code = next(f"{stem}-{k}" for k in range(2, 10**6) if f"{stem}-{k}" not in self.codes)
        self.codes.add(code)
        return code

    def needed(self) -> list[Node]:
        """Planned nodes with people in or below them, parents first: a refused row creates nothing."""
        wanted: set[int] = set()
        for node in self.planned:
            above: Node | None = node if node.people else None
            while above is not None and above.planned and id(above) not in wanted:
                wanted.add(id(above))
                above = above.parent
        return sorted((node for node in self.planned if id(node) in wanted), key=lambda node: node.depth)

    def named(self, text: str, within: Node) -> list[Node]:
        return [node for node in self.by_name.get(plain(text), ()) if node.lies_below(within)]


UnitRow = tuple[int, int | None, str, str, str, str, str]
PlaceRow = tuple[int, int | None, str, str, str, str]


class Units:
    """Organisations below `root`, and what a row's college, major, class and branch texts mean there."""

    def __init__(self, root: Node, rows: Sequence[UnitRow], codes: Iterable[str], *, create: bool) -> None:
        """`rows`: (pk, parent pk, path, kind, code, name, English name) of standing organisations, root first."""
        self.root, self.create = root, create
        self.forest = Forest(codes)
        self.by_pk: dict[int | None, Node] = {root.pk: root}
        self.forest.add(root)
        if root.planned:
            self.forest.codes.add(root.code)
            self.forest.planned.append(root)
        for pk, parent, path, kind, code, name, name_en in rows:
            node = Node(kind, code, name, self.by_pk.get(parent, root), pk, path)
            self.by_pk[pk] = node
            self.forest.add(node, name_en)
        self._cache: dict[tuple[str, str, str], Node | Flaw] = {}
        self._branches: dict[str, Node | Flaw] = {}

    def home(self, units: tuple[str, str, str]) -> Node:
        """The deepest unit the row names, the root when it names none. Unclear when it cannot be told."""
        found = self._cache.get(units)
        if found is None:
            found = self._cache[units] = self._resolve(units)
        if isinstance(found, Flaw):
            raise Unclear(found)
        return found

    def _resolve(self, units: tuple[str, str, str]) -> Node | Flaw:
        node = self.root
        for (key, kind), text in zip(LEVELS, units, strict=True):
            if not plain(text):
                continue
            if key == "major" and not plain(units[2]) and any(character.isdecimal() for character in text):
                # 18国际金融 in the major column of a file without classes is a year's class of that major.
                kind = OK.CLASS
            found = self._pick(text, node, key, kind)
            if isinstance(found, Flaw):
                return found
            node = found
        return node

    def _pick(self, text: str, within: Node, key: str, kind: str | None) -> Node | Flaw:
        candidates = self.forest.named(text, within)
        fitting = [node for node in candidates if (node.kind == kind if kind else node.kind not in LOW)]
        candidates = fitting or candidates
        if len(candidates) > 1:
            top = min(node.depth for node in candidates)
            nearest = [node for node in candidates if node.depth == top]
            if len(nearest) > 1:
                return Flaw(key, "unit_ambiguous", text, ", ".join(sorted(node.code for node in nearest)[:5]))
            candidates = nearest
        if candidates:
            return candidates[0]
        if not self.create:
            return Flaw(key, "unit_unknown", text, within.name)
        return self.forest.plan(kind or unit_kind(text), text, within, text)

    def branch(self, text: str) -> Node | None:
        """The party branch a text names; None for an empty one."""
        if not plain(text):
            return None
        found = self._branches.get(text)
        if found is None:
            found = self._branches[text] = self._pick(text, self.root, "branch", OK.PARTY_BRANCH)
        if isinstance(found, Flaw):
            raise Unclear(found)
        return found

    @property
    def planned(self) -> list[Node]:
        """Units to be created because somebody will belong to them, parents first."""
        return self.forest.needed()


class Places:
    """Dormitory buildings and rooms, and what a row's building, floor and room texts mean."""

    def __init__(self, campus: Node | None, rows: Sequence[PlaceRow], codes: Iterable[str], *, create: bool) -> None:
        """`rows`: (pk, parent pk, path, kind, code, name) of standing campuses, buildings, floors and rooms by path.
        `campus` is where new buildings go; None when they may not be created."""
        self.campus, self.create = campus, create
        self.forest = Forest(codes)
        self._floors: dict[tuple[str, str], Node] = {}
        if campus is not None and campus.planned:
            self.forest.codes.add(campus.code)
            self.forest.planned.append(campus)
        by_pk: dict[int | None, Node] = {campus.pk: campus} if campus is not None else {}
        for pk, parent, path, kind, code, name in rows:
            if campus is not None and pk == campus.pk:
                continue
            node = Node(kind, code, name, by_pk.get(parent), pk, path)
            by_pk[pk] = node
            if kind in ROOMS:
                self._know_room(node)
            elif kind == PK.FLOOR:
                self._know_floor(node)
            else:
                self.forest.add(node)
        self._cache: dict[tuple[str, str, str], Node | Flaw] = {}

    def _know_room(self, room: Node) -> None:
        """Enter a room under its building by name and code, with and without the building's own in front."""
        self.forest.add(room)
        building = building_of(room)
        if building is None:
            return
        own = {plain(room.name), plain(room.code)}
        prefixes = {plain(building.name), plain(building.code)}
        for name in own | {name.removeprefix(prefix) for name in own for prefix in prefixes}:
            if name and room not in building.known.setdefault(name, []):
                building.known[name].append(room)

    def room(self, place: tuple[str, str, str]) -> Node | None:
        """The room a row names; None when it names no room. Unclear when it cannot be told."""
        if not plain(place[2]):
            return None
        found = self._cache.get(place)
        if found is None:
            found = self._cache[place] = self._resolve(place)
        if isinstance(found, Flaw):
            raise Unclear(found)
        return found

    def _resolve(self, place: tuple[str, str, str]) -> Node | Flaw:
        building, floor, room = place
        whole = [node for node in self.forest.by_name.get(plain(building + room), ()) if node.kind in ROOMS]
        if len(whole) == 1:
            return whole[0]
        if not building:
            if len(whole) > 1:
                return Flaw("room", "room_ambiguous", room, ", ".join(sorted(node.code for node in whole)[:5]))
            return Flaw("room", "building_missing" if self.create else "room_unknown", room)
        houses = [node for node in self.forest.by_name.get(plain(building), ()) if node.kind not in ROOMS]
        if len(houses) > 1:
            return Flaw("building", "room_ambiguous", building, ", ".join(sorted(node.code for node in houses)[:5]))
        house = houses[0] if houses else None
        known = house.known.get(plain(room), []) if house is not None else []
        if len(known) > 1:
            return Flaw("room", "room_ambiguous", room, ", ".join(sorted(node.code for node in known)[:5]))
        if known:
            return known[0]
        if not self.create or (house is None and self.campus is None):
            return Flaw("room" if house is not None else "building", "room_unknown", f"{building} {room}")
        return self._plan_room(house or self.forest.plan(PK.BUILDING, building, self.campus, building), floor, room)

    def _plan_room(self, house: Node, floor: str, room: str) -> Node:
        parent = house
        if plain(floor):
            name = f"{floor}层" if floor.isdecimal() else floor
            standing = self._floors.get((house.code, plain(name)))
            parent = standing or self._plan_floor(house, name)
        node = self.forest.plan(PK.DORM_ROOM, room, parent, f"{house.code}-{room}")
        self._know_room(node)
        return node

    def _plan_floor(self, house: Node, name: str) -> Node:
        node = self.forest.plan(PK.FLOOR, name, house, f"{house.code}-{name}")
        self._know_floor(node)
        return node

    def _know_floor(self, floor: Node) -> None:
        if floor.parent is not None:
            self._floors[floor.parent.code, plain(floor.name)] = floor

    @property
    def planned(self) -> list[Node]:
        """Places to be created because somebody will live there, parents first."""
        return self.forest.needed()


def building_of(node: Node) -> Node | None:
    """The building (or facility) above a room."""
    above = node.parent
    while above is not None and above.kind in {PK.FLOOR, PK.ROOM, PK.DORM_ROOM}:
        above = above.parent
    return above


def number_paths(planned: Sequence[Node], last_child: dict[str, int]) -> None:
    """Give planned nodes (parents first) their paths. `last_child`: parent path -> number of its last child."""
    for node in planned:
        above = node.parent.path if node.parent else ""
        last_child[above] = last_child.get(above, 0) + 1
        node.path = above + tree.step(last_child[above])
