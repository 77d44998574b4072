"""One message through one channel. Everything goes through Apprise, except the outbox file."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from django.conf import settings

from shouwang.outreach.rules import Kind, Limits, Outcome, Target, shortened
from shouwang.outreach.sending.http import Answer
from shouwang.outreach.words import Said


def deliver(target: Target, said: Said, *, address: str = "", limits: Limits) -> Answer:
    """Send it now. `address` is the mail address of the reader, for mail channels.

    Of mail and other Apprise services a failure does not say how far it came: "unknown", so it is not sent again.
    """
    if target.kind is Kind.FILE:
        return _into_outbox(target.url, said)
    import apprise  # a third of a second: only who sends pays for it

    with _silent(apprise.logger):
        sender = apprise.Apprise()
        bot = None
        if target.kind in (Kind.WECOM, Kind.DINGTALK, Kind.FEISHU):
            from shouwang.outreach.sending import bots

            made = {Kind.WECOM: bots.WeCom, Kind.DINGTALK: bots.DingTalk, Kind.FEISHU: bots.Feishu}[target.kind]
            bot = made(target.url, target.secret, limits)
            added = sender.add(bot)
        else:
            added = sender.add(_to(target, address))
        if not added:
            return Answer(Outcome.REFUSED, "Apprise does not know this address", {})
        text = shortened("\n".join(part for part in (said.body, said.link) if part), limits.max_bytes)
        arrived = sender.notify(body=text, title=said.title, body_format=apprise.NotifyFormat.TEXT)
    if bot is not None:
        return bot.answer or Answer(Outcome.UNREACHED, "not sent", {})
    return Answer(Outcome.SENT, "", {}) if arrived else Answer(Outcome.UNKNOWN, "Apprise reported a failure", {})


def _to(target: Target, address: str) -> str:
    """The Apprise address with its one recipient; plain text, one mail a person."""
    if target.kind is not Kind.MAIL:
        return target.url
    joint = "&" if "?" in target.url else "?"
    return f"{target.url}{joint}to={quote(address, safe='@')}&format=text"


@contextmanager
def _silent(logger: logging.Logger) -> Iterator[None]:
    """Apprise logs addresses with their keys when it is asked to be talkative."""
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


def _into_outbox(name: str, said: Said) -> Answer:
    folder = settings.HOME / "outbox"
    folder.mkdir(mode=0o700, exist_ok=True)
    line = json.dumps({"title": said.title, "body": said.body, "link": said.link}, ensure_ascii=False) + "\n"
    descriptor = os.open(folder / f"{name}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as stream:
        stream.write(line)
        stream.flush()
        os.fsync(stream.fileno())
    return Answer(Outcome.SENT, "written", {})
