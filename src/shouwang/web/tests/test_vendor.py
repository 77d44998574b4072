"""The vendored front end is what its list says: every file hashed, every file listed, every licence beside it."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest
from django.test import Client
from tools.vendor import VENDOR, folder, problems, read_toml

from shouwang.web import vendor

pytestmark = pytest.mark.files


def test_every_file_is_as_listed() -> None:
    assert problems() == []


def test_changed_missing_and_unlisted_files_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "vendor"
    shutil.copytree(VENDOR, copy)
    monkeypatch.setattr("tools.vendor.VENDOR", copy)
    package = next(copy.glob("htmx-*"))
    (package / "htmx.min.js").write_text("alert(1)", encoding="utf-8")
    (package / "LICENSE").unlink()
    (copy / "left-pad-1.0").mkdir()
    (copy / "left-pad-1.0/index.js").write_text("", encoding="utf-8")
    assert problems() == [
        f"missing: {package.name}/LICENSE",
        "not listed: left-pad-1.0/index.js",
        f"changed: {package.name}/htmx.min.js",
        "no such package: left-pad-1.0/index.js",
    ]


def test_every_package_brings_its_licence() -> None:
    for package in read_toml("VENDOR.toml")["package"]:
        assert (folder(package) / "LICENSE").stat().st_size > 500, package["name"]
        assert package["licence"] in {"MIT", "0BSD", "Apache-2.0"}


def test_compressed_neighbours_hold_the_same_bytes() -> None:
    packed = sorted(VENDOR.rglob("*.gz"))
    assert len(packed) == len(vendor.FILES) + 1  # and the icon sprite
    for path in packed:
        assert gzip.decompress(path.read_bytes()) == path.with_suffix("").read_bytes(), path.name


def test_no_file_names_a_source_map_that_is_not_there() -> None:
    for path in [*VENDOR.rglob("*.js"), *VENDOR.rglob("*.css")]:
        assert b"sourceMappingURL" not in path.read_bytes(), path.name


def test_vendored_files_are_served_compressed_and_kept_for_ever(client: Client) -> None:
    response = client.get(f"/static/{vendor.FILES['htmx_js']}", headers={"accept-encoding": "gzip"})
    assert response.status_code == 200
    assert response.headers["Content-Encoding"] == "gzip"
    assert "immutable" in response.headers["Cache-Control"]
