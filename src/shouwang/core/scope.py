"""Who is asking. One `Actor` stands before every query and action, from page, API and command line alike.

A *right* is a dotted word such as ``health.view``; an actor holds it over path ranges of the organisation tree.
Core knows no right by name: rooms ask for theirs, and `org.rules` says which role carries which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shouwang.core.errors import Forbidden
from shouwang.core.tree import EVERYTHING, Range, covers

WEB, API, CLI, SYSTEM = "web", "api", "cli", "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """An account as it stands at one moment: its person, its roles, and where each right reaches.

    `mouth` is where the request came in (web, api, cli, system); `address` the network address, if any.
    """

    account_id: int | None
    person_id: int | None
    label: str
    roles: tuple[str, ...] = ()
    reach: Mapping[str, tuple[Range, ...]] = field(default_factory=dict)
    mouth: str = SYSTEM
    address: str = ""
    everything: bool = False

    def ranges(self, right: str) -> tuple[Range, ...]:
        """The parts of the organisation tree over which this actor holds `right`; empty when nowhere."""
        if self.everything:
            return (EVERYTHING,)
        return self.reach.get(right, ())

    def holds(self, right: str, path: str | None = None) -> bool:
        """Whether the right is held at `path`, or anywhere when no path is given."""
        ranges = self.ranges(right)
        return bool(ranges) if path is None else covers(ranges, path)

    def require(self, right: str, path: str | None = None) -> None:
        """Forbidden unless the right is held there."""
        if not self.holds(right, path):
            raise Forbidden(data_right=right)

    def lending(self, right: str, wherever: str) -> Actor:
        """The same actor who also holds `right` wherever they hold the right `wherever`: for one act that follows."""
        return replace(self, reach={**self.reach, right: (*self.ranges(right), *self.ranges(wherever))})


NOBODY = Actor(account_id=None, person_id=None, label="")


def system_actor(label: str = "system", *, mouth: str = SYSTEM) -> Actor:
    """The program itself (sweepers, wiring, the local command line of whoever owns the database)."""
    return Actor(account_id=None, person_id=None, label=label, roles=("system",), mouth=mouth, everything=True)
