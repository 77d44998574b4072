"""What is no table is refused by what it is, whatever its name, with a remedy."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from shouwang.core.files import notes
from shouwang.core.files.errors import SENTENCES, FileError
from shouwang.core.files.tables import _FLAWS, read_table
from shouwang.core.tests.make_files import compound_file, header_row, xlsx_of


@pytest.fixture(autouse=True, scope="module")
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


def refusal(data: bytes, name: str = "名单.xls") -> FileError:
    with pytest.raises(FileError) as caught:
        list(read_table(io.BytesIO(data), name=name).rows)
    error = caught.value
    assert name in error.sentence, "the sentence names the file"
    assert error.status == 400
    return error


def archive(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        for path, content in parts.items():
            book.writestr(path.replace("__", "/"), content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "code", "word"),
    [
        (b"", "file_empty", "empty"),
        (b"\xef\xbb\xbf \r\n\r\n", "file_empty", "empty"),
        (b"\r\n,,,\r\n", "file_empty", "empty"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "file_kind_unknown", "PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "file_kind_unknown", "picture"),
        (b"MZ\x90\0\x03\0\0\0", "file_kind_unknown", "program"),
        (b"<!DOCTYPE html><html><table>", "file_kind_unknown", "web page"),
        ("\ufeff\n<html><body>名单</body></html>".encode(), "file_kind_unknown", "web page"),
        (b"<table border=1><tr><td>1</td></tr></table>", "file_kind_unknown", "web page"),
        (b'<?xml version="1.0"?><Workbook/>', "file_kind_unknown", "XML"),
        (b"Rar!\x1a\x07\x01\0", "file_kind_unknown", "archive"),
        (b"a,b\n\0\0\0,1\n", "file_kind_unknown", "binary"),
        (bytes(range(1, 32)) * 9, "file_kind_unknown", "binary"),
        (b"PK\x03\x04" + b"nonsense" * 20, "file_damaged", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file_damaged", "damaged"),
        (archive(readme=b"hello"), "file_kind_unknown", "archive"),
        (compound_file({"WordDocument": b"x"}), "file_kind_unknown", "Word"),
        (compound_file({"PowerPoint Document": b"x"}), "file_kind_unknown", "presentation"),
        (compound_file({"EncryptedPackage": b"x", "EncryptionInfo": b"y"}), "file_encrypted", "password"),
        (b"1,2,3\n4,5,6\n", "header_missing", "header"),
        ("学号,姓名,学号\n1,a,2\n".encode(), "header_duplicate", "学号"),
        (("列," * 100 + "末\n").encode(), "header_duplicate", "列"),
        ((",".join(f"c{n}" for n in range(17_000)) + "\n1").encode(), "file_too_large", "columns"),
    ],
)
def test_refused_for_what_it_is(data: bytes, code: str, word: str) -> None:
    error = refusal(data)
    assert error.error_code == code
    assert word in error.sentence


def test_word_document_of_today() -> None:
    relation = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        b'Target="word/document.xml"/></Relationships>'
    )
    data = archive(**{"_rels__.rels": relation, "word__document.xml": b"<w/>"})
    assert "Word" in refusal(data, "通知.docx").sentence


def test_sheet_by_a_name_that_is_not_there() -> None:
    data = xlsx_of({"学生": header_row("学号", "姓名"), "教工": header_row("工号", "姓名")})
    with pytest.raises(FileError) as caught:
        read_table(io.BytesIO(data), name="x.xlsx", sheet="访客")
    assert caught.value.error_code == "sheet_missing"
    assert "学生, 教工" in caught.value.sentence


def test_every_code_is_a_sentence_with_a_remedy() -> None:
    for code, sentence in SENTENCES.items():
        assert str(sentence).count(".") >= 2, f"{code} says what is wrong and what to do"


def test_a_path_is_closed_after_reading_and_after_refusal(tmp_path: Path) -> None:
    good, bad = tmp_path / "a.csv", tmp_path / "b.csv"
    good.write_text("a,b\n1,2\n", encoding="utf-8")
    bad.write_bytes(b"%PDF-")
    with read_table(good, name="a.csv") as table:
        assert next(table.rows).values == ("1", "2")
    with pytest.raises(FileError):
        read_table(bad, name="b.csv")
    for path in (good, bad):
        path.unlink()  # Windows would refuse this for an open file; a leak shows as ResourceWarning elsewhere
    assert list(tmp_path.iterdir()) == []


def test_the_page_about_files_names_every_code() -> None:
    page = Path(__file__).resolve().parents[4] / "docs" / "files.md"
    if not page.is_file():
        pytest.skip("the documentation is not installed with the package")
    text = page.read_text(encoding="utf-8")
    for code in (*SENTENCES, *_FLAWS, *notes._SENTENCES, "column_missing", "column_ambiguous"):
        assert f"`{code}`" in text, f"docs/files.md does not mention {code}"
