from __future__ import annotations

from django.apps import AppConfig


class CommandConfig(AppConfig):
    name = "shouwang.command"
    label = "command"

    def ready(self) -> None:
        from shouwang.command import purging

        purging.connect()
