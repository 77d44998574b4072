"""A request as our views see it: signed in or not, with its actor and the one predicate for HTMX."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse

from shouwang.core.errors import BadInput
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
            response = redirect_to_login(request.get_full_path())
            if getattr(request, "htmx", False):
                response = HttpResponse(status=204, headers={"HX-Redirect": response.url})  # type: ignore[attr-defined]
            return response
        return view(request, *args, **kwargs)  # type: ignore[arg-type]

    inner.signed_in = True  # type: ignore[attr-defined]
    return inner


def put_error(form: BaseForm, error: BadInput) -> None:
    """Show a typed error at the field it names, or above the form when the form has no such field."""
    form.add_error(error.field if error.field in form.fields else None, error.sentence)
