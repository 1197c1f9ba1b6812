import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0006_ingest_together'),
        ('templates_mgmt', '0001_initial'),
        ('workspaces', '0002_functions'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='translation',
            field=models.ForeignKey(db_constraint=False, db_index=False, help_text='The template it was made from, and in which language', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='templates_mgmt.templatetranslation'),
        ),
    ]
