"""API: one router a domain, under /api/v1. Parses, asks scope, calls one action or query, answers JSON. No logic.

May import: every room below it.
"""
