"""Text out of files as they arrive: what is read, what is refused and in which words, what is said to be missing."""

from __future__ import annotations

import io
import zipfile

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfWriter
from pypdf.errors import DependencyError

from shouwang.core.files.prose import MOST_XML, UnreadableFile, pasted, read_prose

DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?><w:document '
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{}</w:body></w:document>'
)


def word(body: str, **parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", DOCUMENT.format(body))
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def pdf(text: str, pages: int = 1) -> bytes:
    """A PDF of Latin text, written by hand."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for _page in range(pages):
        stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects)} 0 R /Resources "
            "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Count {pages} /Kids [{' '.join(kids)}] >>"
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    return out + f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF".encode()


def refusal(raw: bytes) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read_prose(raw)
    assert caught.value.sentence
    return caught.value.error_code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_plain_text_in_the_encodings_of_the_country(encoding: str) -> None:
    assert read_prose("一、加强值班".encode(encoding)).text == "一、加强值班"


def test_word_paragraphs_and_tables() -> None:
    document = docx.Document()
    document.add_paragraph("一、加强值班")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "单位", "联系人"
    document.add_paragraph("各部门要做好值班。")
    out = io.BytesIO()
    document.save(out)
    found = read_prose(out.getvalue())
    assert found.text.split("\n")[:3] == ["一、加强值班", "单位\t联系人", "各部门要做好值班。"]
    assert found.gaps == []


def test_pictures_and_macros_are_named_as_unread() -> None:
    raw = word("<w:p><w:r><w:t>x</w:t></w:r></w:p>", word__media__a=b"1", word__vbaProject=b"")
    assert read_prose(raw).gaps == ["pictures"]
    with_macros = io.BytesIO(raw)
    with zipfile.ZipFile(with_macros, "a") as archive:
        archive.writestr("word/vbaProject.bin", b"x")
    assert read_prose(with_macros.getvalue()).gaps == ["pictures", "macros"]


def test_pdf_text_page_by_page() -> None:
    found = read_prose(pdf("Every college shall report", pages=2))
    assert found.text.count("Every college shall report") == 2
    assert found.gaps == []


def test_pages_beyond_the_limit_and_without_text_are_named() -> None:
    assert "pages_left_out" in read_prose(pdf("x", pages=205)).gaps
    writer = PdfWriter(io.BytesIO(pdf("x")))
    writer.add_blank_page(200, 200)
    out = io.BytesIO()
    writer.write(out)
    assert read_prose(out.getvalue()).gaps == ["pages_without_text"]


def test_a_pdf_with_a_password_is_refused_in_words() -> None:
    writer = PdfWriter(io.BytesIO(pdf("x")))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    assert refusal(out.getvalue()) == "pdf_encrypted"


def test_a_pdf_whose_lock_needs_another_library_has_a_password_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(*_given: object, **_named: object) -> object:
        raise DependencyError("cryptography>=3.1 is required for AES algorithm")

    monkeypatch.setattr("pypdf.PdfReader.__init__", lacking)
    assert refusal(pdf("x")) == "pdf_encrypted"


def test_what_cannot_be_read_is_refused_by_name() -> None:
    assert refusal(b"\xd0\xcf\x11\xe0" + b"\x00" * 600) == "old_word"
    assert refusal(b"PK\x03\x04broken") == "word_damaged"
    assert refusal(word("<w:p>")) == "word_damaged"
    assert refusal(b"%PDF-1.7\nbroken") == "pdf_damaged"
    assert refusal(b"\x00\x01\x02") == "not_text"
    assert refusal(b"  \n ") == "no_text"
    assert refusal(b"x" * (21 << 20)) == "file_too_large"
    sheet = io.BytesIO()
    with zipfile.ZipFile(sheet, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    assert refusal(sheet.getvalue()) == "not_word"


def test_a_bomb_is_not_unpacked() -> None:
    assert refusal(word("<w:p/>" + " " * (MOST_XML + 10))) == "word_bomb"


def test_entities_are_not_expanded() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>')
    assert refusal(out.getvalue()) == "word_damaged"


@given(st.binary(max_size=300), st.sampled_from([b"", b"%PDF-1.4\n", b"PK\x03\x04", b"\xff\xfe"]))
def test_any_bytes_are_text_or_a_typed_refusal(raw: bytes, head: bytes) -> None:
    try:
        assert read_prose(head + raw).text
    except UnreadableFile as error:
        assert error.error_code


def test_pasted_text_with_half_a_character_is_read() -> None:
    assert pasted("各部门要值班\ud800").text.startswith("各部门要值班")
