from __future__ import annotations

import json
from typing import Any

from django.db import migrations, models

from shouwang.core import sealing


def close(apps: Any, schema_editor: Any) -> None:
    """Seal every address that stands in clear. What is overwritten on SQLite is overwritten with zeros, so that no page
    of the file keeps it."""
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("PRAGMA secure_delete = ON")
    model = apps.get_model("outreach", "Channel")
    rows = list(model.objects.exclude(url=""))
    if rows:
        sealing.make_key()
    for row in rows:
        row.sealed = sealing.seal(json.dumps([row.url, row.secret]))
        row.url = row.secret = ""
        row.save(update_fields=["sealed", "url", "secret"])


def reopen(apps: Any, schema_editor: Any) -> None:
    for row in apps.get_model("outreach", "Channel").objects.exclude(sealed=""):
        row.url, row.secret = json.loads(sealing.unseal(row.sealed))
        row.save(update_fields=["url", "secret"])


class Migration(migrations.Migration):
    dependencies = [("outreach", "0001_initial")]

    operations = [
        migrations.AddField("channel", "sealed", models.TextField(blank=True, default=""), preserve_default=False),
        migrations.AlterField("channel", "url", models.CharField(max_length=1000, default="")),
        migrations.RunPython(close, reopen),
    ]
