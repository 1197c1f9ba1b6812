from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0003_spent_attempts'),
    ]

    operations = [
        migrations.AddField(
            model_name='conversation',
            name='status_before',
            field=models.CharField(blank=True, db_default='', default='', help_text='Of a hidden one: what it comes back as', max_length=10),
        ),
        migrations.AlterField(
            model_name='conversation',
            name='status',
            field=models.CharField(choices=[('open', 'Open'), ('resolved', 'Resolved'), ('hidden', 'Hidden with its deleted contact')], default='open', max_length=10),
        ),
        migrations.AlterField(
            model_name='conversationevent',
            name='kind',
            field=models.CharField(choices=[('assigned', 'Assigned'), ('unassigned', 'Unassigned'), ('resolved', 'Resolved'), ('reopened', 'Reopened'), ('number_changed', 'Number changed'), ('opted_out', 'Opted out'), ('opted_in', 'Opted in'), ('maybe_opt_out', 'May want to opt out')], max_length=16),
        ),
    ]
