"""Headers, the actor of a request, and typed errors turned into pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from shouwang.core import clock
from shouwang.core.errors import ShouwangError
from shouwang.core.http import acting, client_address
from shouwang.core.scope import NOBODY, WEB, Actor
from shouwang.org.queries import actor_for

Handler = Callable[[HttpRequest], HttpResponse]

# ECharts sets style attributes from script (allowed: CSP governs markup, not the CSSOM); nothing inline is needed.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def security_headers(get_response: Handler) -> Handler:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        if not request.path.startswith("/static/"):
            # Health data must not stay in shared caches or in the back button of a shared computer.
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def actor(get_response: Handler) -> Handler:
    """`request.actor`: loaded once, and only when somebody asks."""

    def find(request: HttpRequest) -> Actor:
        if not request.user.is_authenticated:
            return NOBODY
        return actor_for(request.user, at=clock.now(), mouth=WEB, address=client_address(request))

    def middleware(request: HttpRequest) -> HttpResponse:
        acting(request, cast(Actor, SimpleLazyObject(lambda: find(request))))
        return get_response(request)

    return middleware


# A first password given by somebody else opens nothing but the page where it is changed.
OPEN_TO_FIRST_PASSWORD = frozenset({"web:password", "web:logout", "web:language", "web:manifest", "web:worker"})


def password_first(get_response: Handler) -> Handler:
    """Who must change their password can open only that page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(("/static/", "/api/")) or not request.user.is_authenticated:
            return get_response(request)
        if not getattr(request.user, "must_change_password", False):
            return get_response(request)
        if any(request.path == reverse(name) for name in OPEN_TO_FIRST_PASSWORD):
            return get_response(request)
        target = reverse("web:password")
        if getattr(request, "htmx", False):
            return HttpResponse(status=204, headers={"HX-Redirect": target})
        return redirect(target)

    return middleware


class refusals:  # noqa: N801 (Django names middleware by its dotted path; it reads as a verb there)
    """A `ShouwangError` becomes an answer with its own status: a page, an HTMX notice, or JSON for the API."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, ShouwangError):
            return None
        if request.path.startswith("/api/"):
            return JsonResponse(exception.as_dict(), status=exception.status)
        htmx = bool(getattr(request, "htmx", False))
        template = "web/_fragments/refusal.html" if htmx else "web/refusal.html"
        response = render(request, template, {"error": exception}, status=exception.status)
        if htmx:
            # Show the notice instead of swapping it into whatever the request aimed at.
            response.headers["HX-Retarget"] = "#notices"
            response.headers["HX-Reswap"] = "afterbegin"
        return response
