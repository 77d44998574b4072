"""Typed settings from the environment. A wrong value stops the start with a sentence, never with a guess."""

from __future__ import annotations

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


class SettingError(SystemExit):
    """An environment variable that cannot be used. Ends the process with the sentence."""


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def flag(name: str, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in TRUE:
        return True
    if value.lower() in FALSE:
        return False
    raise SettingError(f"{name}={value!r}: say 1 or 0")


def integer(name: str, default: int, *, low: int, high: int) -> int:
    value = os.environ.get(name)
    if value is None:
        return default
    if not value.isdecimal() or not low <= int(value) <= high:
        raise SettingError(f"{name}={value!r}: a whole number from {low} to {high} is expected")
    return int(value)


def words(name: str, default: tuple[str, ...]) -> list[str]:
    value = os.environ.get(name)
    return list(default) if value is None else [word.strip() for word in value.split(",") if word.strip()]


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Addresses or networks (``10.0.0.0/8``), comma-separated."""
    try:
        return [ip_network(word) for word in words(name, ())]
    except ValueError as error:
        raise SettingError(f"{name}: {error}; addresses or networks such as 10.0.0.0/8 are expected") from error


def home() -> Path:
    """`SHOUWANG_HOME`, or `~/.shouwang`: database, presence segments, files and secrets live below it."""
    return Path(text("SHOUWANG_HOME") or Path.home() / ".shouwang").expanduser().resolve()


def secret_key(home: Path) -> str | None:
    """`SHOUWANG_SECRET_KEY`, else the file `secret_key` that `shouwang init` wrote; None when there is neither."""
    if given := text("SHOUWANG_SECRET_KEY"):
        return given
    file = home / "secret_key"
    return file.read_text(encoding="ascii").strip() if file.is_file() else None


def database(url: str, home: Path) -> dict[str, object]:
    """Django's database entry from `SHOUWANG_DATABASE_URL`; empty means SQLite inside `home`."""
    if not url:
        return _sqlite(home / "shouwang.sqlite3")
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _sqlite(Path(unquote(parts.path)))
    if parts.scheme not in {"postgresql", "postgres"}:
        raise SettingError(f"SHOUWANG_DATABASE_URL: unknown kind {parts.scheme!r}; say postgresql:// or sqlite://")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "OPTIONS": options,
    }


def _sqlite(file: Path) -> dict[str, object]:
    # FULL: a receipt is only sent once its row is on disk. IMMEDIATE: a writer waits its turn at BEGIN instead of
    # failing half-way with "database is locked".
    pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536;"
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30, "init_command": pragmas},
    }
