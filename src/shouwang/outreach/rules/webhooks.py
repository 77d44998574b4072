"""The secret address of a channel as somebody pastes it: read, checked, and shown again only as a hint."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput


class Kind(StrEnum):
    """What a channel is. `APPRISE` is any address Apprise knows; `FILE` writes to the outbox, for dry runs."""

    MAIL = "mail"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    APPRISE = "apprise"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send: the address with its key, and the signing secret where the bot asks for one."""

    kind: Kind
    url: str
    secret: str = ""


EXPECTED = {
    Kind.WECOM: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…",
    Kind.DINGTALK: "https://oapi.dingtalk.com/robot/send?access_token=…",
    Kind.FEISHU: "https://open.feishu.cn/open-apis/bot/v2/hook/…",
    Kind.MAIL: "mailtos://user:password@smtp.example.edu.cn?from=office@example.edu.cn",
}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


def parsed(kind: str, url: str, secret: str = "") -> Target:
    """The pasted address as a target. BadInput names the form that is expected; nothing of the secret is repeated.

    Bots of the provider's own servers and of a private deployment are both taken: the host is whatever was pasted.
    Without TLS only this machine itself is spoken to.
    """
    chosen, url, secret = Kind(kind), url.strip(), secret.strip()
    if chosen is Kind.FILE:
        if not NAME.fullmatch(url):
            raise BadInput(_("A file name of letters, digits, - and _ is expected."), code="bad_name", field="url")
        return Target(chosen, url)
    if len(url) > 1000 or any(ord(char) < 33 for char in url):
        raise _unlike(chosen)
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        raise _unlike(chosen) from error
    if chosen is Kind.APPRISE:
        if not re.fullmatch(r"[a-z][a-z0-9+.-]*", parts.scheme) or not (host or parts.path):
            raise _unlike(chosen)
        return Target(chosen, url)
    if chosen is Kind.MAIL:
        if parts.scheme not in {"mailto", "mailtos"} or not host:
            raise _unlike(chosen)
        return Target(chosen, url)
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise _unlike(chosen)
    query = parse_qs(parts.query)
    keyed = {
        Kind.WECOM: bool(query.get("key")),
        Kind.DINGTALK: bool(query.get("access_token")),
        Kind.FEISHU: bool(re.search(r"/hook/[A-Za-z0-9_-]+/?$", parts.path)),
    }
    if not host or not keyed[chosen]:
        raise _unlike(chosen)
    return Target(chosen, url, secret)


def _unlike(kind: Kind) -> BadInput:
    if kind is Kind.APPRISE:
        return BadInput(_("An address that Apprise knows is expected."), code="bad_channel_url", field="url")
    return BadInput(
        _("This does not look like the address of such a channel. Expected: %(form)s"),
        code="bad_channel_url", field="url", form=EXPECTED[kind],
    )  # fmt: skip


def hint(target: Target) -> str:
    """Enough to tell two channels apart, too little to send by: the host and the last four characters."""
    if target.kind is Kind.FILE:
        return f"outbox/{target.url}.jsonl"
    parts = urlsplit(target.url)
    host = (parts.hostname or parts.scheme) if target.kind is not Kind.APPRISE else parts.scheme
    tail = "" if target.kind in {Kind.MAIL, Kind.APPRISE} or len(target.url) < 24 else f" …{target.url[-4:]}"
    return f"{host}{tail}"
