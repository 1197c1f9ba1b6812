"""A batch of rows inside PostgreSQL: found again, counted, written. Set by set, in one transaction with its caller.

Rows go into a temporary table by COPY and from there to where they belong. An address that somebody else adds in the
same moment makes the transaction fail on its unique constraint; the caller begins the batch again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db import connection

from contacts import consent, following
from contacts.models import Identity, IdentityAlias, Suppression
from workspaces.models import Channel

from .reading import Batch, Problem

KIND = Channel.Kind.WHATSAPP_CLOUD.value
STATEMENT_SECONDS = 120  # longer than a page may take: a batch is thousands of rows

# New rows draw their numbers here, so that two tables can be filled without asking which row got which.
CREATE = """
CREATE TEMPORARY TABLE import_rows (
    n integer, uuid uuid, address text, reference uuid, name text, email text, language text, country text,
    number_country text, time_zone text, tag_ids integer[], fields jsonb, consent text,
    contact_id bigint, identity_id bigint, was_deleted boolean NOT NULL DEFAULT false,
    new_contact bigint DEFAULT nextval('contacts_contact_id_seq'),
    new_identity bigint DEFAULT nextval('contacts_identity_id_seq')
) ON COMMIT DROP
"""
COPY = """
COPY import_rows (n, uuid, address, reference, name, email, language, country, number_country, time_zone, tag_ids,
                  fields, consent) FROM STDIN
"""
SETTINGS = "SET LOCAL gin_pending_list_limit = '64MB'; SET LOCAL work_mem = '64MB'"
# LATERAL with OFFSET makes every question thousands of look-ups by index. Left to itself the planner, which goes by
# what a table held when it was last analysed, reads all identities for each batch, or for each row of a young table.
FIND = """
WITH found AS MATERIALIZED (
    SELECT s.ctid AS place, f.* FROM import_rows s CROSS JOIN LATERAL (
        SELECT i.contact_id, i.id AS identity_id FROM contacts_identity i
         WHERE i.workspace_id = %(ws)s AND i.channel_kind = %(kind)s AND i.address = s.address AND i.address <> ''
        OFFSET 0) f)
UPDATE import_rows r SET contact_id = found.contact_id, identity_id = found.identity_id FROM found
 WHERE r.ctid = found.place
"""
FIND_BY_ALIAS = """
WITH found AS MATERIALIZED (
    SELECT s.ctid AS place, f.* FROM import_rows s CROSS JOIN LATERAL (
        SELECT i.contact_id, i.id AS identity_id
          FROM contacts_identityalias a JOIN contacts_identity i ON i.workspace_id = %(ws)s AND i.id = a.identity_id
         WHERE a.workspace_id = %(ws)s AND a.channel_kind = %(kind)s AND a.address = s.address
        OFFSET 0) f
     WHERE s.contact_id IS NULL AND s.address <> '')
UPDATE import_rows r SET contact_id = found.contact_id, identity_id = found.identity_id FROM found
 WHERE r.ctid = found.place
"""
FIND_BY_ID = """
WITH found AS MATERIALIZED (
    SELECT s.ctid AS place, f.* FROM import_rows s CROSS JOIN LATERAL (
        SELECT c.id AS contact_id, (SELECT min(i.id) FROM contacts_identity i
                                     WHERE i.workspace_id = %(ws)s AND i.contact_id = c.id) AS identity_id
          FROM contacts_contact c
         WHERE c.workspace_id = %(ws)s AND c.uuid = s.reference AND c.erased_at IS NULL
        OFFSET 0) f
     WHERE s.reference IS NOT NULL)
UPDATE import_rows r SET contact_id = found.contact_id, identity_id = found.identity_id FROM found
 WHERE r.ctid = found.place
"""
NOTE_DELETED = """
UPDATE import_rows r SET was_deleted = true
 WHERE contact_id IS NOT NULL
   AND (SELECT c.deleted_at FROM contacts_contact c WHERE c.workspace_id = %(ws)s AND c.id = r.contact_id) IS NOT NULL
"""
DROP_UNKNOWN = "DELETE FROM import_rows WHERE reference IS NOT NULL AND contact_id IS NULL RETURNING n"

CHANGED = """
(r.was_deleted OR (r.name <> '' AND r.name <> c.name) OR (r.email <> '' AND r.email <> c.email)
 OR (r.language <> '' AND r.language <> c.language) OR (r.country <> '' AND r.country <> c.country)
 OR (r.time_zone <> '' AND r.time_zone <> c.time_zone) OR NOT c.tag_ids @> r.tag_ids OR NOT c.fields @> r.fields)
"""
COUNT = f"""
SELECT count(*) FILTER (WHERE r.was_deleted OR (%(update)s AND {CHANGED})),
       count(*) FILTER (WHERE %(update)s AND NOT {CHANGED}),
       count(*) FILTER (WHERE NOT %(update)s AND NOT r.was_deleted)
  FROM import_rows r CROSS JOIN LATERAL (
        SELECT * FROM contacts_contact c WHERE c.workspace_id = %(ws)s AND c.id = r.contact_id OFFSET 0) c
 WHERE r.contact_id IS NOT NULL
"""
ADD_CONTACTS = """
INSERT INTO contacts_contact (id, workspace_id, uuid, name, email, language, country, time_zone, fields, tag_ids,
                              created_at, import_run_id)
SELECT new_contact, %(ws)s, uuid, name, email, language, coalesce(nullif(country, ''), number_country), time_zone,
       fields, tag_ids, now(), %(run)s
  FROM import_rows WHERE contact_id IS NULL
"""
# In the order of the index, and so that two imports of the same people wait for each other instead of deadlocking.
ADD_IDENTITIES = """
INSERT INTO contacts_identity (id, workspace_id, contact_id, channel_kind, address, user_id, phone, username,
                               profile_name, created_at)
SELECT new_identity, %(ws)s, new_contact, %(kind)s, address, '', '+' || address, '', '', now()
  FROM import_rows WHERE contact_id IS NULL ORDER BY address
"""
LOCK_CONTACTS = """
SELECT id FROM contacts_contact WHERE workspace_id = %(ws)s AND id IN (SELECT contact_id FROM import_rows)
 ORDER BY id FOR NO KEY UPDATE
"""
UPDATE = f"""
UPDATE contacts_contact c SET
       name = coalesce(nullif(r.name, ''), c.name), email = coalesce(nullif(r.email, ''), c.email),
       language = coalesce(nullif(r.language, ''), c.language), country = coalesce(nullif(r.country, ''), c.country),
       time_zone = coalesce(nullif(r.time_zone, ''), c.time_zone), fields = c.fields || r.fields,
       tag_ids = c.tag_ids || ARRAY(SELECT unnest(r.tag_ids) EXCEPT SELECT unnest(c.tag_ids) ORDER BY 1),
       deleted_at = NULL
  FROM import_rows r
 WHERE c.workspace_id = %(ws)s AND c.id = r.contact_id AND (r.was_deleted OR (%(update)s AND {CHANGED}))
"""
DELETED = "SELECT DISTINCT contact_id FROM import_rows WHERE was_deleted"

# The person's "no" always counts, a "yes" only where nobody ever said anything.
LOCK_IDENTITIES = """
SELECT id FROM contacts_identity WHERE workspace_id = %(ws)s
   AND id IN (SELECT identity_id FROM import_rows WHERE consent <> '' AND identity_id IS NOT NULL)
 ORDER BY id FOR NO KEY UPDATE
"""
CONSENT = """
WITH said AS (
    SELECT DISTINCT ON (identity) identity, consent FROM (
        SELECT coalesce(identity_id, CASE WHEN contact_id IS NULL THEN new_identity END) AS identity, consent
          FROM import_rows WHERE consent = 'opted_out'
            OR (consent = 'opted_in' AND (contact_id IS NULL OR was_deleted OR %(update)s))
    ) r WHERE identity IS NOT NULL ORDER BY identity, consent DESC
), changed AS (
    INSERT INTO contacts_consent (workspace_id, identity_id, purpose, state, source, wording, changed_at)
    SELECT %(ws)s, identity, 'marketing', consent, 'import', %(wording)s, now() FROM said ORDER BY identity
    ON CONFLICT (workspace_id, identity_id, purpose) DO UPDATE
       SET state = excluded.state, source = excluded.source, wording = excluded.wording,
           changed_at = excluded.changed_at
     WHERE excluded.state = 'opted_out' AND contacts_consent.state <> 'opted_out'
    RETURNING identity_id, state
), entries AS (
    INSERT INTO contacts_consententry (workspace_id, identity_id, purpose, state, source, actor_id, created_at)
    SELECT %(ws)s, identity_id, 'marketing', state, 'import', %(by)s, now() FROM changed RETURNING id, identity_id
)
INSERT INTO contacts_consentwording (workspace_id, entry_id, identity_id, text)
SELECT %(ws)s, id, identity_id, %(wording)s FROM entries WHERE %(wording)s <> ''
"""
ANY_CONSENT = "SELECT EXISTS (SELECT 1 FROM import_rows WHERE consent <> '')"
CONCERNED = "SELECT coalesce(identity_id, new_identity) FROM import_rows WHERE address <> '' OR identity_id IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all rows of a run."""

    workspace_id: int
    run_id: int
    member_id: int
    update: bool
    wording: str

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "ws": self.workspace_id,
            "run": self.run_id,
            "by": self.member_id,
            "update": self.update,
            "wording": self.wording,
            "kind": KIND,
        }


def count(batch: Batch, terms: Terms) -> Counter[str]:
    """What writing the batch would do, without doing it."""
    with connection.cursor() as cursor:
        return _load(cursor, batch, terms)


def write(batch: Batch, terms: Terms) -> Counter[str]:
    """Add and change people as the batch says; returns what was done."""
    with connection.cursor() as cursor:
        counts = _load(cursor, batch, terms)
        cursor.execute(ADD_CONTACTS, terms.parameters)
        cursor.execute(ADD_IDENTITIES, terms.parameters)
        if counts["existing"]:
            cursor.execute(DELETED)
            deleted = [row[0] for row in cursor.fetchall()]
            cursor.execute(LOCK_CONTACTS, terms.parameters)
            cursor.execute(UPDATE, terms.parameters)
            if deleted:
                following.show(terms.workspace_id, deleted)
        _consent(cursor, terms)
        counts["suppressed"] = _keep_suppressed(cursor, terms.workspace_id)
        # The keys are checked here and not at the commit, while the run's row is not locked yet.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return counts


def _load(cursor: Any, batch: Batch, terms: Terms) -> Counter[str]:
    cursor.execute(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'")
    cursor.execute(CREATE)
    with cursor.copy(COPY) as copy:
        copy.write("".join(batch.lines))
    cursor.execute("ANALYZE import_rows (n)")
    cursor.execute(SETTINGS)
    cursor.execute("SELECT carillon_refresh_contact_statistics()")
    cursor.execute(FIND, terms.parameters)
    existing = cursor.rowcount
    if IdentityAlias.objects.filter(workspace_id=terms.workspace_id).exists():
        cursor.execute(FIND_BY_ALIAS, terms.parameters)
        existing += cursor.rowcount
    unknown = 0
    if batch.by_id:
        cursor.execute(FIND_BY_ID, terms.parameters)
        existing += cursor.rowcount
        unknown = _drop_unknown(cursor, batch)
    counts: Counter[str] = Counter(existing=existing, new=len(batch.lines) - existing - unknown)
    if existing:
        cursor.execute(NOTE_DELETED, terms.parameters)
        cursor.execute(COUNT, terms.parameters)
        counts["updated"], counts["unchanged"], counts["skipped"] = cursor.fetchone()
    return counts + Counter()


def _drop_unknown(cursor: Any, batch: Batch) -> int:
    cursor.execute(DROP_UNKNOWN)
    gone = [row[0] for row in cursor.fetchall()]
    for number in gone:
        line, row = batch.by_id[number]
        reason = "This workspace has no contact with this ID, and the row has no phone number."
        batch.problems.append(Problem(line, "", "", reason, row))
    batch.counts["invalid"] += len(gone)
    return len(gone)


def _consent(cursor: Any, terms: Terms) -> None:
    cursor.execute(ANY_CONSENT)
    if cursor.fetchone()[0]:
        cursor.execute(LOCK_IDENTITIES, terms.parameters)
        cursor.execute(CONSENT, terms.parameters)


def _keep_suppressed(cursor: Any, workspace_id: int) -> int:
    """Opt out the addresses of people who were erased and must not be messaged; how many there were."""
    if not Suppression.objects.filter(workspace_id=workspace_id).exists():
        return 0
    cursor.execute(CONCERNED)
    ids = [row[0] for row in cursor.fetchall()]
    identities = list(Identity.objects.filter(workspace_id=workspace_id, pk__in=ids))
    return consent.keep_suppressed(identities)
