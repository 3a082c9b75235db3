"""Selection rules, what was read of series, chosen series, verdicts, what was let pass, masks, and runs that make volumes."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def _said(*columns: sa.Column[Any]) -> tuple[sa.Column[Any], ...]:
    return (sa.Column("id", sa.Integer(), nullable=False), *columns)


def _text(name: str, length: int | None = None, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _time(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    """Makes the seven tables."""
    op.create_table(
        "selection_rules",
        *_said(_text("text"), _text("digest", 64), _text("kept_by", 64), _time("kept_at")),
        sa.PrimaryKeyConstraint("id", name="pk_selection_rules"),
        comment="images, added only",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "series_choice",
        *_said(_text("study_key", 16), _text("series", 32, nullable=True), _text("note", 400)),
        *(_text("chosen_by", 64), _time("chosen_at")),
        sa.PrimaryKeyConstraint("id", name="pk_series_choice"),
        comment="images, added only",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_series_choice_study_key", "series_choice", ["study_key"])
    op.create_table(
        "series_verdict",
        *_said(_text("study_key", 16), _text("series", 32), _text("modality", 16), _text("scanner", 64)),
        *(_text("status", 12), _text("code", 32, nullable=True), _text("line", 300, nullable=True)),
        sa.Column("files", sa.Integer(), nullable=False),
        *(_text("made_by", 64), _time("made_at")),
        sa.PrimaryKeyConstraint("id", name="pk_series_verdict"),
        sa.UniqueConstraint("study_key", "series", name="uq_series_verdict_study_key"),
        comment="images",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_series_verdict_status", "series_verdict", ["status", "code", "scanner", "id"])
    op.create_table(
        "series_pass",
        *_said(_text("study_key", 16), _text("series", 32), _text("code", 32), _text("note", 400)),
        *(_text("passed_by", 64), _time("passed_at")),
        sa.PrimaryKeyConstraint("id", name="pk_series_pass"),
        comment="images, added only",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_series_pass_study_key", "series_pass", ["study_key", "series"])
    op.create_table(
        "mask",
        *_said(_text("study_key", 16), _text("series", 32), _text("file", 80), _text("digest", 64)),
        *(_text("kind", 12), _text("labels"), _text("kept_by", 64), _time("kept_at")),
        sa.PrimaryKeyConstraint("id", name="pk_mask"),
        comment="images, added only",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mask_study_key", "mask", ["study_key", "series"])
    op.create_table(
        "study_series",
        *(_text("study_key", 16), _text("stamp", 64), _text("series"), _time("read_at")),
        sa.PrimaryKeyConstraint("study_key", name="pk_study_series"),
        comment="images",
    )
    op.create_table(
        "volume_run",
        *_said(_text("asked_by", 64), _time("asked_at")),
        *(sa.Column(count, sa.Integer(), nullable=False) for count in ("total", "done")),
        *(sa.Column("stopping", sa.Boolean(), nullable=False), _time("beat_at")),
        *(sa.Column("ended_at", sa.DateTime(timezone=True)), _text("cause", 400, nullable=True)),
        sa.PrimaryKeyConstraint("id", name="pk_volume_run"),
        comment="images",
        sqlite_autoincrement=True,
    )
