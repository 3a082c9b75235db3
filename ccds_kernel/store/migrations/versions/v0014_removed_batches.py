"""A batch in which nobody has answered may be taken away: a row says so, and who; in PostgreSQL under their own name."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Makes the table; batches that are there stay."""
    op.create_table(
        "confirmation_removal",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("removed_by", sa.String(64), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name="pk_confirmation_removal"),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["confirmation_batch.id"], name="fk_confirmation_removal_batch_id_confirmation_batch"
        ),
        comment="reports, added only",
    )
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("ALTER TABLE confirmation_removal ENABLE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY all_read ON confirmation_removal FOR SELECT USING (true)")
    op.execute(
        "CREATE POLICY own_name ON confirmation_removal FOR INSERT WITH CHECK (removed_by = (SELECT session_person()))"
    )
