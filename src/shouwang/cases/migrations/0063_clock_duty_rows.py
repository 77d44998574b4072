"""Clocks that are there already: their person's place, and which of them are awaited. Apart from the columns: PostgreSQL
makes no index in a transaction that has changed rows of the table."""

from django.db import migrations
from django.db.models import F, OuterRef, Subquery


def take_along(apps, schema_editor):
    clock = apps.get_model("cases", "Clock")
    case = apps.get_model("cases", "Case").objects.filter(pk=OuterRef("case_id"))
    clock.objects.update(home_path=Subquery(case.values("home_path")[:1]))
    waiting = clock.objects.filter(state__in=("running", "overdue"), case__closed_at__isnull=True, ended_at__isnull=True)
    clock.objects.filter(pk__in=waiting.values("pk")).update(awaited=True, step_at=F("due_at"))


class Migration(migrations.Migration):
    dependencies = [("cases", "0062_clock_duty")]

    operations = [migrations.RunPython(take_along, migrations.RunPython.noop)]
