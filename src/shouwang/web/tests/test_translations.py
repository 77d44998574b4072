"""The tool that keeps the catalogues: what it extracts, keeps and complains about; ours are complete."""

from __future__ import annotations

from pathlib import Path

import polib
import pytest
from tools import translations

pytestmark = pytest.mark.files
CODE = 'from django.utils.translation import gettext as _, pgettext\n_("Cases: %(n)s")\npgettext("chart", "From")\n'
PAGE = (
    '{% blocktranslate count n=rows %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}{% stat _("Late") 1 %}'
)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    room = tmp_path / "cases"
    (room / "templates/cases").mkdir(parents=True)
    (room / "tests").mkdir()
    (room / "__init__.py").write_text("", encoding="utf-8")
    (room / "views.py").write_text(CODE, encoding="utf-8")
    (room / "tests/test_x.py").write_text('_("only in a test")\n', encoding="utf-8")
    (room / "templates/cases/list.html").write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr(translations, "SOURCE", tmp_path)
    return room


def translate(room: Path, **texts: str) -> None:
    po = translations.catalogue(room)
    for entry in po:
        text = texts[entry.msgid.split()[0].strip(":%()").lower()]
        if entry.msgid_plural:
            entry.msgstr_plural = {0: text}
        else:
            entry.msgstr = text
    po.save(str(room / translations.CATALOGUE))


def test_extracts_code_and_templates_but_no_tests(room: Path) -> None:
    assert translations.extract_room(room, prune=False) == (4, 4)
    entries: dict[translations.Key, polib.POEntry] = {
        (entry.msgctxt, entry.msgid): entry for entry in translations.catalogue(room)
    }
    assert set(entries) == {(None, "Cases: %(n)s"), ("chart", "From"), (None, "%(n)s row"), (None, "Late")}
    assert entries[None, "%(n)s row"].msgid_plural == "%(n)s rows"
    assert entries[None, "Late"].occurrences == [("templates/cases/list.html", "")]


def test_complete_catalogue_passes_and_what_is_wrong_is_named(room: Path) -> None:
    translations.extract_room(room, prune=False)
    assert len(translations.problems([room])) == 4
    translate(room, cases="病例：%(n)s", **{"from": "自", "n)s": "%(n)s 行", "late": "超时"})
    assert translations.problems([room]) == []
    translate(room, cases="病例", **{"from": "", "n)s": "%(n)s 行", "late": "超时"})
    assert translations.problems([room]) == [
        "cases: other placeholders: 'Cases: %(n)s'",
        "cases: not translated: 'From'",
    ]


def test_what_is_no_longer_said_is_kept_aside_until_pruned(room: Path) -> None:
    translations.extract_room(room, prune=False)
    translate(room, cases="病例：%(n)s", **{"from": "自", "n)s": "%(n)s 行", "late": "超时"})
    (room / "views.py").write_text("", encoding="utf-8")
    assert translations.extract_room(room, prune=False) == (2, 0)
    assert "cases: obsolete: 'From'" in translations.problems([room])
    (room / "views.py").write_text(CODE, encoding="utf-8")
    assert translations.extract_room(room, prune=False) == (4, 0), "the translation comes back with the message"
    (room / "views.py").write_text("", encoding="utf-8")
    translations.extract_room(room, prune=True)
    assert translations.problems([room]) == []


def test_two_rooms_must_agree_on_a_word(room: Path) -> None:
    other = room.parent / "org"
    (other / "locale/zh_Hans/LC_MESSAGES").mkdir(parents=True)
    (other / "__init__.py").write_text("", encoding="utf-8")
    po = polib.POFile()
    po.append(polib.POEntry(msgid="Late", msgstr="晚"))
    po.save(str(other / translations.CATALOGUE))
    translations.extract_room(room, prune=False)
    translate(room, cases="病例：%(n)s", **{"from": "自", "n)s": "%(n)s 行", "late": "超时"})
    assert translations.conflicts() == ["cases, org: translated differently: 'Late': 超时 | 晚"]


def test_a_word_another_room_has_translated_is_taken_over(room: Path) -> None:
    other = room.parent / "org"
    (other / "locale/zh_Hans/LC_MESSAGES").mkdir(parents=True)
    (other / "__init__.py").write_text("", encoding="utf-8")
    po = polib.POFile()
    po.append(polib.POEntry(msgid="Late", msgstr="晚"))
    po.save(str(other / translations.CATALOGUE))
    assert translations.extract_room(room, prune=False) == (4, 3)
    assert translations.conflicts() == []


def test_compiles_what_the_program_reads(room: Path) -> None:
    translations.extract_room(room, prune=False)
    translate(room, cases="病例：%(n)s", **{"from": "自", "n)s": "%(n)s 行", "late": "超时"})
    assert translations.compile_rooms([room]) == 1
    compiled = polib.mofile(str((room / translations.CATALOGUE).with_suffix(".mo")))
    assert {entry.msgid: entry.msgstr for entry in compiled if not entry.msgid_plural}["Late"] == "超时"


def test_words_of_the_shell_are_complete() -> None:
    assert [line for line in translations.problems(translations.rooms(["web"])) if line.startswith("web:")] == []
