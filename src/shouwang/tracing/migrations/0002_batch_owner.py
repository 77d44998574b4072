"""A presence file belongs to the institution that brought it. Existing ones go to the only root; with several they stay
open to all."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


def give(apps, schema_editor):
    roots = list(apps.get_model("org", "Organisation").objects.filter(parent=None, ends=None)[:2])
    if len(roots) == 1:
        apps.get_model("tracing", "PresenceBatch").objects.update(owner=roots[0])


class Migration(migrations.Migration):
    dependencies = [("org", "0002_place_owner"), ("tracing", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="presencebatch",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="org.organisation",
            ),
        ),
        migrations.RemoveConstraint(model_name="presencebatch", name="batch_once"),
        migrations.AddConstraint(
            model_name="presencebatch",
            constraint=models.UniqueConstraint(fields=("source", "sha256", "options_key", "owner"), name="batch_once"),
        ),
        migrations.AddConstraint(
            model_name="presencebatch",
            constraint=models.UniqueConstraint(
                fields=("source", "sha256", "options_key"), condition=models.Q(owner=None), name="batch_once_shared"
            ),
        ),
        migrations.RunPython(give, migrations.RunPython.noop, elidable=True),
    ]
