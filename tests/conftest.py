"""What tests of the whole house share: the room fixtures, and one story told once for a whole file of tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.test import TestCase

from shouwang.conftest import QUICK_HASHERS, cast, empty_cache, noon, own_language, real_data, sign_in

if TYPE_CHECKING:
    from pytest_django import Settings
    from pytest_django.plugin import DjangoDbBlocker

    from tests.story import Story

__all__ = ["cast", "empty_cache", "noon", "own_home", "own_language", "real_data", "sign_in", "story"]


class Kept(TestCase):
    """Lends its class-wide transaction: what the story writes is rolled back after the file of tests."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def own_home(settings: Settings, home: Path) -> Path:
    """Files of one file of tests never meet those of another, nor anybody's real ones."""
    _settle(settings, home)
    return home


def _settle(settings: object, home: Path) -> None:
    values = {
        "HOME": home,
        "FILES_ROOT": home / "files",
        "SEGMENTS_ROOT": home / "segments",
        "PACKS_ROOT": home / "packs",
        "PASSWORD_HASHERS": QUICK_HASHERS,
    }
    for name, value in values.items():
        setattr(settings, name, value)


@pytest.fixture(scope="module")
def story(django_db_setup: None, django_db_blocker: DjangoDbBlocker, home: Path) -> Iterator[Story]:
    """The story of tests/story.py at noon; tests undo what they write themselves (`tests.walk.undone`)."""
    from django.test import override_settings

    from shouwang.core import packs
    from shouwang.core.models import ActivePack
    from shouwang.org.tests.cast import NOON, SINCE, assemble
    from tests.story import COVID, tell

    roots = {"FILES_ROOT": home / "files", "SEGMENTS_ROOT": home / "segments", "PACKS_ROOT": home / "packs"}
    with django_db_blocker.unblock(), time_machine.travel(NOON, tick=False), override_settings(HOME=home, **roots):
        Kept.setUpClass()
        try:
            pack = packs.get_pack(COVID)
            ActivePack.objects.create(code=pack.code, sha256=pack.sha256, active_from=SINCE)
            yield tell(assemble(), home)
        finally:
            Kept.tearDownClass()
