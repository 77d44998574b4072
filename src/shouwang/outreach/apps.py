from __future__ import annotations

from django.apps import AppConfig


class OutreachConfig(AppConfig):
    name = "shouwang.outreach"
    label = "outreach"

    def ready(self) -> None:
        from shouwang.outreach import purging

        purging.connect()
