from __future__ import annotations

from django.apps import AppConfig


class CheckinsConfig(AppConfig):
    name = "shouwang.checkins"
    label = "checkins"

    def ready(self) -> None:
        from shouwang.checkins import purging

        purging.connect()
