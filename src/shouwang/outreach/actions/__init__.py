"""The only writes of outreach: planning who is told what, sending it at most once, channels, own preferences."""

from shouwang.outreach.actions.channels import add_channel, close_channel, rotate_keys, test_channel
from shouwang.outreach.actions.notes import note_round, note_units
from shouwang.outreach.actions.people import Reminded, remind_people, remind_unit, set_preference
from shouwang.outreach.actions.planning import make_rounds, plan_due, plan_round
from shouwang.outreach.actions.sending import Sent, close_settled, expire, send_due

__all__ = [
    "Reminded",
    "Sent",
    "add_channel",
    "close_channel",
    "close_settled",
    "expire",
    "make_rounds",
    "note_round",
    "note_units",
    "plan_due",
    "plan_round",
    "remind_people",
    "remind_unit",
    "rotate_keys",
    "send_due",
    "set_preference",
    "test_channel",
]
