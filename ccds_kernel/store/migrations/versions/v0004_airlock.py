"""Submissions to the airlock, their files and reviews."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Makes the airlock's tables."""
    op.create_table(
        "airlock_submission",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_airlock_submission"),
        comment="airlock",
    )
    op.create_table(
        "airlock_file",
        sa.Column("submission_id", sa.String(12), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("submission_id", "position", name="pk_airlock_file"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["airlock_submission.id"], name="fk_airlock_file_submission_id_airlock_submission"
        ),
        comment="airlock",
    )
    op.create_table(
        "airlock_review",
        sa.Column("submission_id", sa.String(12), nullable=False),
        sa.Column("reviewer", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("as_administrator", sa.Boolean(create_constraint=False), nullable=False),
        sa.PrimaryKeyConstraint("submission_id", "reviewer", name="pk_airlock_review"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["airlock_submission.id"], name="fk_airlock_review_submission_id_airlock_submission"
        ),
        comment="airlock",
    )
