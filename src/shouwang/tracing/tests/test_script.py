"""The script of an interview: read strictly from the pack, answered question by question, health walled off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from shouwang.cases.models import Case
from shouwang.core.errors import BadInput, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.core.packs import PackError, get_pack, pack_files, read_pack
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions
from shouwang.tracing.models_told import InterviewNote
from shouwang.tracing.queries import scripts
from shouwang.tracing.tests.desk_scene import COVID

SignIn = Callable[[str], Client]
LATER = NOON + timedelta(hours=1)


def test_both_shipped_packs_have_a_script_and_every_question_a_source() -> None:
    for code in ("covid19-2020-6", "influenza-seasonal"):
        pack = get_pack(code)
        script = scripts.script_of(pack)
        assert script is not None
        assert {question.source for question in script.questions} <= set(pack.sources)
        assert any(question.health for question in script.questions)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('id = "mask"\ntext', 'id = "onset"\ntext'),
        ('id = "mask"\ntext', 'id = "Mask!"\ntext'),
        ('id = "mask"\ntext', 'id = "mask"\nweight = 3\ntext'),
        ("health = true", 'health = "yes"'),
    ],
)
def test_a_wrong_script_is_refused_with_its_place(tmp_path: Path, old: str, new: str) -> None:
    text = pack_files()[COVID].read_text("utf-8")
    assert old in text
    path = tmp_path / f"{COVID}.toml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(PackError):
        scripts.script_of(read_pack(path))


def test_answers_are_kept_by_question_and_the_log_holds_no_words(cast: Cast, traced: Case) -> None:
    by, lin = cast.by("qiu"), cast.person["lin"]
    kept = actions.interview.answer(traced, lin, {"mask": " 没有 ", "onset": "周六发热"}, by=by, at=LATER)
    assert [(row.question, row.text, row.health) for row in kept] == [
        ("mask", "没有", False),
        ("onset", "周六发热", True),
    ]
    assert actions.interview.answer(traced, lin, {"mask": "没有"}, by=by, at=LATER) == []
    actions.interview.answer(traced, lin, {"mask": "偶尔"}, by=by, at=LATER + timedelta(minutes=1))
    found = {item.question.id: item for item in scripts.asked(by, traced, lin)}
    assert (found["mask"].text, found["mask"].versions, found["travel"].text) == ("偶尔", 2, "")
    entry = AuditEntry.objects.filter(verb="interview.answered").earliest("id")
    assert entry.new == {"case": traced.pk, "questions": ["mask", "onset"]}
    with pytest.raises(BadInput):
        actions.interview.answer(traced, lin, {"height": "170"}, by=by, at=LATER)
    with pytest.raises(BadInput):
        actions.interview.answer(traced, lin, {"mask": "x" * 1001}, by=by, at=LATER)
    with pytest.raises(NotFound):
        actions.interview.answer(traced, cast.person["xu"], {"mask": "x"}, by=by, at=LATER)


def test_health_answers_need_the_right_to_see_cases(cast: Cast, traced: Case) -> None:
    by, lin = cast.by("qiu"), cast.person["lin"]
    actions.interview.answer(traced, lin, {"mask": "没有", "onset": "周六发热"}, by=by, at=LATER)
    helper = replace(by, reach={right: span for right, span in by.reach.items() if right != "case.view"})
    found = {item.question.id: item for item in scripts.asked(helper, traced, lin)}
    assert (found["mask"].text, found["mask"].walled) == ("没有", False)
    assert (found["onset"].text, found["onset"].walled) == ("", True)
    assert scripts.as_json(found["onset"])["answer"] is None
    with pytest.raises(Forbidden):
        actions.interview.answer(traced, lin, {"onset": "改写"}, by=helper, at=LATER)
    assert actions.interview.answer(traced, lin, {"onset": ""}, by=helper, at=LATER) == []
    assert InterviewNote.objects.filter(question="onset").count() == 1


def test_pages(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, base = sign_in("qiu"), f"/tracing/cases/{traced.pk}/"
    assert qiu.post(f"{base}script/answer/", {"q-mask": "没有"}).status_code == 302
    assert "没有" in qiu.get(f"{base}interview/").content.decode()
    assert "没有" in qiu.get(f"{base}script/").content.decode()
    assert qiu.post(f"{base}script/answer/", {"q-nothing": "x"}).status_code == 400
    assert sign_in("he").get(f"{base}script/").status_code == 404
