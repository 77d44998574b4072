"""The only reads of outreach. What one may not know is not fetched."""

from shouwang.outreach.queries.channels import (
    channel_faults,
    channel_for,
    channels_page,
    delivery_counts,
    visible_channels,
)
from shouwang.outreach.queries.inbox import Received, inbox, own_preference, unread
from shouwang.outreach.queries.people import (
    group_moment,
    mail_channel_for,
    mail_channels,
    open_reminders,
    owing,
    owing_any,
    preferences_of,
    reached,
    still_owed,
    unsettled,
    waking_of,
    zones,
)
from shouwang.outreach.queries.plan import limits_of, timing
from shouwang.outreach.queries.rounds import RoundView, UnitLine, round_for, round_view, rounds, running_round
from shouwang.outreach.queries.units import Listeners, counts_for, listeners, unit_counts
from shouwang.outreach.queries.why import Explained, told_of_reminders, why

__all__ = [
    "Explained",
    "Listeners",
    "Received",
    "RoundView",
    "UnitLine",
    "channel_faults",
    "channel_for",
    "channels_page",
    "counts_for",
    "delivery_counts",
    "group_moment",
    "inbox",
    "limits_of",
    "listeners",
    "mail_channel_for",
    "mail_channels",
    "open_reminders",
    "owing",
    "owing_any",
    "own_preference",
    "preferences_of",
    "reached",
    "round_for",
    "round_view",
    "rounds",
    "running_round",
    "still_owed",
    "timing",
    "told_of_reminders",
    "unit_counts",
    "unread",
    "unsettled",
    "visible_channels",
    "waking_of",
    "why",
    "zones",
]
