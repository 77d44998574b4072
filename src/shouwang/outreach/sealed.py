"""The address of a channel, sealed and opened: the only place that sees it in clear, for sending."""

from __future__ import annotations

import json

from shouwang.core import sealing
from shouwang.outreach.models import Channel
from shouwang.outreach.rules import Target, parsed


def closed(target: Target) -> str:
    """What is kept of it. The first address ever makes the key; SealError when there was one and it is lost."""
    if not Channel.objects.exclude(sealed="").exists():
        sealing.make_key()
    return sealing.seal(json.dumps([target.url, target.secret]))


def target_of(channel: Channel) -> Target:
    """Where a channel leads. SealError when it cannot be opened."""
    url, secret = json.loads(sealing.unseal(channel.sealed))
    return parsed(channel.kind, url, secret)


def fault_of(channel: Channel) -> str:
    """Why its address cannot be read, in the reader's language; "" when it can, and for a closed channel."""
    if channel.closed_at is not None:
        return ""
    try:
        sealing.unseal(channel.sealed)
    except sealing.SealError as error:
        return error.sentence
    return ""
