"""Pages of outreach: one's own messages, rounds, why somebody is (not) reminded, channels."""

from shouwang.outreach.views.channels import channel, channels, close_channel, test_channel
from shouwang.outreach.views.own import inbox, preferences
from shouwang.outreach.views.rounds import remind, round_page, rounds, why

__all__ = [
    "channel",
    "channels",
    "close_channel",
    "inbox",
    "preferences",
    "remind",
    "round_page",
    "rounds",
    "test_channel",
    "why",
]
