from django.db import migrations

BATCH = 2000


def write_keys(apps, schema_editor):
    """Keys of everybody who stands on the roster already; a million people take some minutes, a batch a statement."""
    from shouwang.org.merging.keys import COLUMNS, keys

    people, model = apps.get_model("org", "Person"), apps.get_model("org", "PersonKey")
    last = 0
    while rows := list(people.objects.filter(pk__gt=last).order_by("pk").values_list(*COLUMNS)[:BATCH]):
        last = rows[-1][0]
        model.objects.bulk_create(keys(rows, model), batch_size=BATCH, ignore_conflicts=True)


class Migration(migrations.Migration):

    dependencies = [
        ("org", "0010_merging"),
    ]

    operations = [
        migrations.RunPython(write_keys, migrations.RunPython.noop, elidable=True),
    ]
