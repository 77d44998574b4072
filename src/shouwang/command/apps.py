from __future__ import annotations

from django.apps import AppConfig


class CommandConfig(AppConfig):
    name = "shouwang.command"
    label = "command"
