"""A place belongs to an organisation. Existing places go to the only root; with several roots they stay shared."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


def give(apps, schema_editor):
    roots = list(apps.get_model("org", "Organisation").objects.filter(parent=None, ends=None)[:2])
    if len(roots) == 1:
        apps.get_model("org", "Place").objects.update(owner=roots[0])


class Migration(migrations.Migration):
    dependencies = [("org", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="place",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="places",
                to="org.organisation",
            ),
        ),
        migrations.RunPython(give, migrations.RunPython.noop, elidable=True),
    ]
