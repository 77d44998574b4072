"""Docs are tested against the code: every room, setting and command has its line; every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shouwang.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
ROOMS = [*sorted(path.parent.name for path in (ROOT / "src" / "shouwang").glob("*/apps.py")), "epi", "cli"]


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_its_page(room: str) -> None:
    page = ROOT / "docs" / "rooms" / f"{room}.md"
    assert page.is_file(), f"docs/rooms/{room}.md is missing"
    assert len(page.read_text(encoding="utf-8")) > 400


def test_every_setting_is_listed() -> None:
    code = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py") if "tests" not in path.parts
    )
    used = set(re.findall(r"\"(SHOUWANG_[A-Z_]+)\"", code)) - {"SHOUWANG_TEST_DATA", "SHOUWANG_NO_SKIPS"}
    listed = set(re.findall(r"`(SHOUWANG_[A-Z_]+)`", (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")))
    assert used
    assert used - listed == set()


def test_every_command_has_its_line() -> None:
    text = (ROOT / "docs" / "rooms" / "cli.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"shouwang {name}" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    broken = [t for t in targets if "://" not in t and not t.startswith("/") and not (page.parent / t).exists()]
    assert broken == []


def test_the_repository_speaks_of_the_product_alone() -> None:
    import subprocess

    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    machine = re.compile("/" + r"(?:work|farm|root)/|sub" + "agent")
    bad = []
    for name in listed.decode().split("\0"):
        path = ROOT / name
        if not name or not path.is_file() or "vendor" in path.parts or path.suffix in {".png", ".xlsx", ".docx"}:
            continue
        if machine.search(path.read_text(encoding="utf-8", errors="ignore")):
            bad.append(name)
    assert bad == []


def test_lock_files_hold_no_address() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert not re.search(r"https?://|--index-url|--extra-index-url|--find-links", text)
