"""Who is told of a clock, whose work it is, what happened to it; and the place of its person, for the list of late ones."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0061_line_index'),
        ('org', '0011_person_keys'),
    ]

    operations = [
        migrations.CreateModel(
            name='ClockEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=20)),
                ('what', models.CharField(choices=[('owner', 'told who answers for it'), ('deputy', 'told the deputy'), ('above', 'told the unit above'), ('moved', 'due time moved'), ('gone', 'no longer counted: the date it begins at is unknown')], max_length=6)),
                ('step', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('was_due_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['at', 'id'],
            },
        ),
        migrations.AddField(
            model_name='clock',
            name='awaited',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='clock',
            name='home_path',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='clock',
            name='step_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='clock',
            name='steps',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='clock',
            name='unit',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='org.organisation'),
        ),
        migrations.AddIndex(
            model_name='clock',
            index=models.Index(condition=models.Q(('awaited', True)), fields=['due_at', 'id', 'home_path', 'case'], name='clock_awaited'),
        ),
        migrations.AddIndex(
            model_name='clock',
            index=models.Index(condition=models.Q(('step_at__isnull', False)), fields=['step_at'], name='clock_step'),
        ),
        migrations.AddIndex(
            model_name='clock',
            index=models.Index(condition=models.Q(('awaited', True)), fields=['owner'], name='clock_owner'),
        ),
        migrations.AddField(
            model_name='clockevent',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='clock_events', to='cases.case'),
        ),
        migrations.AddField(
            model_name='clockevent',
            name='person',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='org.person'),
        ),
        migrations.AddField(
            model_name='clockevent',
            name='unit',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='org.organisation'),
        ),
        migrations.AddIndex(
            model_name='clockevent',
            index=models.Index(condition=models.Q(('person__isnull', False)), fields=['at'], name='clock_told_at'),
        ),
        migrations.AddIndex(
            model_name='clockevent',
            index=models.Index(condition=models.Q(('person__isnull', False)), fields=['person'], name='clock_told_person'),
        ),
        migrations.AddConstraint(
            model_name='clockevent',
            constraint=models.UniqueConstraint(condition=models.Q(('step__isnull', False)), fields=('case', 'code', 'due_at', 'step'), name='clock_told_once'),
        ),
    ]
