"""Short words for the tests of this room: a campaign on the stage of the cast."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from shouwang.org.tests.cast import NOON, Cast
from shouwang.surveys import actions
from shouwang.surveys.models import Campaign, FormVersion, Submission
from shouwang.surveys.queries import Aim
from shouwang.surveys.tests.forms import Rows, xlsx

_keys = count()
SURVEY: Rows = (
    {"type": "text", "name": "number", "label::中文 (zh)": "学号", "label::English (en)": "Number", "readonly": "yes"},
    {"type": "text", "name": "phone", "label::中文 (zh)": "电话", "label::English (en)": "Phone"},
    {"type": "select_one yn", "name": "went", "label::中文 (zh)": "去过吗", "label::English (en)": "Did you go?",
     "required": "yes"},
    {"type": "text", "name": "city", "label::中文 (zh)": "哪里", "label::English (en)": "Where?", "required": "yes",
     "relevant": "${went} = 'yes'"},
)  # fmt: skip


def version(cast: Cast, *, by: str = "su", rows: Rows = SURVEY, form_id: str = "went") -> FormVersion:
    content = xlsx(rows, form_id=form_id, form_title="去过吗")
    return actions.import_form(content, file_name="went.xlsx", by=cast.by(by), at=NOON)


def draft(
    cast: Cast, *, by: str = "su", unit: str = "WCU", aim: Aim | None = None, rows: Rows = SURVEY, hours: int = 48
) -> Campaign:
    return actions.new_campaign(
        version=version(cast, by=by, rows=rows), organisation=cast.org[unit], aim=aim or Aim(kinds=("student",)),
        title="去过吗", deadline=NOON + timedelta(hours=hours), by=cast.by(by), at=NOON,
    )  # fmt: skip


def opened(cast: Cast, **kwargs: Any) -> Campaign:
    row = draft(cast, **kwargs)
    actions.open_campaign(row, by=cast.by(kwargs.get("by", "su")), at=NOON)
    return row


def answer(
    cast: Cast, campaign: Campaign, name: str, answers: Mapping[str, Any] | None = None, *, by: str = "",
    reason: str = "", at: datetime = NOON, client_key: str = "",
) -> Submission:  # fmt: skip
    """`name` answers, or `by` answers for them."""
    return actions.submit(
        campaign, person=cast.person[name], answers=answers or {"went": "no"},
        client_key=client_key or f"test-{next(_keys)}", proxy_reason=reason, by=cast.by(by or name, at), at=at,
    )  # fmt: skip
