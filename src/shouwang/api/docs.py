"""The readable description of the API: drawn here from the OpenAPI document, since a page from a foreign server would
break our content security policy and needs the internet."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

METHODS = ("get", "post", "put", "patch", "delete")


class DocsPage(DocsBase):
    """Operations by room: method, path, summary, fields."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        rooms: dict[str, list[dict[str, Any]]] = {}
        for path, item in api.get_openapi_schema()["paths"].items():
            for method in METHODS:
                if method in item:
                    operation = item[method]
                    room = (operation.get("tags") or ["api"])[0]
                    rooms.setdefault(room, []).append(_line(method, path, operation))
        context = {"rooms": rooms, "openapi": self.get_openapi_url(api, kwargs)}
        return render(request, "web/api_docs.html", context)


def _line(method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    bodies = [body["schema"].get("$ref", "").rpartition("/")[2] or kind for kind, body in content.items()]
    return {
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "parameters": [parameter["name"] for parameter in operation.get("parameters", [])],
        "body": ", ".join(bodies),
    }
