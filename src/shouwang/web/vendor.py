"""Where the vendored front end lies. Versions stand in VENDOR.toml; folders carry them, so a file never changes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

STATIC = Path(__file__).resolve().parent / "static"
ROOT = "web/vendor"


def manifest() -> list[dict[str, Any]]:
    """The packages of VENDOR.toml: name, version, licence, upstream, and what is taken."""
    with (STATIC / ROOT / "VENDOR.toml").open("rb") as file:
        packages: list[dict[str, Any]] = tomllib.load(file)["package"]
    return packages


_FOLDERS = {package["name"]: f"{ROOT}/{package['name']}-{package['version']}" for package in manifest()}
ICON_SPRITE = f"{_FOLDERS['tabler-icons']}/sprite.svg"
FILES = {
    "tabler_css": f"{_FOLDERS['tabler']}/tabler.min.css",
    "tabler_js": f"{_FOLDERS['tabler']}/tabler.min.js",
    "htmx_js": f"{_FOLDERS['htmx']}/htmx.min.js",
    "echarts_js": f"{_FOLDERS['echarts']}/echarts.min.js",
}
