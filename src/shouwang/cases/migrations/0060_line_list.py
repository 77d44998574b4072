"""The place of a case's person on the case itself: the line list of a restricted role is one scan of an index."""

from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def take_places(apps, schema_editor):
    person = apps.get_model("org", "Person").objects.filter(pk=OuterRef("person_id"))
    apps.get_model("cases", "Case").objects.update(home_path=Subquery(person.values("home_path")[:1]))


class Migration(migrations.Migration):
    dependencies = [("cases", "0030_laboratory"), ("org", "0001_initial")]

    operations = [
        migrations.AddField("case", "home_path", models.CharField(blank=True, default="", max_length=64), preserve_default=False),
        migrations.RunPython(take_places, migrations.RunPython.noop),
    ]
