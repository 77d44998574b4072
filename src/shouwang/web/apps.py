from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "shouwang.web"
    label = "web"

    def ready(self) -> None:
        from shouwang.web import wiring

        wiring.connect()
