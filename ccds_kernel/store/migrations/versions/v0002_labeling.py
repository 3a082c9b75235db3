"""Reports, their sections, and the phrase list."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Makes the labeling stage's tables."""
    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("accession", sa.String(64), nullable=False),
        sa.Column("study_key", sa.String(16), nullable=False),
        sa.Column("exam_code", sa.String(32)),
        sa.Column("study_date", sa.Date()),
        sa.PrimaryKeyConstraint("id", name="pk_report"),
        sa.UniqueConstraint("accession", name="uq_report_accession"),
        sa.UniqueConstraint("study_key", name="uq_report_study_key"),
        comment="reports",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "report_section",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("report_id", "position", name="pk_report_section"),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name="fk_report_section_report_id_report"),
        comment="reports",
    )
    op.create_table(
        "phrase",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("negatable", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_phrase"),
        sa.UniqueConstraint("position", name="uq_phrase_position"),
        comment="reports",
        sqlite_autoincrement=True,
    )
