"""A request as our views see it: signed in or not, with its actor and the one predicate for HTMX."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _

from shouwang.core import imports
from shouwang.core.errors import NotFound
from shouwang.core.models import ImportRun
from shouwang.core.scope import Actor

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

P = ParamSpec("P")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class Request(HttpRequest):
    """HttpRequest after our middleware."""

    actor: Actor
    htmx: HtmxDetails


def acting(request: HttpRequest, actor: Actor) -> Actor:
    """From here on `request` is a `Request` of `actor`, who is returned."""
    cast(Request, request).actor = actor
    return actor


def client_address(request: HttpRequest) -> str:
    """Where the request comes from. Behind proxies that the operator named (`SHOUWANG_PROXIES`) it is the last address
    of X-Forwarded-For that none of them has; from anybody else that header is a claim and is not read."""
    address: str = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    while hops and _is_proxy(address):
        if (parsed := _parsed(hops[-1])) is None:
            break
        address = str(parsed)
        hops.pop()
    return address


def _is_proxy(address: str) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in settings.PROXIES)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None


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
        return view(cast(Request, request), *args, **kwargs)

    return inner  # type: ignore[return-value]  # functools' own type hides the signature it keeps


def problems_sheet(run: ImportRun) -> HttpResponse:
    """The error sheet of an imported file as a download. NotFound where the file had no problem."""
    sheet = imports.error_sheet(run)
    if not run.problem_count or not sheet.exists():
        raise NotFound
    name = get_valid_filename(f"{run.file_name.rsplit('.', 1)[0]}-{_('problems')}.xlsx")
    disposition = content_disposition_header(as_attachment=True, filename=name)
    return HttpResponse(sheet.read_bytes(), content_type=XLSX, headers={"Content-Disposition": disposition})
