"""Channels, for who manages them, and how their deliveries fared."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from shouwang.core.errors import NotFound
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges
from shouwang.outreach.models import Channel, Delivery
from shouwang.outreach.sealed import fault_of

MANAGE = "outreach.manage"


def visible_channels(by: Actor) -> QuerySet[Channel]:
    """Channels of organisations within reach of outreach.manage, those in use and those closed."""
    return Channel.objects.filter(in_ranges("organisation__path", by.ranges(MANAGE))).select_related("organisation")


def channels_page(by: Actor, cursor: str | None) -> Page[Channel]:
    """One page, the newest first. NotFound for whoever manages none."""
    if not by.holds(MANAGE):
        raise NotFound
    return keyset_page(visible_channels(by), ("-id",), cursor)


def channel_for(by: Actor, channel_id: int) -> Channel:
    """One channel within reach; NotFound otherwise."""
    row = visible_channels(by).filter(pk=channel_id).first()
    if row is None:
        raise NotFound
    return row


def delivery_counts(channel_ids: list[int]) -> dict[int, dict[str, int]]:
    """Channel -> state -> deliveries, every state named, of everything that has not been purged."""
    rows = Delivery.objects.filter(channel__in=channel_ids).order_by().values("channel", "state")
    found: dict[int, dict[str, int]] = {key: dict.fromkeys(Delivery.State.values, 0) for key in channel_ids}
    for channel, state, count in rows.annotate(n=Count("pk")).values_list("channel", "state", "n"):
        found[channel][state] = count
    return found


def channel_faults() -> tuple[int, list[tuple[str, str]]]:
    """(channels in use, (name, why) of those whose address cannot be read): for the operator of the machine."""
    rows = list(Channel.objects.filter(closed_at__isnull=True))
    found = ((row.name, fault_of(row)) for row in rows)
    return len(rows), [(name, fault) for name, fault in found if fault]
