"""Predictions of a release, and when a report became final."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Makes the monitoring stage's tables."""
    op.create_table(
        "prediction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("accession", sa.String(64), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("device", sa.String(64), nullable=False),
        sa.Column("software_version", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_prediction"),
        sa.UniqueConstraint("accession", name="uq_prediction_accession"),
        comment="clinical",
    )
    op.create_table(
        "report_time",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("report_id", name="pk_report_time"),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name="fk_report_time_report_id_report"),
        comment="clinical",
    )
