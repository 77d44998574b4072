"""Small secrets at rest: sealed with a key that lies outside the database, in ``SHOUWANG_HOME/secrets/seal.keys``.

Fernet (AES-128-CBC with HMAC-SHA256, https://github.com/fernet/spec) by the `cryptography` library. The file holds one
key a line, the newest first: it seals, every one of them opens (MultiFernet), so that keys can be exchanged while older
seals still stand. It is read each time: whoever exchanges keys need not restart anything. Back it up apart from the
database; without it what is sealed is lost.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import ShouwangError

SHOWN = "SHOUWANG_HOME/secrets/seal.keys"  # on pages: where the home lies is nobody's business there


class SealError(ShouwangError):
    """What is sealed cannot be opened: `key_missing`, `key_unreadable` or `key_wrong`."""

    code, status = "key_missing", 503


def key_file() -> Path:
    return Path(settings.HOME) / "secrets" / "seal.keys"


def make_key() -> bool:
    """The first key, where there is none; whether one was made."""
    if key_file().exists():
        return False
    _write([Fernet.generate_key()])
    return True


def seal(text: str) -> str:
    """SealError without a key."""
    return _keys().encrypt(text.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    """SealError without a key, or when it was sealed with none of the keys at hand."""
    try:
        return _keys().decrypt(sealed.encode("ascii", "replace")).decode()
    except InvalidToken as error:
        raise _wrong() from error


def reseal(sealed: str) -> str:
    """The same under the newest key."""
    try:
        return _keys().rotate(sealed.encode("ascii", "replace")).decode("ascii")
    except InvalidToken as error:
        raise _wrong() from error


def add_key() -> int:
    """A new key in front of those at hand; how many there are then. SealError without one."""
    keys = [Fernet.generate_key(), *_read()]
    _write(keys)
    return len(keys)


def forget_older_keys() -> int:
    """Keep the newest key alone; how many went. What was sealed with them cannot be opened any more."""
    newest, *older = _read()
    _write([newest])
    return len(older)


def _keys() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in _read()])
    except ValueError as error:
        raise _unreadable() from error


def _read() -> list[bytes]:
    try:
        keys = key_file().read_bytes().split()
    except FileNotFoundError as error:
        raise SealError(
            _("The key file %(file)s is missing. Restore it from its backup; nothing sealed can be read without it."),
            file=SHOWN,
        ) from error
    except OSError as error:
        raise _unreadable() from error
    if not keys:
        raise _unreadable()
    return keys


def _write(keys: list[bytes]) -> None:
    """Whole or not at all, and only for the owner."""
    target = key_file()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = target.with_name(f"{target.name}.{os.getpid()}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(b"\n".join(keys) + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(target)


def _unreadable() -> SealError:
    sentence = _("The key file %(file)s cannot be read as keys. Restore it from its backup.")
    return SealError(sentence, code="key_unreadable", file=SHOWN)


def _wrong() -> SealError:
    sentence = _("Sealed with another key than those in %(file)s. Restore that key, or enter the secret again.")
    return SealError(sentence, code="key_wrong", file=SHOWN)
