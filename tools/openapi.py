"""The API's description is checked in; a changed API is a reviewed diff.

python tools/openapi.py check   # exit 1 when docs/openapi.json is not what the code says
python tools/openapi.py write   # write it anew
"""

from __future__ import annotations

import difflib
import json
import os
import sys
from pathlib import Path

FILE = Path(__file__).resolve().parents[1] / "docs" / "openapi.json"


def described() -> str:
    """The OpenAPI document of the running code, with sorted keys."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwang.web.settings")
    import django

    django.setup()
    from django.utils import translation

    from shouwang.web import urls  # noqa: F401 (importing the addresses connects every router)

    with translation.override("en"):
        from shouwang.api.root import api

        schema = api.get_openapi_schema(path_prefix="/api/v1/")
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False, default=str) + "\n"


def main(arguments: list[str]) -> int:
    new = described()
    if arguments == ["write"]:
        FILE.write_text(new, encoding="utf-8")
        return 0
    if arguments != ["check"]:
        print(__doc__)
        return 2
    old = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    if old == new:
        return 0
    diff = difflib.unified_diff(old.splitlines(), new.splitlines(), "docs/openapi.json", "the code", lineterm="")
    print("\n".join(list(diff)[:80]))
    print("The API changed. If that is meant: python tools/openapi.py write, and say so in CHANGELOG.md.")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
