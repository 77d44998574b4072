"""Core: what every room stands on and no room owns.

Owns: the clock, typed errors, actors and scope, materialised paths, audit, events, numbers, packs (protocol
documents as data), files (tables, sheets, Word), HTMX's one predicate. Knows no disease word.
May import: nothing of shouwang.
"""
