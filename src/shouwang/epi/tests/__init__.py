"""Tests of the exposure arithmetic; none of them needs a database."""
