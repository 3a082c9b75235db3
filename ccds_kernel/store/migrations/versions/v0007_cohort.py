"""Cohorts, their snapshots and their members."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Makes the cohort stage's tables."""
    op.create_table(
        "cohort",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("exam_codes", sa.String(), nullable=False),
        sa.Column("first_date", sa.Date(), nullable=False),
        sa.Column("last_date", sa.Date(), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cohort"),
        sa.UniqueConstraint("name", name="uq_cohort_name"),
        comment="reports",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "cohort_snapshot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("taken_by", sa.String(64), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cohort_snapshot"),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name="fk_cohort_snapshot_cohort_id_cohort"),
        sa.UniqueConstraint("digest", name="uq_cohort_snapshot_digest"),
        comment="reports",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "cohort_member",
        sa.Column("snapshot_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("snapshot_id", "report_id", name="pk_cohort_member"),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["cohort_snapshot.id"], name="fk_cohort_member_snapshot_id_cohort_snapshot"
        ),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name="fk_cohort_member_report_id_report"),
        comment="reports",
    )
