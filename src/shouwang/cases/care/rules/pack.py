"""What care takes from a pack: its section [care]. A section that a pack leaves out asks nothing of anybody."""

from __future__ import annotations

from typing import Annotated

import msgspec
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shouwang.cases.laboratory.data import laboratory
from shouwang.cases.laboratory.rules import Negatives
from shouwang.core.packs import Pack, Text

Days = Annotated[int, msgspec.Meta(ge=1, le=366)]


class Visit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of [[care.visits]]: so many days after discharge somebody asks how the person is; `text` says what for."""

    days: Days
    text: Text
    source: str


class Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[care.late]: a symptom within so many days after discharge takes care up again; `warning` says which to look
    for."""

    days: Days
    warning: Text
    source: str


class CareSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[care]: after discharge, `observe_days` (of `source`) before the return to class and dormitory, and `tests` since
    then."""

    observe_days: Days | None = None
    source: str = ""
    late: Late | None = None
    visits: tuple[Visit, ...] = ()
    tests: tuple[Negatives, ...] = ()

    def __post_init__(self) -> None:
        if self.observe_days is not None and not self.source:
            raise ValueError(gettext("observe_days needs its source"))
        days = [visit.days for visit in self.visits]
        if days != sorted(set(days)):
            raise ValueError(gettext("visits come in the order of their days, one a day"))


def care_spec(pack: Pack) -> CareSpec | None:
    """The section, or None. PackError names the place in the file, also for a test no laboratory knows."""
    spec = pack.optional("care", CareSpec)
    for number, item in enumerate(spec.tests if spec else ()):
        if item.method not in (known := laboratory().by_code):
            what = format_lazy(_("“{word}” is not known here"), word=item.method)
            remedy = format_lazy(_("Write one of: {words}."), words=", ".join(known))
            raise pack.refuse(("care", "tests", number, "method"), what, remedy)
    return spec
