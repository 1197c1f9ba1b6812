from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0006_pockets_of_workspaces")]

    operations = [
        migrations.AddIndex(
            "creditentry",
            models.Index(
                fields=["pocket", "-id"],
                condition=Q(kind__in=["top_up", "transfer", "adjustment"]),
                name="credit_ledger_rare",
            ),
        ),
    ]
