"""The API object: authentication, errors, and one router a room."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError
from ninja.types import DictStrAny

from shouwang import __version__
from shouwang.api.account import router as account_router
from shouwang.api.care import router as care_router
from shouwang.api.cases import router as cases_router
from shouwang.api.chains import router as chains_router
from shouwang.api.checkin_forms import router as forms_router
from shouwang.api.checkins import router as checkins_router
from shouwang.api.command import router as command_router
from shouwang.api.daily import router as daily_router
from shouwang.api.directives import router as directives_router
from shouwang.api.docs import DocsPage
from shouwang.api.followups import router as followups_router
from shouwang.api.http import SessionAuth, TokenAuth
from shouwang.api.inward import router as inward_router
from shouwang.api.isolation import router as isolation_router
from shouwang.api.laboratory import router as laboratory_router
from shouwang.api.line_list import router as line_list_router
from shouwang.api.lists import router as lists_router
from shouwang.api.mending import router as mending_router
from shouwang.api.merging import router as merging_router
from shouwang.api.org import router as org_router
from shouwang.api.outreach import router as outreach_router
from shouwang.api.packs import router as packs_router
from shouwang.api.places import router as places_router
from shouwang.api.presence import router as presence_router
from shouwang.api.readers import router as readers_router
from shouwang.api.surveys import router as surveys_router
from shouwang.api.teams import router as teams_router
from shouwang.api.tracing import router as tracing_router
from shouwang.api.tracing_desk import router as tracing_desk_router
from shouwang.api.tracing_rules import router as tracing_rules_router
from shouwang.api.tracing_told import router as tracing_told_router
from shouwang.api.visitors import router as visitors_router
from shouwang.core.errors import ShouwangError


class Described(NinjaAPI):
    """Puts its description together once a language: it takes a second, and the addresses of a process never change."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._schemas: dict[tuple[str | None, str | None], Any] = {}

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: DictStrAny | None = None) -> Any:
        if path_params:  # this API stands at one address; kept answers could grow with what is asked
            return super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        key = path_prefix, get_language()
        if key not in self._schemas:
            self._schemas[key] = super().get_openapi_schema(path_prefix=path_prefix)
        return self._schemas[key]


api = Described(
    title="Shouwang 守望",
    version=__version__,
    description="Outbreak response of a campus. Every operation stands under the same scope as the pages.",
    auth=[TokenAuth(), SessionAuth()],
    urls_namespace="api",
    docs=DocsPage(),
    docs_url="/docs",
    openapi_url="/openapi.json",
)


@api.exception_handler(ShouwangError)
def on_refusal(request: HttpRequest, error: ShouwangError) -> HttpResponse:
    return api.create_response(request, error.as_dict(), status=error.status)


@api.exception_handler(AuthenticationError)
def on_stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    sentence = _("Sign in, or send a valid token: Authorization: Bearer sw_…")
    body: dict[str, Any] = {"code": "unauthenticated", "field": None, "message": sentence, "data": {}}
    return api.create_response(request, body, status=401)


@api.exception_handler(ValidationError)
def on_malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Pydantic's findings as our typed error: the first names the field, all are listed."""
    problems: list[dict[str, Any]] = [
        {"field": ".".join(str(part) for part in item["loc"][1:]), "type": item["type"], "message": item["msg"]}
        for item in error.errors
    ]
    first = problems[0] if problems else {"field": None}
    body: dict[str, Any] = {
        "code": "malformed",
        "field": first["field"],
        "message": _("The request does not have the expected form. See `data.problems`."),
        "data": {"problems": problems},
    }
    return api.create_response(request, body, status=422)


api.add_router("/org", org_router)
api.add_router("/org", merging_router)
api.add_router("/checkins", checkins_router)
api.add_router("/checkins", lists_router)
api.add_router("/checkins", forms_router)
api.add_router("/cases", cases_router)
api.add_router("/cases", line_list_router)
api.add_router("/cases", inward_router)
api.add_router("/care", care_router)
api.add_router("/tests", laboratory_router)
api.add_router("/tracing", tracing_router)
api.add_router("/tracing", tracing_rules_router)
api.add_router("/tracing", tracing_told_router)
api.add_router("/tracing", tracing_desk_router)
api.add_router("/follow-ups", followups_router)
api.add_router("/tracing", chains_router)
api.add_router("/presence", presence_router)
api.add_router("/presence", places_router)
api.add_router("/presence", readers_router)
api.add_router("/presence", visitors_router)
api.add_router("/isolation", isolation_router)
api.add_router("/outreach", outreach_router)
api.add_router("/surveys", surveys_router)
api.add_router("/command", command_router)
api.add_router("/command/daily", daily_router)
api.add_router("/command", mending_router)
api.add_router("/command", account_router)
api.add_router("/command", teams_router)
api.add_router("/command", packs_router)
api.add_router("/command", directives_router)
