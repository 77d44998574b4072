"""The check-in credential: a signed ticket with which a phone may check in for one person, and do nothing else.

A ticket is ``sw1.`` and, in base64 without padding, 24 bytes of content and 16 of signature:

    version uint8 · mouth uint8 · reserved uint16 · serial uint32 · person uint64 · account uint32 · expiry uint32

The signature is BLAKE2b of 128 bits, keyed with a key derived from the installation's secret (RFC 7693, section 2.9:
keyed hashing serves as a message authentication code). Nothing is looked up to refuse a forged or expired ticket.
`serial` is compared with the person's own in the database when the check-in is written: raising it revokes every
ticket given out before.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import Unauthorized

PREFIX = "sw1."
LAYOUT = struct.Struct(">BBHIQII")
SIGNATURE_BYTES = 16
TEXT_LENGTH = len(PREFIX) + 54  # 40 bytes in base64 without padding
LIFETIME = timedelta(days=30)  # as long as a session
PAGE, LINK, API = 1, 2, 3
MOUTHS = {PAGE: "web", LINK: "link", API: "api"}


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket says. `account` is 0 for a person without one."""

    person: int
    account: int
    serial: int
    mouth: int
    expires: int


def derived_key(secret: str) -> bytes:
    """The signing key of this installation; other uses of the secret get other keys."""
    return hashlib.sha256(b"shouwang.checkins.credential.1\0" + secret.encode()).digest()


def issue(key: bytes, *, person: int, account: int | None, serial: int, mouth: int, at: datetime) -> str:
    """A ticket good for `LIFETIME` from `at`."""
    expires = int((at + LIFETIME).timestamp())
    content = LAYOUT.pack(1, mouth, 0, serial, person, account or 0, expires)
    return PREFIX + urlsafe_b64encode(content + _signature(key, content)).decode().rstrip("=")


def verify(key: bytes, text: str, *, now: float) -> Ticket:
    """The ticket, if its signature is ours and `now` (unix seconds) is before its end. Unauthorized otherwise."""
    if len(text) != TEXT_LENGTH or not text.startswith(PREFIX):
        raise Unauthorized
    try:
        raw = urlsafe_b64decode(text[len(PREFIX) :] + "==")
    except (Base64Error, ValueError) as error:
        raise Unauthorized from error
    content, signature = raw[: LAYOUT.size], raw[LAYOUT.size :]
    if not hmac.compare_digest(signature, _signature(key, content)):
        raise Unauthorized
    version, mouth, _reserved, serial, person, account, expires = LAYOUT.unpack(content)
    if version != 1 or mouth not in MOUTHS:
        raise Unauthorized
    if now >= expires:
        raise Unauthorized(_("Open the page again; your pass has run out."), code="credential_expired")
    return Ticket(person, account, serial, mouth, expires)


def _signature(key: bytes, content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=SIGNATURE_BYTES, key=key).digest()
