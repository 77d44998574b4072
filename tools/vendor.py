"""Fetch the vendored front end: `python tools/vendor.py` (needs npm and the network), `--check` (needs neither).

VENDOR.toml names packages, versions and the files to take; this writes them, a compressed copy of each text that a
browser loads (WhiteNoise serves it), the icon sprite, and HASHES.toml with the SHA-512 of every file.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).resolve().parent.parent / "src/shouwang/web/static/web/vendor"
LOADED = {".css", ".js", ".svg"}
SOURCE_MAP = re.compile(rb"\n?(?:/\*# sourceMappingURL=[^\n]* \*/|//# sourceMappingURL=[^\n]*)\s*$")
# The tarball of Tabler carries no licence file; this is the text of its repository.
TABLER_LICENCE = """The MIT License (MIT)

Copyright (c) 2018-2025 The Tabler Authors
Copyright (c) 2011-2025 The Bootstrap Authors (Bootstrap 5.3, contained in tabler.min.css and tabler.min.js)
Copyright (c) 2019 Federico Zivolo (Popper 2, contained in tabler.min.js)

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in
all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN
THE SOFTWARE.
"""


def read_toml(name: str) -> dict[str, Any]:
    return tomllib.loads((VENDOR / name).read_text(encoding="utf-8"))


def folder(package: dict[str, Any]) -> Path:
    return VENDOR / f"{package['name']}-{package['version']}"


def fetch(package: dict[str, Any], work: Path) -> tarfile.TarFile:
    """The published tarball. npm checks it against the integrity hash of the registry."""
    wanted = f"{package['upstream']}@{package['version']}"
    done = subprocess.run(["npm", "pack", "--json", wanted], cwd=work, check=True, capture_output=True, text=True)
    return tarfile.open(work / json.loads(done.stdout)[0]["filename"])


def member(tar: tarfile.TarFile, path: str) -> bytes:
    file = tar.extractfile(f"package/{path}")
    if file is None:
        raise SystemExit(f"{path} is not a file in the package")
    return file.read()


def sprite(tar: tarfile.TarFile) -> bytes:
    """One SVG with a <symbol> for each wanted icon, in alphabetical order."""
    symbols = []
    for name in sorted(read_toml("ICONS.toml")["names"]):
        text = member(tar, f"icons/outline/{name}.svg").decode()
        inner = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
        shapes = re.findall(r"<[a-z].*?/>", inner, flags=re.DOTALL)
        drawn = "".join(re.sub(r"\s+", " ", shape) for shape in shapes if 'stroke="none" d="M0 0h24' not in shape)
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{drawn}</symbol>')
    strokes = 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {strokes}>'
    return "\n".join([head, *symbols, "</svg>", ""]).encode()


def put(file: Path, content: bytes) -> None:
    """The file and, when a browser loads it, its compressed neighbour (no time stamp inside: same bytes every run)."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    if file.suffix in LOADED:
        packed = io.BytesIO()
        with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=9, mtime=0) as stream:
            stream.write(content)
        file.with_name(file.name + ".gz").write_bytes(packed.getvalue())


def take(package: dict[str, Any], work: Path) -> None:
    with fetch(package, work) as tar:
        for path in package["take"]:
            content = member(tar, path)
            if Path(path).suffix in LOADED:
                content = SOURCE_MAP.sub(b"\n", content)
            put(folder(package) / Path(path).name, content)
        if package["name"] == "tabler-icons":
            put(folder(package) / "sprite.svg", sprite(tar))
    if package["name"] == "tabler":
        put(folder(package) / "LICENSE", TABLER_LICENCE.encode())


def hashes() -> dict[str, str]:
    """Path below the vendor folder -> SHA-512, for every file but the three TOML files themselves."""
    files = sorted(path for path in VENDOR.rglob("*") if path.is_file() and path.suffix != ".toml")
    return {path.relative_to(VENDOR).as_posix(): hashlib.sha512(path.read_bytes()).hexdigest() for path in files}


def problems() -> list[str]:
    """What differs between HASHES.toml and the folder: changed, missing and unlisted files, unknown folders."""
    listed: dict[str, str] = read_toml("HASHES.toml")["sha512"]
    found = hashes()
    wanted = {folder(package).name for package in read_toml("VENDOR.toml")["package"]}
    return [
        *(f"missing: {path}" for path in sorted(listed.keys() - found.keys())),
        *(f"not listed: {path}" for path in sorted(found.keys() - listed.keys())),
        *(f"changed: {path}" for path in sorted(listed.keys() & found.keys()) if listed[path] != found[path]),
        *(f"no such package: {path}" for path in sorted(found) if path.split("/")[0] not in wanted),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare the files with their hashes and change nothing")
    if not parser.parse_args().check:
        with tempfile.TemporaryDirectory() as work:
            for package in read_toml("VENDOR.toml")["package"]:
                take(package, Path(work))
        lines = [f'"{path}" = "{digest}"' for path, digest in hashes().items()]
        head = "# SHA-512 of every vendored file. Written by tools/vendor.py.\n\n[sha512]\n"
        (VENDOR / "HASHES.toml").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    found = problems()
    print("\n".join(found) if found else f"{len(hashes())} vendored files are as listed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
