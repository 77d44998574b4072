"""Pure decisions of command: which figures there are, what changed, which gaps are open, when a level is sound."""

from shouwang.command.rules.changes import Change, changes
from shouwang.command.rules.figures import FIGURES, GROUPS, Figure, Figures, completed, hidden, share
from shouwang.command.rules.gaps import Gap, GapFacts, gaps
from shouwang.command.rules.levels import check_declaration, check_end

__all__ = [
    "FIGURES",
    "GROUPS",
    "Change",
    "Figure",
    "Figures",
    "Gap",
    "GapFacts",
    "changes",
    "check_declaration",
    "check_end",
    "completed",
    "gaps",
    "hidden",
    "share",
]
