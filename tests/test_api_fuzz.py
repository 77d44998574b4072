"""The API under generated requests: whatever comes in, no answer is a 500, and every refusal is typed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok

from shouwang.org.models import ApiToken
from shouwang.org.tests.cast import NOON

if TYPE_CHECKING:
    from shouwang.org.tests.cast import Cast

EXAMPLES = 4  # for each operation and role; the seed below makes the run repeatable


@pytest.fixture
def bearer(cast: Cast) -> Callable[[str], dict[str, str]]:
    def headers(name: str) -> dict[str, str]:
        plain = f"sw_fuzz_{name}"
        ApiToken.objects.create(
            account=cast.account[name],
            name="fuzz",
            sha256=hashlib.sha256(plain.encode()).hexdigest(),
            created_at=NOON,
            expires_at=NOON + timedelta(days=1),
        )
        return {"Authorization": f"Bearer {plain}"}

    return headers


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lin", "he", "admin"])
def test_no_request_breaks_the_api(cast: Cast, bearer: Callable[[str], dict[str, str]], name: str) -> None:
    headers = bearer(name)
    config = SchemathesisConfig.from_dict({"base-url": "http://127.0.0.1/"})
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application(), config=config)
    operations = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), f"the description is not sound: {result}"
        operation = result.ok()
        operations += 1

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def attempt(case: Any) -> None:
            response = case.call(headers=headers)
            where = f"{case.method} {case.formatted_path}"
            assert response.status_code < 500, f"{where}: {response.status_code} {response.text[:300]}"
            if response.status_code in {400, 403, 404, 409, 422}:
                assert {"code", "message"} <= set(response.json()), where

        attempt()
    assert operations > 20
