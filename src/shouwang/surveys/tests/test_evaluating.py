"""A form with answers: who is asked what, what is computed, what is wrong."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.surveys import rules
from shouwang.surveys.rules.xform import BadSubmission, head_of, peek
from shouwang.surveys.tests.forms import NOW, form

TRIP = [
    {"type": "select_one yn", "name": "went", "label": "Went?", "required": "yes"},
    {"type": "begin group", "name": "trip", "label": "Trip", "relevant": "${went} = 'yes'"},
    {"type": "text", "name": "city", "label": "City", "required": "yes", "required_message": "Which city?"},
    {
        "type": "date",
        "name": "back",
        "label": "Back on",
        "constraint": ". <= today()",
        "constraint_message": "Not yet.",
    },
    {"type": "end group"},
    {"type": "calculate", "name": "days", "calculation": "if(${went} = 'yes', today() - ${back}, '')"},
]
HOME = [
    {"type": "integer", "name": "n", "label": "How many?"},
    {"type": "begin repeat", "name": "kin", "label": "Person", "repeat_count": "${n}"},
    {"type": "calculate", "name": "which", "calculation": "position(..)"},
    {"type": "integer", "name": "age", "label": "Age"},
    {"type": "text", "name": "school", "label": "School", "relevant": "${age} < 18"},
    {"type": "end repeat"},
    {"type": "calculate", "name": "total", "calculation": "sum(${age})"},
    {"type": "calculate", "name": "first", "calculation": "indexed-repeat(${age}, ${kin}, 1)"},
    {"type": "calculate", "name": "turns", "calculation": "count(${kin})"},
]


def run(made: rules.Form, answers: dict[str, object], language: str = "en") -> rules.Evaluation:
    return rules.evaluate(made, answers, now=NOW, language=language)


def codes(state: rules.Evaluation) -> list[tuple[str, str]]:
    return [(fault.key, fault.code) for fault in state.faults]


def test_what_is_not_asked_is_not_kept() -> None:
    state = run(form(TRIP), {"went": "no", "city": "武汉", "back": "2026-02-20"})
    assert state.answers() == {"went": "no"}
    assert not state.faults
    assert ("city", ()) not in state.asked


def test_required_constraint_and_kind() -> None:
    made = form(TRIP)
    assert codes(run(made, {})) == [("went", "required")]
    assert codes(run(made, {"went": "yes", "back": "2026-03-09"})) == [("city", "required"), ("back", "constraint")]
    assert [f.sentence for f in run(made, {"went": "yes", "back": "2026-03-09"}).faults] == ["Which city?", "Not yet."]
    assert codes(run(made, {"went": "maybe"})) == [("went", "choice")]
    assert ("back", "answer_kind") in codes(run(made, {"went": "yes", "city": "x", "back": "last week"}))
    assert run(made, {"went": "yes", "city": "x", "back": "2026-02-16"}).value("days") == "14"


def test_repeats_count_themselves() -> None:
    state = run(form(HOME), {"n": "3", "kin": [{"age": "40", "school": "x"}, {"age": "10", "school": "Primary"}]})
    kept = state.answers()
    assert kept["kin"] == [
        {"which": "1", "age": "40"},
        {"which": "2", "age": "10", "school": "Primary"},
        {"which": "3"},
    ]
    assert (kept["total"], kept["first"], kept["turns"]) == ("50", "40", "3")


def test_a_hostile_number_of_turns_is_bounded() -> None:
    state = run(form(HOME), {"n": "999999999", "kin": [{"age": "1"}] * 5000})
    assert len(state.turns["kin"]) == rules.MAX_TURNS
    assert run(form(HOME), {"n": "-4"}).turns["kin"] == []


def test_a_cascade_offers_what_fits() -> None:
    choices = [
        {"list_name": "college", "name": "ie", "label": "IE"},
        {"list_name": "college", "name": "fl", "label": "FL"},
        {"list_name": "class", "name": "cs1", "label": "CS1", "college": "ie"},
        {"list_name": "class", "name": "en1", "label": "EN1", "college": "fl"},
    ]
    made = form(
        [
            {"type": "select_one college", "name": "c", "label": "College"},
            {"type": "select_one class", "name": "k", "label": "Class", "choice_filter": "college = ${c}"},
            {"type": "calculate", "name": "said", "calculation": "jr:choice-name(${k}, '${k}')"},
        ],
        choices,
    )
    state = run(made, {"c": "fl", "k": "en1"})
    assert [choice.name for choice in state.offered(made.questions["k"])] == ["en1"]
    assert state.value("said") == "EN1"
    assert codes(run(made, {"c": "ie", "k": "en1"})) == [("k", "choice")]


def test_or_other_asks_which() -> None:
    made = form([{"type": "select_one yn or_other", "name": "q", "label": "Q"}])
    assert run(made, {"q": "other", "q_other": "perhaps"}).answers() == {"q": "other", "q_other": "perhaps"}
    assert run(made, {"q": "yes", "q_other": "perhaps"}).answers() == {"q": "yes"}


def test_defaults_and_once() -> None:
    made = form([
        {"type": "date", "name": "on", "label": "On", "default": "today()"},
        {"type": "text", "name": "t", "label": "T", "default": "plain"},
        {"type": "calculate", "name": "stamp", "calculation": "once(string(today()))"},
    ])  # fmt: skip
    fresh = rules.evaluate(made, {}, now=NOW, language="en", fresh=True).answers()
    assert fresh == {"on": "2026-03-02", "t": "plain", "stamp": "2026-03-02"}
    assert run(made, {"stamp": "2020-01-01"}).answers() == {"stamp": "2020-01-01"}


def test_prefill_asks_nothing_twice() -> None:
    made = form([
        {"type": "text", "name": "学号", "label": "No."},
        {"type": "text", "name": "who", "label": "Name", "prefill": "name"},
        {"type": "select_one yn", "name": "q", "label": "Q"},
        {"type": "dateTime", "name": "at", "label": "At"},
    ])  # fmt: skip
    before = {"q": "gone", "who": "old name", "at": "2026-03-01T08:00:00+08:00"}
    assert rules.prefilled(made, {"number": "001", "name": "林晓"}, before) == {"学号": "001", "who": "林晓"}
    assert rules.prefilled(made, {}, {"q": "yes"}) == {"q": "yes"}


XML = (
    '<data id="home" version="2" xmlns:orx="http://openrosa.org/xforms">'
    "<n>2</n><kin><age>40</age></kin><kin><age>10</age><school>{school}</school></kin><strange>1</strange>"
    "<orx:meta><orx:instanceID>uuid:1</orx:instanceID></orx:meta></data>"
)


def test_what_collect_sends() -> None:
    root = peek(XML.format(school="Primary").encode())
    assert head_of(root) == ("home", "2", "uuid:1")
    assert rules.answers_from_xml(form(HOME), root) == {
        "n": "2", "kin": [{"age": "40"}, {"age": "10", "school": "Primary"}],
    }  # fmt: skip


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(str.strip))
def test_any_text_survives_the_journey_through_xml(text: str) -> None:
    root = peek(XML.format(school=escape(text)).encode())
    answers = rules.answers_from_xml(form(HOME), root)
    kept = run(form(HOME), answers).answers()
    assert kept["kin"][1]["school"] == text.strip()


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"<data>",
        b"not xml",
        b'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><data>&b;</data>',
        b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><data>&x;</data>',
        b"<data>" + b"<a/>" * 60_000 + b"</data>",
        b"<data>" + b"x" * (3 << 20) + b"</data>",
    ],
)
def test_hostile_xml_is_refused(xml: bytes) -> None:
    with pytest.raises(BadSubmission):
        peek(xml)
