from __future__ import annotations

from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "shouwang.surveys"
    label = "surveys"

    def ready(self) -> None:
        from shouwang.surveys import purging

        purging.connect()
