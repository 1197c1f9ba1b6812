from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("contacts", "0032_statistics_of_young_tables")]

    operations = [
        migrations.AddIndex(
            model_name="consententry",
            index=models.Index(fields=["created_at"], condition=Q(state="opted_out"), name="consent_opt_outs"),
        ),
    ]
