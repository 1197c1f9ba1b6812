from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the largest table: senders go on writing while the index is built

    dependencies = [
        ('inbox', '0007_templates_of_messages'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='message',
            index=models.Index(condition=models.Q(('translation__isnull', False)), fields=['translation', '-id'], name='message_of_translation'),
        ),
    ]
