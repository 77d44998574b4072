"""A request as our views see it: signed in or not, with its actor and the one predicate for HTMX."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

from shouwang.core.scope import Actor

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

P = ParamSpec("P")


class Request(HttpRequest):
    """HttpRequest after our middleware."""

    actor: Actor
    htmx: HtmxDetails


def partial(request: Request) -> bool:
    """Whether to answer with a fragment: an HTMX request that is neither boosted nor a history restore."""
    return bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request


def signed_in(
    view: Callable[Concatenate[Request, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Only for people who are signed in; others are sent to the login page, HTMX requests by a full redirect."""

    @wraps(view)
    def inner(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            login = redirect_to_login(request.get_full_path())
            return (
                HttpResponse(status=204, headers={"HX-Redirect": login.url})
                if getattr(request, "htmx", False)
                else login
            )
        return view(request, *args, **kwargs)  # type: ignore[arg-type]

    return inner  # type: ignore[return-value]  # functools' own type hides the signature it keeps
