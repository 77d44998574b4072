"""Channels: add, try, close. The secret address is written once and never read back by anybody."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shouwang.core import audit, sealing
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation
from shouwang.outreach import queries, sealed
from shouwang.outreach.actions.sending import hold, is_free, write_attempt
from shouwang.outreach.models import Attempt, Channel
from shouwang.outreach.queries.channels import MANAGE
from shouwang.outreach.rules import Kind, hint, parsed
from shouwang.outreach.sending.post import deliver
from shouwang.outreach.words import Said


@transaction.atomic
def add_channel(
    *, name: str, kind: str, organisation: Organisation, url: str, secret: str = "", by: Actor, at: datetime
) -> Channel:
    """A new channel for a unit (bots, file) or for the mail of everybody below it. Needs outreach.manage there.

    BadInput (`url`, `name`) when the address is not of that kind, SealError when the key that seals it is lost. The
    audit entry holds the hint, never the address.
    """
    by.require(MANAGE, organisation.path)
    if kind not in Channel.Kind.values:
        raise BadInput(gettext_lazy("There is no such kind of channel."), field="kind")
    title = name.strip()
    if not title or len(title) > 80:
        raise BadInput(gettext_lazy("A name of 1 to 80 characters is expected."), field="name")
    if len(secret) > 200:
        raise BadInput(gettext_lazy("A signing secret of at most 200 characters is expected."), field="secret")
    target = parsed(kind, url, secret)
    digest = hashlib.sha256(f"{kind} {target.url}".encode()).hexdigest()
    row = Channel.objects.create(
        name=title, kind=kind, organisation=organisation, sealed=sealed.closed(target), hint=hint(target)[:120],
        digest=digest, created_at=at,
    )  # fmt: skip
    new = {"name": title, "kind": kind, "where": organisation.code, "hint": row.hint}
    audit.record("channel.added", "channel", row.pk, by=by, at=at, new=new)
    return row


@transaction.atomic
def close_channel(channel: Channel, *, by: Actor, at: datetime) -> Channel:
    """Nothing goes through it any more; its address is forgotten, what was sent stays on record. Twice: once."""
    by.require(MANAGE, channel.organisation.path)
    row = Channel.objects.select_for_update().select_related("organisation").get(pk=channel.pk)
    if row.closed_at is not None:
        return row
    row.closed_at, row.sealed = at, ""
    row.save(update_fields=["closed_at", "sealed"])
    row.deliveries.filter(state="queued").update(state="closed", ended_at=at)
    audit.record("channel.closed", "channel", row.pk, by=by, at=at, new={"name": row.name})
    return row


def test_channel(channel: Channel, *, address: str = "", by: Actor, at: datetime) -> Attempt:
    """Send one line that says it is a test; the attempt with what came of it.

    Counts against the channel's rate. Conflict when that is used up, or the channel is closed; BadInput for mail
    without an address; SealError when its own cannot be read. Needs outreach.manage. Must not stand in a transaction
    of the caller's.
    """
    by.require(MANAGE, channel.organisation.path)
    if channel.closed_at is not None:
        raise Conflict(gettext_lazy("This channel is closed."), code="channel_closed")
    if channel.kind == Kind.MAIL and not address:
        raise BadInput(gettext_lazy("To which address? Enter one of your own."), field="address")
    target = sealed.target_of(channel)
    with transaction.atomic():
        hold(channel)
        if not is_free(channel, at):
            raise Conflict(gettext_lazy("This channel must rest for a moment. Try again in a minute."), code="too_fast")
        attempt = write_attempt(channel, at, account_id=by.account_id)
        audit.record("channel.tested", "channel", channel.pk, by=by, at=at)
    said = Said(_("Test from Shouwang"), _("This channel works. Nothing needs to be done."), "/")
    answer = deliver(target, said, address=address, limits=queries.limits_of(channel.kind))
    attempt.outcome, attempt.answer = answer.outcome.value, answer.note
    attempt.save(update_fields=["outcome", "answer"])
    return attempt


def rotate_keys(*, forget_older: bool = False, by: Actor, at: datetime) -> tuple[int, int]:
    """Make a new key, seal every address anew under it, and keep the older keys unless they are to be forgotten:
    (channels, keys forgotten). For the operator of the machine. SealError, and no address changed, when the key is
    lost or an address cannot be opened. Safe to repeat after an interruption: each address opens with some key."""
    if not by.everything:
        raise Forbidden
    if Channel.objects.exclude(sealed="").exists() or not sealing.make_key():
        sealing.add_key()
    with transaction.atomic():
        rows = list(Channel.objects.select_for_update().exclude(sealed=""))
        for row in rows:
            row.sealed = sealing.reseal(row.sealed)
        Channel.objects.bulk_update(rows, ["sealed"], batch_size=500)
        audit.record("channel.resealed", "channel", "", by=by, at=at, new={"channels": len(rows)})
    return len(rows), sealing.forget_older_keys() if forget_older else 0
