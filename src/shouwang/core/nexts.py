"""The next step of anything that somebody works on: what is to be done, and whose it is. Rooms decide; this is the
answer's form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Next:
    """`code` names the step, `role` who does it ("person": the person it is about; "program": the sweep, by itself).
    `final`: it is over, and `role` is who could take it up again."""

    code: str
    role: str
    words: Promise
    final: bool = False

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "role": self.role, "text": str(self.words), "final": self.final}
