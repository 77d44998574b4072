from __future__ import annotations

from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "shouwang.cases"
    label = "cases"

    def ready(self) -> None:
        from shouwang.cases import purging
        from shouwang.cases.inward import files as inward
        from shouwang.cases.laboratory import files

        purging.connect()
        files.connect()
        inward.connect()
