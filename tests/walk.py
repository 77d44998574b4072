"""Every address the house answers: pages by URL name, API operations by method and path."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.core.cache import cache as django_cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from shouwang.api.root import api
from tests.story import Story

ANONYMOUS = "anonymous"
MEMBERS = ("lin", "wang", "meng", "fang", "xu", "he", "qiu", "su", "tang", "deng", "gu", "admin")
MATRIX = Path(__file__).with_name("matrix.toml")
WORDS = {"nobody": (), "all": MEMBERS, "everyone": (ANONYMOUS, *MEMBERS)}


@dataclass(frozen=True, slots=True)
class Row:
    """One address of the matrix. `get`/`post`: who passes the wall; None: this method is not answered (405)."""

    name: str
    method: str
    url: str
    allowed: frozenset[str]
    body: dict[str, Any] = field(default_factory=dict)
    file: str = ""

    @property
    def is_api(self) -> bool:
        return " " in self.name


def url_names() -> set[str]:
    """`room:name` of every page; the API's own operations are listed by `operations`."""

    def below(resolver: URLResolver, prefix: str) -> Iterator[str]:
        for item in resolver.url_patterns:
            if isinstance(item, URLResolver):
                yield from below(item, f"{prefix}{item.namespace}:" if item.namespace else prefix)
            elif isinstance(item, URLPattern):
                yield f"{prefix}{item.name}" if item.name else f"{prefix}<without a name: {item.pattern}>"

    # The operations of the API are listed by method and path, see below.
    return {name for name in below(get_resolver(), "") if not name.startswith("api:") or name in API_PAGES}


API = "/api/v1"
METHODS = {"get", "post", "put", "patch", "delete"}
API_PAGES = {"api:api-root", "api:openapi-json", "api:openapi-view"}


def operations() -> set[str]:
    """`METHOD /path` of every API operation, as its OpenAPI description has it, without the common prefix."""
    paths = api.get_openapi_schema(path_prefix="")["paths"]
    return {f"{method.upper()} {path}" for path, item in paths.items() for method in item if method in METHODS}


@cache
def table() -> dict[str, dict[str, Any]]:
    with MATRIX.open("rb") as stream:
        found: dict[str, dict[str, Any]] = tomllib.load(stream)
    return found


def who(words: str | None) -> frozenset[str]:
    """`"he qiu"`, `"all"` (signed in), `"everyone"`, `"all -tang"`."""
    names: set[str] = set()
    for word in (words or "").split():
        if word.startswith("-"):
            names -= {word[1:]}
        else:
            names |= set(WORDS.get(word, (word,)))
    unknown = names - {ANONYMOUS, *MEMBERS}
    assert not unknown, f"{sorted(unknown)} are not of the cast"
    return frozenset(names)


def filled(story: Story, value: Any) -> Any:
    """`@key` replaced by that id of the story, at any depth."""
    if isinstance(value, dict):
        return {key: filled(story, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(story, inner) for inner in value]
    if isinstance(value, str) and value.startswith("@"):
        return (
            getattr(story, value[1:])
            if value in ("@receipt", "@ticket", "@encounter", "@code", "@hospital_link", "@paper", "@duplicate")
            else story.ids[value[1:]]
        )
    return value


def rows(story: Story) -> list[Row]:
    """The matrix with its addresses filled in: a row an address and method."""
    found = []
    for name, entry in table().items():
        given = filled(story, entry.get("path", {}))
        body = filled(story, entry.get("body", {}))
        if " " in name:
            method, path = name.split(" ", 1)
            url = API + re.sub(r"\{(\w+)\}", lambda hit, given=given: str(given[hit[1]]), path) + entry.get("query", "")  # type: ignore[misc]
            found.append(Row(name, method, url, who(entry["pass"]), body, entry.get("file", "")))
            continue
        url = reverse(name, kwargs=given) + entry.get("query", "")
        found += [
            Row(name, method, url, who(entry[method.lower()]), body)
            for method in ("GET", "POST")
            if method.lower() in entry
        ]
    return found


def enter(story: Story, name: str, language: str = "zh-hans") -> Client:
    """A browser in which `name` is signed in; exceptions come out as 500, as they would for a visitor."""
    client = Client(raise_request_exception=False)
    client.cookies["django_language"] = language
    if name != ANONYMOUS:
        client.force_login(story.cast.account[name])
    return client


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    django_cache.clear()


def ask(client: Client, row: Row) -> Any:
    """Send it as a browser or a program would; signing out does not last."""
    cookies: Any = client.cookies.copy()
    try:
        if row.method == "GET":
            return client.get(row.url)
        if row.file:
            upload = SimpleUploadedFile(row.file, "学号,姓名\n1,甲\n".encode())
            return client.post(row.url, {**row.body, "file": upload})
        if row.is_api:
            return client.generic(row.method, row.url, json.dumps(row.body).encode(), content_type="application/json")
        return client.post(row.url, row.body)
    finally:
        client.cookies = cookies
