"""A pack read with every room's eyes: each room checks its own sections."""

from __future__ import annotations

from shouwang.cases import rules as cases
from shouwang.checkins.rules import Protocols
from shouwang.core.packs import Pack
from shouwang.isolation import rules as isolation
from shouwang.tracing.queries.judging import contact_rule


def check_pack(pack: Pack) -> None:
    """PackError (or BadInput with code `pack_invalid`) for the first section that a room cannot use."""
    Protocols.of([pack])
    cases.protocol(pack)
    contact_rule(pack)
    isolation.protocol(pack)
