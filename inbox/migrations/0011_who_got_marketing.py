import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0010_purpose_of_messages'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='message',
            index=models.Index(models.F('workspace'), django.db.models.functions.comparison.Coalesce('started_at', 'created_at'), condition=models.Q(('purpose', 'marketing')), name='message_marketing'),
        ),
    ]
