"""Managing accounts is not reading health data: no borrowed token, no surviving one, no rewritten history of roles."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from shouwang.core.errors import Forbidden
from shouwang.core.scope import system_actor
from shouwang.org import actions, queries
from shouwang.org.models import ApiToken, Grant
from shouwang.org.tests.cast import NOON, SINCE, Cast


def test_an_administrator_cannot_issue_a_token_for_the_clinic(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        actions.issue_token(cast.account["he"], name="x", days=1, by=cast.by("admin"), at=NOON)
    assert not ApiToken.objects.exists()
    for by in (cast.by("he"), system_actor("operator")):
        _token, plain = actions.issue_token(cast.account["he"], name="x", days=1, by=by, at=NOON)
        assert plain.startswith("sw_")


def test_a_reset_password_ends_the_tokens(cast: Cast) -> None:
    _token, plain = actions.issue_token(cast.account["lin"], name="x", days=9, by=cast.by("lin"), at=NOON)
    sha256 = hashlib.sha256(plain.encode()).hexdigest()
    living = queries.token_by_hash(sha256, at=NOON)
    assert living is not None and living.account == cast.account["lin"]
    actions.reset_password(cast.account["lin"], by=cast.by("admin"), at=NOON)
    assert queries.token_by_hash(sha256, at=NOON + timedelta(seconds=1)) is None


def test_a_role_that_has_ended_keeps_its_end(cast: Cast) -> None:
    ended = NOON.date() - timedelta(days=60)
    grant = Grant.objects.create(
        account=cast.account["lin"], role="guard", organisation=cast.org["WCU"], starts=SINCE, ends=ended
    )
    actions.revoke_role(grant, on=NOON.date(), by=cast.by("admin"), at=NOON)
    grant.refresh_from_db()
    assert grant.ends == ended
