from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    # Apart from the sealing: PostgreSQL does not alter a table in the transaction that has changed its rows.
    dependencies = [("outreach", "0010_sealed")]

    operations = [
        migrations.RemoveField("channel", "url"),
        migrations.RemoveField("channel", "secret"),
    ]
