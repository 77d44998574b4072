"""Translation catalogues: `python tools/translations.py extract|check|compile [room ...]`.

extract  writes what the code and templates say into each room's django.po and keeps the translations there are;
         a new message that another room has translated takes that translation; what is no longer said becomes
         obsolete (`--prune` drops it)
check    lists what is untranslated, fuzzy, obsolete, has other placeholders than its original, or is translated
         differently in two rooms; exit code 1 when there is anything
compile  writes the .mo files the program reads (part of `make setup`; needs only polib)
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import polib

SOURCE = Path(__file__).resolve().parent.parent / "src/shouwang"
CATALOGUE = Path("locale/zh_Hans/LC_MESSAGES/django.po")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...]] = {
    "_": (1,),
    "gettext": (1,),
    "gettext_lazy": (1,),
    "gettext_noop": (1,),
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
HEADER = {
    "Project-Id-Version": "shouwang",
    "Language": "zh_Hans",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}
PLACEHOLDER = re.compile(r"%\([a-z_A-Z0-9]+\)[a-z]|\{[a-z_A-Z0-9.]*\}")
Key = tuple[str | None, str]


@dataclass
class Said:
    """One message as the source says it, and the files that say it."""

    plural: str | None = None
    files: list[str] = field(default_factory=list)


def rooms(names: Iterable[str]) -> list[Path]:
    """The folders of the named rooms; without names, of every room."""
    chosen = list(names) or sorted(path.name for path in SOURCE.iterdir() if (path / "__init__.py").is_file())
    unknown = [name for name in chosen if not (SOURCE / name).is_dir()]
    if unknown:
        raise SystemExit(f"no such room: {', '.join(unknown)}")
    return [SOURCE / name for name in chosen]


def said_in(room: Path) -> dict[Key, Said]:
    """Every message of a room, in the order of its files and lines."""
    found: dict[Key, Said] = {}
    for path in sorted(room.rglob("*")):
        inside = path.relative_to(room)
        if not path.is_file() or "tests" in inside.parts or "migrations" in inside.parts:
            continue
        for key, plural in messages(path):
            said = found.setdefault(key, Said())
            said.plural = said.plural or plural
            if inside.as_posix() not in said.files:
                said.files.append(inside.as_posix())
    return found


def messages(path: Path) -> Iterator[tuple[Key, str | None]]:
    """(context, message), plural of each call in a Python file or template."""
    from babel.messages.extract import extract

    if path.suffix == ".py":
        code = path.read_bytes()
    elif "templates" in path.parts and path.suffix in {".html", ".txt"}:
        from django.utils.translation.template import templatize

        # Markup becomes words, its indentation no Python: each line begins at the margin.
        lines = templatize(path.read_text(encoding="utf-8"), origin=str(path)).splitlines()
        code = "\n".join(line.lstrip() for line in lines).encode()
    else:
        return
    for _line, message, _comments, context in extract("python", BytesIO(code), KEYWORDS, (), {"encoding": "utf-8"}):
        one, plural = (message[0], message[1]) if isinstance(message, tuple) else (message, None)
        if one:
            yield (context, str(one)), str(plural) if plural else None


def catalogue(room: Path) -> polib.POFile:
    path = room / CATALOGUE
    if path.is_file():
        return polib.pofile(str(path), wrapwidth=110)
    return polib.POFile(wrapwidth=110)


def extract_room(room: Path, *, prune: bool) -> tuple[int, int]:
    """Write the catalogue of a room. Returns how many messages it has and how many lack a translation."""
    said = said_in(room)
    kept: dict[Key, polib.POEntry] = {(entry.msgctxt, entry.msgid): entry for entry in catalogue(room)}
    if not said and not kept:
        return 0, 0
    elsewhere = meanings()
    result = polib.POFile(wrapwidth=110)
    result.metadata = dict(HEADER)
    for (context, message), one in said.items():
        entry = polib.POEntry(msgid=message, msgctxt=context, occurrences=[(file, "") for file in one.files])
        if PLACEHOLDER.search(message + (one.plural or "")):
            entry.flags = ["python-format"]
        old = kept.pop((context, message), None)
        text = meaning(old) if old else ""
        text = text or next(iter(elsewhere.get((context, message), {})), "")
        if one.plural:
            entry.msgid_plural = one.plural
            entry.msgstr_plural = {0: text}
        else:
            entry.msgstr = text
        entry.tcomment = old.tcomment if old else ""
        result.append(entry)
    for entry in kept.values():
        if not prune and (entry.msgstr or entry.msgstr_plural):
            entry.obsolete, entry.occurrences, entry.flags = True, [], []
            result.append(entry)
    write(room / CATALOGUE, result)
    return len(said), len(result.untranslated_entries())


def write(path: Path, po: polib.POFile) -> None:
    """All or nothing, and only when something changed."""
    text = str(po).rstrip("\n") + "\n"
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".po.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def problems(chosen: list[Path]) -> list[str]:
    """What `check` finds in these rooms, a line each; conflicts are looked for over all rooms."""
    found: list[str] = []
    for room in chosen:
        said, po = said_in(room), catalogue(room)
        known = {(entry.msgctxt, entry.msgid): entry for entry in po if not entry.obsolete}
        found += [f"{room.name}: not in the catalogue: {key[1]!r}" for key in said if key not in known]
        found += [f"{room.name}: no longer said: {key[1]!r}" for key in known if key not in said]
        found += [f"{room.name}: obsolete: {entry.msgid!r}" for entry in po.obsolete_entries()]
        found += [f"{room.name}: {fault}: {key[1]!r}" for key, entry in known.items() for fault in faults(entry)]
    return found + conflicts()


def faults(entry: polib.POEntry) -> Iterator[str]:
    text = meaning(entry)
    original = entry.msgid_plural or entry.msgid
    if not text.strip():
        yield "not translated"
        return
    if entry.fuzzy:
        yield "fuzzy"
    if sorted(set(PLACEHOLDER.findall(original))) != sorted(set(PLACEHOLDER.findall(text))):
        yield "other placeholders"
    if original.startswith("\n") != text.startswith("\n") or original.endswith("\n") != text.endswith("\n"):
        yield "line break at an end"


def meaning(entry: polib.POEntry) -> str:
    return str(entry.msgstr_plural.get(0, "") or entry.msgstr)


def meanings() -> dict[Key, dict[str, list[str]]]:
    """Message -> translation -> the rooms that say it so."""
    found: dict[Key, dict[str, list[str]]] = {}
    for room in rooms(()):
        for entry in catalogue(room):
            if meaning(entry) and not entry.obsolete:
                found.setdefault((entry.msgctxt, entry.msgid), {}).setdefault(meaning(entry), []).append(room.name)
    return found


def conflicts() -> list[str]:
    """A message of two rooms has one meaning in the running program: whichever room comes first wins silently."""
    return [
        f"{', '.join(sorted(name for names in texts.values() for name in names))}: translated differently: "
        f"{key[1]!r}: {' | '.join(texts)}"
        for key, texts in meanings().items()
        if len(texts) > 1
    ]


def compile_rooms(chosen: list[Path]) -> int:
    """Write the .mo files. Returns how many."""
    count = 0
    for room in chosen:
        for source in sorted(room.glob("locale/*/LC_MESSAGES/django.po")):
            new = source.with_suffix(".mo.new")
            polib.pofile(str(source)).save_as_mofile(str(new))
            new.replace(source.with_suffix(".mo"))
            count += 1
    return count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["extract", "check", "compile"])
    parser.add_argument("rooms", nargs="*", help="only these rooms")
    parser.add_argument("--prune", action="store_true", help="extract: drop what is no longer said")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwang.web.settings")  # templatize asks for the file charset
    chosen = rooms(options.rooms)
    if options.command == "compile":
        print(f"{compile_rooms(chosen)} catalogues compiled")
        return 0
    if options.command == "extract":
        for room in chosen:
            total, missing = extract_room(room, prune=options.prune)
            if total:
                print(f"{room.name}: {total} messages, {missing} to translate")
        return 0
    found = problems(chosen)
    print("\n".join(found) if found else "translations are complete")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
