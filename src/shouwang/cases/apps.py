from __future__ import annotations

from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "shouwang.cases"
    label = "cases"

    def ready(self) -> None:
        from shouwang.cases import purging

        purging.connect()
