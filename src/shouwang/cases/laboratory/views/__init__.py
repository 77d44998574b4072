"""Pages of the laboratory."""

from shouwang.cases.laboratory.views import bringing, days, testing

__all__ = ["bringing", "days", "testing"]
