import django.db.models.deletion
import workspaces.models.tenant
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0003_history_and_search'),
        ('workspaces', '0002_functions'),
    ]

    operations = [
        migrations.CreateModel(
            name='ConsentWording',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('identity_id', models.BigIntegerField()),
                ('text', models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=workspaces.models.tenant.uuid7, editable=False, unique=True)),
                ('contact_id', models.BigIntegerField()),
                ('contact_uuid', models.UUIDField(help_text='The address of the record before it was erased; names nobody')),
                ('reason', models.CharField(choices=[('request', 'Asked for'), ('deleted', 'Deleted and not restored'), ('restored', 'Came back with a restored backup')], max_length=8)),
                ('state', models.CharField(choices=[('queued', 'Waiting'), ('done', 'Erased')], default='queued', max_length=6)),
                ('counts', models.JSONField(default=dict, help_text='messages, files, webhooks')),
                ('lease_until', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='SuppressionKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sealed', models.BinaryField()),
            ],
        ),
        migrations.AddField(
            model_name='contact',
            name='erased_at',
            field=models.DateTimeField(blank=True, help_text='Nothing but the row is left of this person', null=True),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(condition=models.Q(('deleted_at__isnull', False), ('erased_at', None)), fields=['deleted_at'], name='contact_to_purge'),
        ),
        migrations.AddField(
            model_name='consentwording',
            name='entry',
            field=models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='wording', to='contacts.consententry'),
        ),
        migrations.AddField(
            model_name='consentwording',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace'),
        ),
        migrations.AddField(
            model_name='erasure',
            name='requested_by',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workspaces.member'),
        ),
        migrations.AddField(
            model_name='erasure',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace'),
        ),
        migrations.AddField(
            model_name='suppressionkey',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace'),
        ),
        migrations.AddIndex(
            model_name='consentwording',
            index=models.Index(fields=['workspace', 'identity_id'], name='consent_wording_of'),
        ),
        migrations.AddIndex(
            model_name='erasure',
            index=models.Index(fields=['workspace', '-id'], name='erasure_newest_first'),
        ),
        migrations.AddIndex(
            model_name='erasure',
            index=models.Index(condition=models.Q(('state', 'queued')), fields=['lease_until'], name='erasure_to_work_on'),
        ),
        migrations.AddConstraint(
            model_name='erasure',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'queued')), fields=('workspace', 'contact_id'), name='erasure_queued_once'),
        ),
        migrations.AddConstraint(
            model_name='suppressionkey',
            constraint=models.UniqueConstraint(fields=('workspace',), name='suppression_key_once'),
        ),
    ]
