"""Tests of what comes into this room hear no room above cases."""

from shouwang.cases.tests.conftest import alone

__all__ = ["alone"]
