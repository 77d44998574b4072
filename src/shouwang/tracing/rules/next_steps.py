"""What comes next with a contact and with a follow-up. No state is without a next step and its owner, but an end."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext_lazy as _

from shouwang.core.nexts import Next

CANDIDATE, CONFIRMED, DISMISSED = "candidate", "confirmed", "dismissed"
RUNNING = "running"


def next_of_contact(state: str, *, case_open: bool, followed: bool) -> Next:
    """Of a contact. `followed`: a follow-up of the person for the disease is running."""
    if state == CANDIDATE and case_open:
        return Next("decide", "tracer", _("Decide: confirm or dismiss the contact."))
    if state == CANDIDATE:
        # Deciding needs an open case: without this step nobody would own what was left undecided.
        return Next("reopen", "clinic", _("The case was closed before this was decided: reopen it to decide."))
    if state == CONFIRMED and followed:
        return Next("follow", "counsellor", _("Look after the contact every day until the follow-up ends."))
    if state == CONFIRMED:
        return Next("over", "tracer", _("Nothing: no follow-up runs. The decision can be taken back."), final=True)
    return Next("over", "tracer", _("Nothing: dismissed. The decision can be taken back."), final=True)


def next_of_follow_up(state: str, *, assigned: bool, ends_on: date, today: date) -> Next:
    """Of a follow-up."""
    if state != RUNNING:
        return Next("over", "tracer", _("Nothing: the follow-up is over."), final=True)
    if today > ends_on:
        return Next("complete", "program", _("The program completes it when the last day has been heard."))
    if not assigned:
        return Next("share", "tracer", _("Nobody looks after this contact: share it out."))
    return Next("hear", "assigned", _("Hear from the person today; call where nothing comes."))
