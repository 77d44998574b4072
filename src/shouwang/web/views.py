"""Pages of the shell itself: sign in and out, language, password, home."""

from __future__ import annotations

import hashlib
from dataclasses import astuple
from datetime import datetime

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.defaults import page_not_found

from shouwang.command.teams import queries as teams
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound, ShouwangError, TooMany
from shouwang.core.forms import put_error
from shouwang.core.http import Request, client_address, signed_in
from shouwang.core.scope import WEB, Actor
from shouwang.org import actions, queries
from shouwang.org.models import Account, Grant
from shouwang.org.rules import after_failed_login
from shouwang.web import moments
from shouwang.web.forms import LoginForm, PasswordForm
from shouwang.web.home import TEAMS, cards

STRANGER_SECONDS = 24 * 3600


def safe_next(request: HttpRequest, default: str) -> str:
    """Where the form wanted to go on to, when that is an address of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    fits = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if fits else default


def remember_language(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        samesite="Lax",
        secure=settings.HTTPS,
    )


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """One answer for a wrong name and a wrong password: who has an account here is nobody's business."""
    if request.user.is_authenticated:
        return redirect(safe_next(request, reverse("web:home")))
    form = LoginForm(request.POST or None)
    status, retry_after = 422 if form.is_bound else 200, 0
    if request.method == "POST" and form.is_valid():
        try:
            account = sign_in(request, form.cleaned_data["username"].strip(), form.cleaned_data["password"])
        except (BadInput, TooMany) as error:
            put_error(form, error)
            if isinstance(error, TooMany):
                status, retry_after = error.status, error.retry_after
        else:
            response = redirect(safe_next(request, reverse("web:home")))
            if account.language:
                remember_language(response, account.language)
            return response
    page = render(request, "web/login.html", {"form": form, "next": safe_next(request, "")}, status=status)
    if retry_after:
        page.headers["Retry-After"] = str(retry_after)
    return page


def sign_in(request: HttpRequest, username: str, password: str) -> Account:
    """Check the password and open the session. BadInput when it is wrong, TooMany when account or address rests."""
    at, address = clock.now(), client_address(request)
    if until := queries.address_rests_until(address, at=at):
        raise address_rests(until, at)
    account = queries.account_to_sign_in(username)
    if account is None:
        make_password(password)  # the time of a real check: names must not be told by the clock
        actions.address_failed(address, at=at)
        raise refused_stranger(username, at)
    by = Actor(account.pk, account.person_id, account.username, mouth=WEB, address=address)
    if account.locked_until is not None and account.locked_until > at:
        raise resting(account.locked_until, at)
    if not account.check_password(password):
        actions.address_failed(address, at=at)
        account = actions.sign_in_failed(account, by=by, at=at)
        raise resting(account.locked_until, at) if account.locked_until and account.locked_until > at else wrong()
    account = actions.sign_in_succeeded(account, by=by, at=at)
    if account.locked_until is not None:
        raise resting(account.locked_until, at)  # guesses that came at the same time were one too many
    auth.login(request, account, backend="django.contrib.auth.backends.ModelBackend")
    return account


def wrong() -> BadInput:
    return BadInput(_("Number or password is not right. Check both and try again."), code="sign_in_wrong")


def refused_stranger(username: str, at: datetime) -> ShouwangError:
    """What an account would answer: a name nobody has rests after as many tries, or resting would tell who is here.

    Counted in the cache of this server process, for a day.
    """
    key = "stranger-" + hashlib.sha256(username.encode()).hexdigest()
    failed, until = cache.get(key, (0, None))
    if until is None or until <= at:
        failed, until = astuple(after_failed_login(failed, now=at))
        cache.set(key, (failed, until), STRANGER_SECONDS)
    return resting(until, at) if until else wrong()


def resting(until: datetime, at: datetime) -> TooMany:
    return _too_many(
        _("Too many wrong passwords. This account rests until %(time)s; then try again."), "account_resting", until, at
    )


def address_rests(until: datetime, at: datetime) -> TooMany:
    """Whoever shares the address is told why they must wait, and that it is not about them."""
    sentence = _(
        "Too many wrong passwords came from this network. Signing in from here rests until %(time)s; another network, "
        "such as mobile data, works meanwhile."
    )
    return _too_many(sentence, "address_resting", until, at)


def _too_many(sentence: str, code: str, until: datetime, at: datetime) -> TooMany:
    # Whole seconds, rounded up: who comes back on the dot is not sent away again.
    seconds = int((until - at).total_seconds()) + 1
    return TooMany(sentence, retry_after=seconds, code=code, time=f"{until.astimezone(clock.zone()):%H:%M}")


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    return redirect("web:login")


@require_POST
def language(request: Request) -> HttpResponse:
    """The language of the interface: a cookie for this device, and for a signed-in account remembered everywhere."""
    wanted = request.POST.get("language", "")
    if wanted not in dict(settings.LANGUAGES):
        raise BadInput(
            _("Unknown language %(value)s. Choose one of those in the menu."), field="language", value=wanted
        )
    response = redirect(safe_next(request, reverse("web:home")))
    remember_language(response, wanted)
    if isinstance(request.user, Account):
        actions.set_language(request.user, language=wanted, by=request.actor, at=clock.now())
    return response


@sensitive_post_parameters("old", "new", "again")
@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def password(request: Request) -> HttpResponse:
    """Change one's own password; the session goes on, sessions elsewhere end."""
    form = PasswordForm(request.POST or None)
    account = request.user
    assert isinstance(account, Account)
    forced = account.must_change_password
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        try:
            actions.change_password(account, old=values["old"], new=values["new"], by=request.actor, at=clock.now())
        except BadInput as error:
            put_error(form, error)
        else:
            auth.update_session_auth_hash(request, account)
            messages.success(request, _("Your password is changed."))
            return redirect("web:home")
    status = 422 if form.is_bound else 200
    return render(request, "web/password.html", {"form": form, "forced": forced}, status=status)


@require_GET
@signed_in
def home(request: Request) -> HttpResponse:
    """The first screen: the cards that the rooms have for this person."""
    at = clock.now()
    actor = request.actor
    name, seated = teams.name_and_seat(actor) if actor.person_id is not None else (actor.label, False)
    words = dict(Grant.Role.choices)
    context = {
        "cards": cards(request, actor, empty=() if seated else (TEAMS,)),
        "greeting": greeting(name, hour=at.astimezone(clock.zone()).hour),
        "roles": [words[role] for role in actor.roles],
        "today": moments.full(clock.local_day(at)),
    }
    return render(request, "web/home.html", context)


def greeting(name: str, *, hour: int) -> str:
    if hour < 5 or hour >= 22:
        return _("Good night, %(name)s") % {"name": name}
    if hour < 11:
        return _("Good morning, %(name)s") % {"name": name}
    if hour < 18:
        return _("Good day, %(name)s") % {"name": name}
    return _("Good evening, %(name)s") % {"name": name}


@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    """What a phone needs to put Shouwang on its home screen (W3C web application manifest)."""
    sizes = {"icon.svg": "any", "icon-maskable.svg": "any", "icon-180.png": "180x180", "icon-512.png": "512x512"}
    icons = [
        {
            "src": static(f"web/img/{name}"),
            "sizes": size,
            "type": "image/svg+xml" if name.endswith(".svg") else "image/png",
            "purpose": "maskable" if "maskable" in name else "any",
        }
        for name, size in sizes.items()
    ]
    data = {
        "name": settings.INSTITUTION or _("Shouwang"),
        "short_name": _("Shouwang"),
        "id": reverse("web:home"),
        "start_url": reverse("web:home"),
        "scope": reverse("web:home"),
        "display": "standalone",
        "background_color": "#f5f8f7",
        "theme_color": "#0f6b66",
        "icons": icons,
        "shortcuts": [
            {"name": _("Daily check-in"), "url": reverse("checkins:today")},
            {"name": _("I feel unwell"), "url": reverse("checkins:today") + "#unwell"},
        ],
    }
    response = JsonResponse(data, content_type="application/manifest+json")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def not_there(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such address. A program that asked the API is told so in the form it can read."""
    if request.path.startswith("/api/"):
        error = NotFound()
        return JsonResponse(error.as_dict(), status=error.status)
    return page_not_found(request, exception)
