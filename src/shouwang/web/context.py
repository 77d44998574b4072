"""What every template is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext as _

from shouwang.command.queries import level_of
from shouwang.core import clock
from shouwang.core.scope import NOBODY, Actor
from shouwang.web import navigation


@dataclass(frozen=True, slots=True)
class LevelBadge:
    """The response level as the head of every page shows it."""

    label: str | Promise
    tone: str
    title: str | Promise = ""
    url: str = ""


# Asked in order, once a page, and only when the page shows it; the first that knows a level decides.
LEVEL: list[Callable[[Actor], LevelBadge | None]] = []
LEVEL_TONES = {1: "danger", 2: "warn", 3: "notice", 4: "info"}


def _declared(by: Actor) -> LevelBadge | None:
    """The level in force where the reader belongs: one query, when the page shows it."""
    found = level_of(by, clock.now())
    if found is None:
        return None
    return LevelBadge(found.get_level_display(), LEVEL_TONES[found.level], found.basis, reverse("command:level"))


LEVEL.append(_declared)


def level(by: Actor) -> LevelBadge | None:
    return next((badge for ask in LEVEL if (badge := ask(by)) is not None), None)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Costs no query until a template asks for what needs one."""
    actor: Actor = getattr(request, "actor", NOBODY)
    signed_in = hasattr(request, "user") and request.user.is_authenticated

    def groups() -> list[navigation.Group]:
        return navigation.menu(actor, request.path) if signed_in else []

    menu: Any = SimpleLazyObject(groups)
    return {
        "institution": settings.INSTITUTION or _("Shouwang"),
        "actor": actor,
        "signed_in": signed_in,
        "navigation": menu,
        "tabs": SimpleLazyObject(lambda: navigation.tabs(menu)),
        "account_menu": SimpleLazyObject(
            lambda: [link for _group, link in navigation.links(navigation.ACCOUNT, actor, request.path)]
        ),
        "level": SimpleLazyObject(lambda: level(actor)),
        "version": settings.VERSION,
        "big_screen": request.GET.get("screen") == "1",
        # Where a form of the shell returns to; the address of a refused POST cannot be opened.
        "here": request.get_full_path() if request.method in ("GET", "HEAD") else "",
    }
