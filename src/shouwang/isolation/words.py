"""Words of isolation that stand on pages, in the API and in the terminal alike."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

AIM_WORDS = {
    "unplaced": _("Waiting though a bed may fit (a case counts before all contacts)"),
    "sharing": _("People who share a room, beyond the first of it"),
    "step_free_spent": _("People in rooms without steps who do not need one"),
    "idle_beds": _("Beds left empty in rooms that are given"),
    "floors": _("Floors over which those exposed together are spread, added up"),
}
