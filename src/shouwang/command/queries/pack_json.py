"""A pack sheet, a row of the list and a judgement as JSON, the same for the API and the command line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shouwang.command.queries.pack_words import Tree
from shouwang.command.queries.packs import Judged, PackRow, PackSheet


def row_json(row: PackRow) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": str(row.name) if row.name else None,
        "disease": row.disease or None,
        "edition": row.edition or None,
        "in_force_from": row.in_force_from,
        "in_force_to": row.in_force_to,
        "sources": row.sources,
        "assumptions": row.assumptions,
        "shipped": row.shipped,
        "active": row.active,
        "changed": row.changed,
        "sha256": row.sha256 or None,
        "fault": row.fault or None,
    }


def sheet_json(sheet: PackSheet) -> dict[str, Any]:
    head = sheet.pack.head
    return {
        "code": head.code,
        "name": str(head.name),
        "disease": head.disease,
        "edition": head.edition,
        "in_force_from": head.in_force_from,
        "in_force_to": head.in_force_to,
        "sha256": sheet.pack.sha256,
        "parts": [
            {
                "code": part.code,
                "title": part.title,
                "lines": [
                    {"label": line.label, "text": line.text, "source": line.source.id if line.source else None}
                    for line in part.lines
                ],
            }
            for part in sheet.parts
        ],
        "criteria": [
            {"code": item.code, "kind": item.kind, "name": str(item.name), "source": item.source}
            for item in sheet.criteria
        ],
        "definitions": [
            {"classification": item.classification, "name": item.name, "rule": tree_json(item.tree)}
            for item in sheet.definitions
        ],
        "sources": [
            {"id": source.id, "kind": source.kind, "text": source.text, "url": source.url}
            for source in sheet.pack.sources.values()
        ],
        "versions": [
            {"active_from": spell.active_from, "active_to": spell.active_to, "sha256": spell.sha256}
            for spell in sheet.versions
        ],
    }


def tree_json(tree: Tree) -> Any:
    """A criterion is its name; a rule is its head and its entries."""
    return {"head": tree.head, "of": [tree_json(entry) for entry in tree.entries]} if tree.entries else tree.head


def flattened(tree: Tree, depth: int = 0) -> Iterator[tuple[int, str]]:
    """The lines of a tree with their depth, for the terminal."""
    yield depth, tree.head
    for entry in tree.entries:
        yield from flattened(entry, depth + 1)


def judged_json(found: Judged) -> dict[str, Any]:
    return {
        "classification": found.classification or None,
        "name": found.name or None,
        "could_be": list(found.could_be),
        "findings": [
            {"classification": item.classification, "met": item.met, "open": list(item.open)} for item in found.findings
        ],
    }
