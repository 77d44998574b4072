from __future__ import annotations

from django.apps import AppConfig


class TracingConfig(AppConfig):
    name = "shouwang.tracing"
    label = "tracing"

    def ready(self) -> None:
        from shouwang.tracing import purging

        purging.connect()
