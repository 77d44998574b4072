"""Measurements of the product against its peers; `python -m bench.NAME` runs one and ends with a JSON line."""

from __future__ import annotations
