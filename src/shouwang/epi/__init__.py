"""Exposure arithmetic: who was where with whom, and for how long.

Owns the contact kernel (`contacts`), its column layout and files (`segments`), the pairing of door swipes into
visits (`swipes`) and the joining of sensor slots into intervals (`proximity`).

Words: a *visit* is one person at one place over a half-open interval of unix seconds; a *pair record* is two people
sensed near each other over such an interval; a *segment* is an immutable sorted slice of both, by custom one local
day; an *encounter* is one overlap of a case with another person; a *contact* is that other person with the union of
their encounters.

May import: NumPy, Numba, PyArrow; `spark` alone imports PySpark, when it is asked to. Nothing of Django and no other
room, so that it can be used alone.
"""

from __future__ import annotations
