"""What uncertain statements make of a grade: it is given by what is certain, and the range is said beside it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from shouwang.core.packs import Text
from shouwang.tracing.rules.grading import WHY_LENGTH, Graded, written_minutes

UNSURE = "unsure"
"""Grade of somebody whom nothing certain makes a contact, and something told does: a tracer decides which grade."""
UNSURE_NAME = Text(zh="待核实", en="to be verified")


@dataclass(frozen=True, slots=True)
class Settled:
    """A grade with its reason; `certain` and `possible` seconds together are None where everything is certain, and
    `possible` "" where the most would give no other grade."""

    code: str
    why_zh: str
    why_en: str
    certain: int | None = None
    most: int | None = None
    possible: str = ""


def settle(
    certain: Graded | None, possible: Graded | None, *, certain_seconds: int, most_seconds: int, names: dict[str, Text]
) -> Settled | None:
    """One contact judged by what is certain and by the most that was told. `names` are the grades of the rule.

    Hearsay and the ends of an uncertain time are in the most alone, so that they never give a grade by themselves.
    None where neither makes a contact.
    """
    if certain is not None and (possible is None or certain_seconds == most_seconds):
        return Settled(certain.code, certain.why_zh, certain.why_en)
    if possible is None:
        return None
    closer = certain is None or possible.rank < certain.rank
    name = names.get(possible.code, Text(zh=possible.code, en=possible.code))
    least, most = written_minutes(certain_seconds), written_minutes(most_seconds)
    tail_zh = f"；确定 {least} 分钟，至多 {most} 分钟" + (f"，若属实则为{name.zh}" if closer else "")
    tail_en = f"; {least} min certain, {most} min at most" + (f": {name.en} if that is true" if closer else "")
    if certain is None:
        why = Text(zh=f"仅有不确定的陈述，须核实后定级：{possible.why_zh}", en=f"Told, not certain: {possible.why_en}")
    else:
        why = Text(zh=certain.why_zh, en=certain.why_en)
    return Settled(
        UNSURE if certain is None else certain.code,
        why.zh[: WHY_LENGTH - len(tail_zh)] + tail_zh,
        why.en[: WHY_LENGTH - len(tail_en)] + tail_en,
        certain_seconds,
        most_seconds,
        possible.code if closer else "",
    )
