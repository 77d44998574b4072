"""The code on a place's poster: which place, which edition of its poster, until when; signed, so that nobody makes one.

A code is ``PLACE.SERIAL.EXPIRES~SIGNATURE``: decimal numbers, `EXPIRES` in unix seconds (0: does not expire), the
signature HMAC-SHA256 under a key of the installation (django.core.signing). It says nothing of any person.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput

SALT = "shouwang.tracing.place_code.1"
LONGEST = 120
"""Characters; a longer text is no code of ours and is not even looked at."""


@dataclass(frozen=True, slots=True)
class PlaceTicket:
    """What a code says. `expires` unix seconds, 0 for never."""

    place: int
    serial: int
    expires: int


def issue(secret: str, ticket: PlaceTicket) -> str:
    """The signed text of a code."""
    return _signer(secret).sign(f"{ticket.place}.{ticket.serial}.{ticket.expires}")


def read(secret: str, text: str, *, now: float) -> PlaceTicket:
    """What the code says, if its signature is ours and `now` (unix seconds) is before its end.

    BadInput (`place_code_forged`, `place_code_expired`) otherwise. Whether its poster still counts is not asked here.
    """
    try:
        if len(text) > LONGEST:
            raise BadSignature(text[:LONGEST])
        place, serial, expires = (int(part) for part in _signer(secret).unsign(text).split("."))
    except BadSignature as error:
        raise BadInput(
            _("This is no code of this campus. Scan the poster again."), code="place_code_forged", field="code"
        ) from error
    if expires and now >= expires:
        raise expired()
    return PlaceTicket(place, serial, expires)


def expired() -> BadInput:
    """The refusal of a code whose poster does not count any more."""
    return BadInput(
        _("This code has run out. Scan the poster that hangs there today."), code="place_code_expired", field="code"
    )


def _signer(secret: str) -> Signer:
    return Signer(key=secret, salt=SALT, sep="~", algorithm="sha256")
