"""Files that Collect sends beside the answers: in one post or several, checked, cleaned, walled, purged."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cli.surveys import survey
from shouwang.core import purging
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast
from shouwang.surveys import actions, kept
from shouwang.surveys.models import Attachment, Campaign, Submission
from shouwang.surveys.rules import attachments as rules
from shouwang.surveys.tests import scenes
from shouwang.surveys.tests.forms import Rows
from shouwang.surveys.tests.test_openrosa import basic

ROWS: Rows = (
    {"type": "text", "name": "city", "label::中文 (zh)": "哪里", "label::English (en)": "Where?"},
    {"type": "image", "name": "ticket", "label::中文 (zh)": "车票", "label::English (en)": "Ticket"},
    {"type": "audio", "name": "cough", "label::中文 (zh)": "咳嗽声", "label::English (en)": "Cough"},
)
PLACE: Rows = (*ROWS, {"type": "geopoint", "name": "spot", "label::中文 (zh)": "位置", "label::English (en)": "Place"})
SECRET = b"31.2304N 121.4737E"


def exif(orientation: int = 6) -> bytes:
    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0) + SECRET
    return b"\xff\xe1" + struct.pack(">H", 2 + 6 + len(tiff)) + b"Exif\0\0" + tiff


SCAN = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"picture\xff\x00itself" + b"\xff\xd9"
TABLE = b"\xff\xdb\x00\x04ab"
JPEG = b"\xff\xd8" + exif() + b"\xff\xfe\x00\x14" + SECRET + TABLE + SCAN + b"trailer " + SECRET
AMR = b"#!AMR\n" + bytes(20)


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + name + body


M4A = (
    box(b"ftyp", b"M4A \0\0\0\0") + box(b"moov", box(b"mvhd", bytes(8)) + box(b"udta", SECRET)) + box(b"mdat", b"sound")
)


def xml(campaign: Campaign, *, key: str = "uuid:1", ticket: str = "t.jpg", cough: str = "c.amr") -> bytes:
    return (
        f'<data xmlns:orx="http://openrosa.org/xforms" id="went__s{campaign.pk}" version="1"><city>上海</city>'
        f"<ticket>{ticket}</ticket><cough>{cough}</cough>"
        f"<orx:meta><orx:instanceID>{key}</orx:instanceID></orx:meta></data>"
    ).encode()


def post(campaign: Campaign, files: dict[str, bytes], *, by: str = "lin", **words: str) -> Any:
    parts: dict[str, Any] = {"xml_submission_file": SimpleUploadedFile("s.xml", xml(campaign, **words))}
    parts |= {name: SimpleUploadedFile(name, content) for name, content in files.items()}
    return Client(enforce_csrf_checks=True).post("/openrosa/submission", parts, headers=basic(by))


@pytest.fixture
def asked(cast: Cast) -> Campaign:
    return scenes.opened(cast, rows=ROWS)


def stored() -> list[Path]:
    return [path for path in kept.root().glob("??/*") if path.is_file()]


def test_files_come_in_one_post_or_in_several(asked: Campaign) -> None:
    answer = post(asked, {"t.jpg": JPEG, "c.amr": AMR, "other.jpg": JPEG})
    assert answer.status_code == 201
    rows = Attachment.objects.order_by("name")
    assert [(row.name, row.kind, row.cleaned) for row in rows] == [
        ("c.amr", "audio/amr", False), ("t.jpg", "image/jpeg", True),
    ]  # fmt: skip
    made = Submission.objects.get()
    assert made.answers == {"city": "上海", "ticket": "t.jpg", "cough": "c.amr"}
    assert post(asked, {}, key="uuid:2", cough="late.amr").status_code == 201
    for files in ({"late.amr": AMR}, {"late.amr": AMR}, {"t.jpg": JPEG}):
        assert post(asked, files, key="uuid:2", cough="late.amr").status_code == 201
    later = Submission.objects.get(client_key="uuid:2")
    assert sorted(later.files.values_list("name", flat=True)) == ["late.amr", "t.jpg"]
    assert len(stored()) == 4
    told = AuditEntry.objects.filter(verb="survey.attached").order_by("pk")
    assert [entry.new for entry in told] == [{"files": 2}, {"files": 1}, {"files": 1}]


def test_what_a_closed_campaign_has_of_answers_may_still_get_its_files(cast: Cast, asked: Campaign) -> None:
    assert post(asked, {}).status_code == 201
    actions.close_campaign(asked, by=cast.by("su"), at=NOON + timedelta(hours=1))
    assert post(asked, {"t.jpg": JPEG}).status_code == 201
    assert Attachment.objects.count() == 1
    assert post(asked, {"t.jpg": JPEG}, key="uuid:9").status_code == 409
    assert Attachment.objects.count() == 1 and len(stored()) == 1


@pytest.mark.parametrize(
    ("files", "status", "words"),
    [
        ({"t.jpg": b""}, 400, "t.jpg"),
        ({"t.jpg": b"MZ this is a program"}, 400, "t.jpg"),
        ({"t.jpg": b"<html><script>"}, 400, "t.jpg"),
        ({"t.jpg": AMR}, 400, "t.jpg"),
        ({"c.amr": JPEG}, 400, "c.amr"),
        ({"t.jpg": b"\xff\xd8\xff\xe1\xff\xff"}, 400, "t.jpg"),
        ({"t.jpg": JPEG + bytes(rules.MOST_BYTES)}, 400, "10 MB"),
        ({"c.amr": AMR, "t.jpg": b"GIF89a"}, 400, "t.jpg"),
    ],
)
def test_a_bad_file_is_named_and_nothing_of_its_post_is_kept(
    asked: Campaign, files: dict[str, bytes], status: int, words: str
) -> None:
    answer = post(asked, files)
    assert answer.status_code == status and words in answer.content.decode()
    assert not Submission.objects.exists() and not Attachment.objects.exists() and stored() == []


def test_limits_of_one_post(asked: Campaign) -> None:
    answer = post(asked, {f"{k}.amr": AMR for k in range(rules.MOST_FILES + 1)})
    assert answer.status_code == 400 and "50" in answer.content.decode()
    part = SimpleUploadedFile("s.xml", b"x" * (13 << 20))
    answer = Client().post("/openrosa/submission", {"xml_submission_file": part}, headers=basic("lin"))
    assert answer.status_code == 413
    assert post(asked, {}, ticket="../../etc/passwd").status_code == 400
    assert not Submission.objects.exists()


def test_the_same_name_with_other_content_is_a_conflict(asked: Campaign) -> None:
    assert post(asked, {"c.amr": AMR}).status_code == 201
    assert post(asked, {"c.amr": AMR + b"x", "t.jpg": JPEG}).status_code == 409
    assert [row.name for row in Attachment.objects.all()] == ["c.amr"] and len(stored()) == 1


def test_where_a_picture_was_taken_is_kept_only_when_the_form_asks_for_it(cast: Cast) -> None:
    plain, asking = scenes.opened(cast, rows=ROWS), scenes.opened(cast, rows=PLACE)
    for k, campaign in enumerate((plain, asking)):
        assert post(campaign, {"t.jpg": JPEG, "c.amr": M4A}, key=f"uuid:{k}").status_code == 201
    for campaign, tells in ((plain, False), (asking, True)):
        for row in Attachment.objects.filter(submission__campaign=campaign):
            content = kept.get(row.stored_as) or b""
            assert (SECRET in content) is tells and row.cleaned is not tells


def test_who_may_look_and_each_look_is_recorded(cast: Cast, asked: Campaign, sign_in: Callable[[str], Client]) -> None:
    post(asked, {"t.jpg": JPEG})
    row, made = Attachment.objects.get(), Submission.objects.get()
    page, api = f"/surveys/files/{row.pk}/", f"/api/v1/surveys/files/{row.pk}"
    for name in ("wang", "meng", "xu", "qiu", "su"):
        client = sign_in(name)
        assert (client.get(page).status_code, client.get(api).status_code) == (404, 404), name
    he = sign_in("he")
    got = he.get(page)
    assert got.status_code == 200 and got["Content-Type"] == "image/jpeg" and SECRET not in got.content
    assert (
        got["Content-Security-Policy"] == "default-src 'none'; sandbox" and got["Cache-Control"] == "private, no-store"
    )
    assert he.get(api).content == got.content == sign_in("lin").get(page).content
    assert AuditEntry.objects.filter(verb="survey.read", account=cast.account["he"].pk, subject=made.person_id).exists()
    shown = he.get(f"/surveys/answers/{made.pk}/").content.decode()
    assert f'src="{page}"' in shown and "c.amr" in shown and "尚未收到" in shown
    assert "t.jpg" in he.get(f"/api/v1/surveys/{asked.pk}/answers").json()["items"][0]["files"][0]["name"]
    kept.remove([row.stored_as])
    assert he.get(page).status_code == 404


def test_the_excel_file_names_files_and_says_where_they_are(
    asked: Campaign, sign_in: Callable[[str], Client], tmp_path: Path
) -> None:
    post(asked, {"t.jpg": JPEG})
    row = Attachment.objects.get()
    raw = sign_in("he").get(f"/surveys/{asked.pk}/export/").content
    target = tmp_path / "a.xlsx"
    target.write_bytes(raw)
    head, line = cells(target)
    where = dict(zip(head, line, strict=True))
    assert where["车票"] == "t.jpg" and where["咳嗽声"] == "c.amr"
    assert f"http://testserver/surveys/files/{row.pk}/" in line and "未收到" in line


def cells(path: Path) -> list[list[Any]]:
    from openpyxl import load_workbook

    rows = list(load_workbook(path).worksheets[0].iter_rows(values_only=True))
    begin = next(k for k, row in enumerate(rows) if "车票" in row)
    return [list(row) for row in rows[begin : begin + 2]]


def test_the_command_line_writes_them_into_a_folder(asked: Campaign, tmp_path: Path) -> None:
    post(asked, {"t.jpg": JPEG, "c.amr": AMR})
    done = CliRunner().invoke(survey, ["files", str(asked.pk), str(tmp_path / "out"), "--json"])
    assert done.exit_code == 0, done.output
    assert len(json.loads(done.output.splitlines()[-1])["rows"]) == 2
    assert {path.name.split("-")[1] for path in (tmp_path / "out").iterdir()} == {"t.jpg", "c.amr"}


def test_files_go_with_the_answers_and_what_nobody_knows_goes_too(asked: Campaign) -> None:
    import os

    post(asked, {"t.jpg": JPEG})
    orphan = kept.root() / "aa" / ("a" * 32)
    orphan.parent.mkdir(parents=True, exist_ok=True)
    orphan.write_bytes(b"of a post that failed")
    os.utime(orphan, (0, 0))
    due = Submission.objects.get().purge_on
    purging.purge(on=due - timedelta(days=1), at=NOON)
    assert Attachment.objects.count() == 1
    purging.purge(on=due, at=NOON)
    assert not Attachment.objects.exists() and stored() == []


def test_the_picture_itself_stays_and_so_does_how_it_is_turned() -> None:
    clean = rules.clean_jpeg(JPEG)
    assert SECRET not in clean and clean.endswith(TABLE + SCAN) and clean[:2] == b"\xff\xd8"
    assert rules._orientation(clean[clean.index(b"Exif\0\0") + 6 :]) == 6
    assert rules.clean_jpeg(clean) == clean
    upright = b"\xff\xd8" + exif(1) + TABLE + SCAN
    assert rules.clean_jpeg(upright) == b"\xff\xd8" + TABLE + SCAN


def test_other_containers_lose_what_tells_of_a_place() -> None:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + b"crc!"

    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", b"h")
        + chunk(b"eXIf", SECRET)
        + chunk(b"IDAT", b"d")
        + chunk(b"IEND", b"")
    )
    assert rules.clean_png(png) == png.replace(chunk(b"eXIf", SECRET), b"")

    def riff(name: bytes, body: bytes) -> bytes:
        return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)

    body = b"WEBP" + riff(b"VP8X", b"\x0c" + bytes(9)) + riff(b"VP8 ", b"picture") + riff(b"EXIF", SECRET)
    webp = rules.clean_webp(b"RIFF" + struct.pack("<I", len(body)) + body)
    assert SECRET not in webp and b"picture" in webp and webp[20] == 0
    assert struct.unpack("<I", webp[4:8])[0] == len(webp) - 8
    film = rules.clean_boxes(M4A)
    assert SECRET not in film and len(film) == len(M4A) and film.endswith(box(b"mdat", b"sound"))


@given(st.sampled_from(sorted(rules.CLEANERS)), st.binary(max_size=200), st.integers(0, 400))
def test_no_file_however_broken_does_more_than_be_refused(kind: str, noise: bytes, cut: int) -> None:
    heads = {"image/jpeg": JPEG, "image/png": b"\x89PNG\r\n\x1a\n", "image/webp": b"RIFF\0\0\0\0WEBP"}
    whole = heads.get(kind, M4A)
    raw = whole[: max(cut, 8)] + noise
    try:
        rules.CLEANERS[kind](raw)
    except (struct.error, IndexError, ValueError):
        return
