"""Find the few identities whose number is not their address: only they can share a number with somebody else.

Addresses are unique, so the search for two people with one number needs to look at no others.
"""

from django.db import migrations

INDEX = """
CREATE INDEX identity_spelled_otherwise ON contacts_identity (workspace_id, channel_kind)
    WHERE phone <> '' AND phone <> '+' || address;
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0033_opt_outs_by_time")]

    operations = [migrations.RunSQL(INDEX, "DROP INDEX identity_spelled_otherwise")]
