"""The index of the line list; apart from 0060, because PostgreSQL makes no index on rows changed just before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0060_line_list")]

    operations = [
        migrations.AddIndex(
            "case",
            models.Index(
                fields=[
                    "-opened_at", "-id", "home_path", "person", "disease", "pack", "classification",
                    "onset_at", "detected_at", "reported_at", "classified_at",
                ],
                name="case_lines",
            ),
        ),
    ]
