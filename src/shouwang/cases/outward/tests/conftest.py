"""Tests of what leaves this room hear no room above cases."""

from shouwang.cases.tests.conftest import alone

__all__ = ["alone"]
