from __future__ import annotations

from django.apps import AppConfig


class OrgConfig(AppConfig):
    name = "shouwang.org"
    label = "org"

    def ready(self) -> None:
        from shouwang.core import imports
        from shouwang.org.roster.direct import KIND
        from shouwang.org.roster.importer import RosterImporter

        imports.register(KIND, RosterImporter())
