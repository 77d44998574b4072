"""Care of cases: referrals, treatments, discharges, visits, certificates of return."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0063_clock_duty_rows'),
        ('checkins', '0020_institutions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ClearanceSeries',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('prefix', models.CharField(max_length=12, unique=True)),
                ('last', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Care',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('open', 'in care'), ('discharged', 'discharged, not back yet'), ('returned', 'cleared to return'), ('died', 'died')], default='open', max_length=10)),
                ('allergies', models.CharField(blank=True, max_length=300, verbose_name='allergies')),
                ('chronic', models.CharField(blank=True, max_length=300, verbose_name='chronic illness and its medicines')),
                ('absent_from', models.DateField(blank=True, null=True)),
                ('absent_until', models.DateField(blank=True, null=True)),
                ('back_on', models.DateField(blank=True, null=True)),
                ('discharged_at', models.DateTimeField(blank=True, null=True)),
                ('reopened_at', models.DateTimeField(blank=True, null=True)),
                ('began_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('version', models.PositiveIntegerField(default=1)),
                ('purge_on', models.DateField(db_index=True)),
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='care', to='cases.case')),
                ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-changed_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='CareObjection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('at', models.DateTimeField()),
                ('answer', models.TextField(blank=True)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('same_reason', models.CharField(blank=True, max_length=300)),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('care', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='objections', to='cases.care')),
            ],
            options={
                'ordering': ['-at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Clearance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20, unique=True)),
                ('salt', models.CharField(max_length=32)),
                ('absent_from', models.DateField(blank=True, null=True)),
                ('back_on', models.DateField()),
                ('lines_zh', models.TextField()),
                ('lines_en', models.TextField()),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('revoke_reason', models.CharField(blank=True, max_length=300)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('care', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='clearances', to='cases.care')),
                ('revoked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Complication',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('clinic', 'seen at the clinic'), ('visit', 'said at the follow-up'), ('alert', 'reported in a check-in')], max_length=8)),
                ('symptoms', models.CharField(max_length=300, verbose_name='symptoms')),
                ('happened_at', models.DateTimeField()),
                ('at', models.DateTimeField()),
                ('alert', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='checkins.symptomalert')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('care', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='complications', to='cases.care')),
            ],
            options={
                'ordering': ['-at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Discharge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('happened_at', models.DateTimeField(verbose_name='when')),
                ('at', models.DateTimeField()),
                ('void', models.BooleanField(default=False)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('outcome', models.CharField(choices=[('recovered', 'recovered'), ('improved', 'improved, treatment goes on at home'), ('against', 'left against advice'), ('not_ill', 'not this disease')], max_length=10, verbose_name='outcome')),
                ('instructions', models.TextField(verbose_name='instructions')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('care', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='discharges', to='cases.care')),
                ('corrects', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='corrected_by', to='cases.discharge')),
            ],
            options={
                'ordering': ['happened_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Referral',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hospital', models.CharField(max_length=40)),
                ('hospital_name', models.CharField(max_length=120)),
                ('hospital_phone', models.CharField(max_length=40)),
                ('hospital_address', models.CharField(max_length=200)),
                ('reason', models.CharField(max_length=300, verbose_name='why')),
                ('accompanied_by', models.CharField(blank=True, max_length=120, verbose_name='accompanied by')),
                ('decided_at', models.DateTimeField(verbose_name='decided')),
                ('at', models.DateTimeField()),
                ('link_serial', models.PositiveSmallIntegerField(default=0)),
                ('link_until', models.DateTimeField(blank=True, null=True)),
                ('link_used_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('care', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='referrals', to='cases.care')),
            ],
            options={
                'ordering': ['-decided_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='ReferralStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('happened_at', models.DateTimeField(verbose_name='when')),
                ('at', models.DateTimeField()),
                ('void', models.BooleanField(default=False)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('what', models.CharField(choices=[('called', 'called'), ('arrived', 'arrived'), ('left', 'left the campus'), ('handed_over', 'handed over at the hospital'), ('received', 'received'), ('admitted', 'admitted'), ('in_treatment', 'in treatment'), ('critical', 'critical'), ('recovered', 'recovered'), ('died', 'died'), ('transferred', 'transferred on')], max_length=12)),
                ('source', models.CharField(choices=[('link', "by the hospital's link"), ('message', 'by message, entered by the clinic'), ('seen', 'seen by whoever entered it')], max_length=8)),
                ('told_by', models.CharField(blank=True, max_length=80, verbose_name='who said so')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('corrects', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='corrected_by', to='cases.referralstep')),
                ('referral', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='cases.referral')),
            ],
            options={
                'ordering': ['happened_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Treatment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('happened_at', models.DateTimeField(verbose_name='when')),
                ('at', models.DateTimeField()),
                ('void', models.BooleanField(default=False)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('kind', models.CharField(choices=[('symptoms', 'against symptoms'), ('antiviral', 'antiviral'), ('antibiotic', 'antibiotic or antituberculous'), ('fluids', 'fluids'), ('oxygen', 'oxygen'), ('traditional', 'traditional Chinese medicine'), ('other', 'other')], max_length=12)),
                ('place', models.CharField(choices=[('clinic', 'campus clinic'), ('isolation', 'isolation place'), ('hospital', 'hospital'), ('home', 'at home')], max_length=10)),
                ('text', models.CharField(max_length=300, verbose_name='what was given or done')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('care', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='treatments', to='cases.care')),
                ('corrects', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='corrected_by', to='cases.treatment')),
            ],
            options={
                'ordering': ['happened_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Visit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('days', models.PositiveSmallIntegerField()),
                ('due_on', models.DateField()),
                ('text_zh', models.CharField(max_length=300)),
                ('text_en', models.CharField(max_length=300)),
                ('source', models.CharField(max_length=400)),
                ('assumed', models.BooleanField()),
                ('finding', models.CharField(blank=True, choices=[('well', 'well'), ('symptoms', 'symptoms'), ('not_reached', 'not reached')], max_length=12)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('void', models.BooleanField(default=False)),
                ('care', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='visits', to='cases.care')),
                ('done_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['due_on', 'id'],
            },
        ),
        migrations.AddIndex(
            model_name='care',
            index=models.Index(fields=['-changed_at', '-id'], name='care_newest'),
        ),
        migrations.AddIndex(
            model_name='care',
            index=models.Index(condition=models.Q(('absent_from__isnull', False)), fields=['absent_from'], name='care_absent'),
        ),
        migrations.AddConstraint(
            model_name='care',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('absent_from__isnull', True), ('absent_until__isnull', True)), models.Q(('absent_from__isnull', False), ('absent_until__gte', models.F('absent_from'))), _connector='OR'), name='care_absence_whole'),
        ),
        migrations.AddConstraint(
            model_name='care',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'returned'), _negated=True), ('back_on__isnull', False), _connector='OR'), name='care_back_dated'),
        ),
        migrations.AddConstraint(
            model_name='careobjection',
            constraint=models.UniqueConstraint(condition=models.Q(('answered_at__isnull', True)), fields=('care',), name='care_objection_one_open'),
        ),
        migrations.AddConstraint(
            model_name='careobjection',
            constraint=models.CheckConstraint(condition=models.Q(('answered_at__isnull', True), models.Q(('answer', ''), _negated=True), _connector='OR'), name='care_objection_answered_in_words'),
        ),
        migrations.AddConstraint(
            model_name='clearance',
            constraint=models.UniqueConstraint(condition=models.Q(('revoked_at__isnull', True)), fields=('care',), name='clearance_one_valid'),
        ),
        migrations.AddConstraint(
            model_name='clearance',
            constraint=models.CheckConstraint(condition=models.Q(('revoked_at__isnull', True), models.Q(('revoke_reason', ''), _negated=True), _connector='OR'), name='clearance_revoked_with_reason'),
        ),
        migrations.AddConstraint(
            model_name='discharge',
            constraint=models.CheckConstraint(condition=models.Q(('corrects__isnull', True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='discharge_correction_reasoned'),
        ),
        migrations.AddConstraint(
            model_name='referralstep',
            constraint=models.CheckConstraint(condition=models.Q(('corrects__isnull', True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='step_correction_reasoned'),
        ),
        migrations.AddConstraint(
            model_name='treatment',
            constraint=models.CheckConstraint(condition=models.Q(('corrects__isnull', True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='treatment_correction_reasoned'),
        ),
        migrations.AddIndex(
            model_name='visit',
            index=models.Index(condition=models.Q(('done_at__isnull', True), ('void', False)), fields=['due_on', 'id'], name='visit_due'),
        ),
        migrations.AddConstraint(
            model_name='visit',
            constraint=models.CheckConstraint(condition=models.Q(('done_at__isnull', True), ('finding__in', ['well', 'symptoms']), _connector='OR'), name='visit_done_with_finding'),
        ),
    ]
