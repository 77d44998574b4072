"""The description of the API is readable where scripts from elsewhere are forbidden."""

from __future__ import annotations

import re

from django.test import Client

from shouwang.api.root import api


def test_every_operation_is_listed_without_a_foreign_address(client: Client, db: None) -> None:
    response = client.get("/api/v1/docs")
    page = response.content.decode()
    assert response.status_code == 200
    shown = set(re.findall(r"<code>([A-Z]+ /api/v1/[^<]*)</code>", page))
    paths = api.get_openapi_schema()["paths"]
    assert shown == {f"{method.upper()} {path}" for path, item in paths.items() for method in item}
    assert "https://" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
