"""Pure decisions of tracing: what a raw record is worth, where people are expected to be, how a contact is graded.

A noun a file: `assumptions` (the numbers of `presence.toml`), `intake`, `expansion`, `grading`. Values in, decision
and reason out; no database, and `now` is an argument.
"""

from __future__ import annotations
