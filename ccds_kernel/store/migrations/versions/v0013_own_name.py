"""In PostgreSQL nobody answers, tags, takes or decides a study in another's name, or changes phrases or tasks so: by right, past
the program, too.

Whose a session is stands in its role's comment, which the administrator's role wrote (`store.credentials`) and the session can't
change; `session_user` stays that role whatever role it takes on. The owner of the tables isn't bound.

An answer stands under a lease of whoever gives it, and of the same study: an undo, too, which therefore reaches their own only.

A lease is written by others, too: whoever takes studies bounds those that would hold too long after the clock was set back
(`lease_rows.bound`), and a fellow ends those of somebody who is withdrawn. So an update may shorten any lease, and only
whoever may withdraw (remove assignments) may do more with another's. No lease becomes another's, of another study, or goes.
"""

from alembic import op

revision = "0013"
down_revision = "0012"

_SIGNED = {
    "confirmation_answer": "labeler",
    "confirmation_lease": "labeler",
    "study_strata": "person",
    "study_curation": "person",
    "label_snapshot": "created_by",
    "phrase_change": "person",
    "task_change": "person",
}
"""Table → the column that says who."""

_OF_OWN_LEASE = """
AND EXISTS (
  SELECT FROM confirmation_lease AS held
  WHERE held.id = confirmation_answer.lease_id AND held.item_id = confirmation_answer.item_id
    AND held.labeler = confirmation_answer.labeler
)
"""

_PERSON = """
CREATE OR REPLACE FUNCTION session_person() RETURNS text STABLE LANGUAGE sql SET search_path = pg_catalog AS $$
  SELECT shobj_description(oid, 'pg_authid')::jsonb ->> 'person' FROM pg_roles WHERE rolname = session_user
$$
"""
_LEASE = """
CREATE OR REPLACE FUNCTION keep_lease() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF (NEW.id, NEW.batch_id, NEW.item_id, NEW.labeler, NEW.taken_at)
     IS DISTINCT FROM (OLD.id, OLD.batch_id, OLD.item_id, OLD.labeler, OLD.taken_at)
     OR (NEW.state <> OLD.state OR NEW.until > OLD.until)
        AND NOT has_table_privilege(session_user, 'confirmation_assignment', 'DELETE')
        AND OLD.labeler IS DISTINCT FROM session_person()
  THEN
    RAISE insufficient_privilege USING MESSAGE = 'another''s lease can only be shortened';
  END IF;
  RETURN NEW;
END
$$
"""


def upgrade() -> None:
    """Lets each session sign with its person's name only, where the engine knows whose a session is."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(_PERSON)
    for table, who in _SIGNED.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY all_read ON {table} FOR SELECT USING (true)")
        further = _OF_OWN_LEASE if table == "confirmation_answer" else ""
        op.execute(
            f"CREATE POLICY own_name ON {table} FOR INSERT WITH CHECK ({who} = (SELECT session_person()) {further})"
        )
    op.execute(_LEASE)
    op.execute("CREATE POLICY kept ON confirmation_lease FOR UPDATE USING (true)")
    op.execute("CREATE TRIGGER kept BEFORE UPDATE ON confirmation_lease FOR EACH ROW EXECUTE FUNCTION keep_lease()")
