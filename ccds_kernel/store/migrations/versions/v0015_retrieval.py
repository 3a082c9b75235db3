"""The queue of studies that are fetched from the archive, the criteria by which they were asked for, its worker's latest run."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "image_criteria",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("exam_codes", sa.String(), nullable=False),
        sa.Column("first_date", sa.Date(), nullable=False),
        sa.Column("last_date", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("why", sa.String(400)),
        sa.PrimaryKeyConstraint("id", name="pk_image_criteria"),
        sa.UniqueConstraint("digest", name="uq_image_criteria_digest"),
        comment="images",
    )
    op.create_table(
        "retrieval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_uid", sa.String(64), nullable=False),
        sa.Column("study_key", sa.String(16), nullable=False),
        sa.Column("accession", sa.String(64), nullable=False),
        sa.Column("patient", sa.String(64)),
        sa.Column("exam_codes", sa.String(), nullable=False),
        sa.Column("study_date", sa.Date()),
        sa.Column("instances", sa.Integer()),
        sa.Column("criteria_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(200)),
        sa.Column("tried_at", sa.DateTime(timezone=True)),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_retrieval"),
        sa.UniqueConstraint("study_uid", name="uq_retrieval_study_uid"),
        sa.ForeignKeyConstraint(["criteria_id"], ["image_criteria.id"], name="fk_retrieval_criteria_id_image_criteria"),
        comment="images",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_retrieval_state", "retrieval", ["state", "urgent", "id"])
    op.create_index("ix_retrieval_study_key", "retrieval", ["study_key"])
    op.create_table(
        "retrieval_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("bytes_per_s", sa.Float()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("why", sa.String(400)),
        sa.Column("stops", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_retrieval_run"),
        comment="images",
        sqlite_autoincrement=True,
    )
