"""Signed texts: the code on a certificate of return, and the one-time link of a hospital.

A certificate's code is ``R-2026-0001-XXXX-XXXX-XXXX``: its number and twelve letters and digits of an HMAC-SHA256 over
number and secret of the row, so 60 bits nobody can guess; short enough to be typed. A link is
``REFERRAL.SERIAL.EXPIRES`` (decimal; `EXPIRES` unix seconds) and its signature (django.core.signing); which serial
still counts, the referral knows.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from django.core.signing import BadSignature, Signer
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput

CERTIFICATE, LINK = "shouwang.cases.care.return.1", "shouwang.cases.care.hospital.1"
LONGEST = 120  # characters; a longer text is none of ours and is not even looked at
LETTERS = 12
NUMBER = re.compile(r"^(R-\d{4}-\d{4,9})-([A-Z2-7]{4})-([A-Z2-7]{4})-([A-Z2-7]{4})$")


def certificate_code(secret: str, number: str, salt: str) -> str:
    """The code of the certificate `number`; `salt` is the random word kept with it."""
    digest = salted_hmac(CERTIFICATE, f"{number}:{salt}", secret=secret, algorithm="sha256").digest()
    text = base64.b32encode(digest).decode("ascii")[:LETTERS]
    return "-".join([number, *(text[start : start + 4] for start in range(0, LETTERS, 4))])


def certificate_number(text: str) -> str | None:
    """The number a code names, however it was typed; None for what is no code."""
    found = NUMBER.match(tidy(text))
    return found.group(1) if found else None


def tidy(text: str) -> str:
    """Small letters, spaces and the wide signs of a Chinese keyboard do not make a code wrong."""
    plain = text[:LONGEST].strip().upper().replace("－", "-").replace("—", "-")
    return re.sub(r"\s+", "", plain)


def same_code(one: str, other: str) -> bool:
    return constant_time_compare(tidy(one), other)


@dataclass(frozen=True, slots=True)
class LinkTicket:
    """What a link says. `expires` unix seconds."""

    referral: int
    serial: int
    expires: int


def issue_link(secret: str, ticket: LinkTicket) -> str:
    return _signer(secret).sign(f"{ticket.referral}.{ticket.serial}.{ticket.expires}")


def read_link(secret: str, text: str, *, now: float) -> LinkTicket:
    """What the link says, if its signature is ours and `now` is before its end. BadInput otherwise (`link_forged`,
    `link_expired`). Whether it was used already is not asked here."""
    try:
        if len(text) > LONGEST:
            raise BadSignature(text[:LONGEST])
        referral, serial, expires = (int(part) for part in _signer(secret).unsign(text).split("."))
    except BadSignature as error:
        raise BadInput(
            _("This link is none of ours. Ask the campus clinic for a new one."), code="link_forged"
        ) from error
    if now >= expires:
        raise spent()
    return LinkTicket(referral, serial, expires)


def spent() -> BadInput:
    return BadInput(
        _("This link has been used or has run out. Ask the campus clinic for a new one."), code="link_expired"
    )


def _signer(secret: str) -> Signer:
    return Signer(key=secret, salt=LINK, sep="~", algorithm="sha256")


def masked(name: str) -> str:
    """As much of a name as tells a person who stands before one from another."""
    return f"{name[:1]}**"
