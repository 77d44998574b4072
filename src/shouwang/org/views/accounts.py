"""Accounts and roles; one's own API tokens. Secrets are shown once, in the answer that made them."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.http import Request, partial, signed_in
from shouwang.org import actions, forms, queries
from shouwang.org.models import Account, Grant
from shouwang.org.views.people import put_form_error

RIGHT = "account.manage"


@require_GET
@signed_in
def accounts(request: Request) -> HttpResponse:
    text, role = request.GET.get("q", "").strip(), request.GET.get("role", "")
    page = queries.accounts_page(
        request.actor, on=clock.today(), text=text, role=role, cursor=request.GET.get("cursor", "")
    )
    context = {"page": page, "text": text, "role": role, "roles": Grant.Role.choices, "now": clock.now()}
    return render(request, "org/_fragments/accounts.html" if partial(request) else "org/accounts.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
@sensitive_variables("password")
def new_account(request: Request) -> HttpResponse:
    """Create an account; its one-time password is in the answer and nowhere else."""
    request.actor.require(RIGHT)
    initial = {"number": request.GET.get("number", "")}
    form = forms.AccountForm(request.POST) if request.method == "POST" else forms.AccountForm(initial=initial)
    if form.is_bound and form.is_valid():
        password = secrets.token_urlsafe(12)
        try:
            account = _create(request, form, password)
        except (BadInput, Conflict, NotFound) as error:
            put_form_error(form, error)
        else:
            return render(request, "org/account.html", _account_context(request, account, password))
    return render(request, "org/account_new.html", {"form": form}, status=422 if form.is_bound else 200)


def _create(request: Request, form: forms.AccountForm, password: str) -> Account:
    number = form.cleaned_data["number"].strip()
    person = None
    if number:
        try:
            person = queries.person_by_number(request.actor, number, RIGHT)
        except NotFound as error:
            raise NotFound(_("Nobody whose account you manage has this number."), field="number") from error
    username = form.cleaned_data["username"].strip() or number
    return actions.create_account(username=username, password=password, person=person, by=request.actor, at=clock.now())


@require_GET
@signed_in
def account(request: Request, account_id: int) -> HttpResponse:
    found = queries.account_for(request.actor, account_id, on=clock.today())
    return render(request, "org/account.html", _account_context(request, found))


def _account_context(
    request: Request, found: Account, password: str = "", form: django_forms.Form | None = None
) -> dict[str, Any]:
    today = clock.today()
    grants = queries.grants_of(found)
    own = found.pk == request.actor.account_id
    return {
        "account": found,
        "now": clock.now(),
        "in_force": [grant for grant in grants if grant.ends is None or grant.ends >= today],
        "past": [grant for grant in grants if grant.ends is not None and grant.ends < today],
        "may_reset": not own and queries.reaches_whole_account(request.actor, found, on=today),
        "own": own,
        "password": password,
        "form": form or forms.GrantForm(initial={"since": today}, prefix="grant"),
    }


@require_POST
@signed_in
def grant(request: Request, account_id: int) -> HttpResponse:
    found = queries.account_for(request.actor, account_id, on=clock.today())
    form = forms.GrantForm(request.POST, prefix="grant")
    if form.is_valid():
        values = form.cleaned_data
        try:
            unit = queries.organisation_named(request.actor, values.pop("organisation"), RIGHT)
            actions.grant_role(found, organisation=unit, **values, by=request.actor, at=clock.now())
        except (BadInput, NotFound) as error:
            put_form_error(form, error)
        else:
            messages.success(request, _("The role is given."))
            return redirect("org:account", found.pk)
    return render(request, "org/account.html", _account_context(request, found, form=form), status=422)


@require_POST
@signed_in
def revoke(request: Request, account_id: int, grant_id: int) -> HttpResponse:
    found = queries.account_for(request.actor, account_id, on=clock.today())
    given = queries.grant_for(request.actor, found, grant_id)
    yesterday = clock.today() - timedelta(days=1)
    actions.revoke_role(given, on=yesterday, by=request.actor, at=clock.now())
    messages.success(request, _("The role is withdrawn."))
    return redirect("org:account", found.pk)


@require_POST
@signed_in
@sensitive_variables("password")
def reset(request: Request, account_id: int) -> HttpResponse:
    """A new one-time password, shown in this answer only."""
    found = queries.account_for(request.actor, account_id, on=clock.today())
    password = actions.reset_password(found, by=request.actor, at=clock.now())
    return render(request, "org/account.html", _account_context(request, found, password))


@require_POST
@signed_in
def activate(request: Request, account_id: int) -> HttpResponse:
    """Close an account, or open it again (`active` = 1)."""
    found = queries.account_for(request.actor, account_id, on=clock.today())
    active = request.POST.get("active") == "1"
    actions.set_active(found, active=active, by=request.actor, at=clock.now())
    messages.success(request, _("The account is open again.") if active else _("The account is closed."))
    return redirect("org:account", found.pk)


@require_http_methods(["GET", "POST"])
@signed_in
@sensitive_variables("plain")
def tokens(request: Request) -> HttpResponse:
    """One's own API tokens; a new one is shown once."""
    own = request.user
    if not isinstance(own, Account):
        raise NotFound
    form = forms.TokenForm(request.POST or None)
    plain, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            _token, plain = actions.issue_token(own, **form.cleaned_data, by=request.actor, at=clock.now())
            form, status = forms.TokenForm(), 200
    now = clock.now()
    context = {"tokens": queries.own_tokens(request.actor, at=now), "form": form, "plain": plain, "now": now}
    return render(request, "org/tokens.html", context, status=status)


@require_POST
@signed_in
def revoke_token(request: Request, token_id: int) -> HttpResponse:
    actions.revoke_token(queries.own_token(request.actor, token_id), by=request.actor, at=clock.now())
    messages.success(request, _("The token no longer works."))
    return redirect("org:tokens")
