"""Reading a notice: pure, deterministic, every finding with the words it came from."""

from shouwang.command.rules.notices.orders import Measure, Unplaced
from shouwang.command.rules.notices.reading import Reading, read
from shouwang.command.rules.notices.vocabulary import vocabulary

__all__ = ["Measure", "Reading", "Unplaced", "read", "vocabulary"]
