"""What an audit entry says in words. A verb is a dotted word; its room registers the sentence for it."""

from __future__ import annotations

from collections.abc import Mapping

from shouwang.core.errors import Message

_words: dict[str, Message] = {}


def register(words: Mapping[str, Message]) -> None:
    """Add the sentences of a room's verbs ("person.moved" -> "moved to another unit")."""
    _words.update(words)


def say(verb: str) -> str:
    """The sentence of a verb in the reader's language; the verb itself when no room has one for it."""
    return str(_words.get(verb, verb))


def known() -> frozenset[str]:
    return frozenset(_words)
