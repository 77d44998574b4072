from __future__ import annotations

from django.apps import AppConfig


class OrgConfig(AppConfig):
    name = "shouwang.org"
    label = "org"

    def ready(self) -> None:
        from shouwang.core import imports, verbs
        from shouwang.org import purging
        from shouwang.org.roster.direct import KIND
        from shouwang.org.roster.importer import RosterImporter
        from shouwang.org.words import VERBS

        imports.register(KIND, RosterImporter())
        verbs.register(VERBS)
        purging.connect()
