"""What messages say, in the language that is active. No name, no number of a person, no word of health."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from shouwang.core import clock
from shouwang.outreach.models import Message, Round


@dataclass(frozen=True, slots=True)
class Counts:
    """People of a unit on the roster, and how many of them still owe something of the round."""

    roster: int
    missing: int
    units: int = 0  # classes below that are incomplete, for notes about a unit above them


@dataclass(frozen=True, slots=True)
class Said:
    """A message in words. `path` is where to go; `link` is it with the public address, empty without one."""

    title: str
    body: str
    path: str

    @property
    def link(self) -> str:
        return f"{settings.PUBLIC_ADDRESS}{self.path}" if settings.PUBLIC_ADDRESS else ""

    @property
    def text(self) -> str:
        """Title, body and link as plain text, for channels without fields of their own."""
        return "\n".join(part for part in (self.title, self.body, self.link) if part)


def item_name(item: dict[str, Any]) -> str:
    return str(item["zh"] if (get_language() or "zh").startswith("zh") else item["en"])


def hour(moment: datetime) -> str:
    return f"{moment.astimezone(clock.zone()):%H:%M}"


def asked(round_: Round, owed: int) -> list[dict[str, Any]]:
    """The items of a message by its bits; all of the round when there are none (notes)."""
    return [item for bit, item in enumerate(round_.items) if not owed or owed & (1 << bit)]


def listed(round_: Round, owed: int) -> str:
    return _(", ").join(item_name(item) for item in asked(round_, owed))


def say(message: Message, counts: Counts | None = None) -> Said:
    """The message in the active language; notes about a unit need its `counts`."""
    round_ = message.round
    if message.purpose == Message.Purpose.REMINDER:
        return _reminder(round_, message.owed)
    unit = message.organisation.title if message.organisation else ""
    values: dict[str, Any] = {"unit": unit, "due": hour(round_.due_at), "what": listed(round_, 0)}
    path = f"{reverse('checkins:unit')}?unit={message.organisation_id}&tab=not_yet"
    if message.purpose == Message.Purpose.ALL_IN:
        return Said(_("%(unit)s: all in") % values, _("Everybody has done %(what)s. Thank you.") % values, path)
    counts = counts or Counts(0, 0)
    values |= {"missing": counts.missing, "roster": counts.roster, "units": counts.units}
    title = _("%(unit)s: %(missing)s of %(roster)s not yet in") % values
    if message.purpose == Message.Purpose.DIGEST:
        body = _("Due at %(due)s: %(what)s. Names are shown only to whoever looks after this unit.")
    elif message.purpose == Message.Purpose.DEPUTY:
        body = _("The deadline %(due)s has passed and whoever looks after this unit has been told. You are its deputy.")
    else:
        body = ngettext(
            "The deadline %(due)s has passed; %(units)s unit below yours is not complete, and its own people know.",
            "The deadline %(due)s has passed; %(units)s units below yours are not complete, and their own people know.",
            counts.units,
        )
    return Said(title, body % values, path)


def _reminder(round_: Round, owed: int) -> Said:
    items = asked(round_, owed)
    title = _("Please by %(due)s: %(what)s") % {"due": hour(round_.due_at), "what": listed(round_, owed)}
    body = _("Once it is done, this message closes by itself and nothing further is sent.")
    path = items[0]["path"] if len(items) == 1 else reverse("outreach:inbox")
    return Said(title, body, path)
