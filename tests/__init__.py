"""Tests of the whole house: sizes, addresses, docs, OpenAPI, translations, and the story in a browser."""
