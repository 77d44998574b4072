from __future__ import annotations

from django.apps import AppConfig


class IsolationConfig(AppConfig):
    name = "shouwang.isolation"
    label = "isolation"

    def ready(self) -> None:
        from shouwang.isolation import purging

        purging.connect()
