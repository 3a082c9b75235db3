"""Tasks, the history of phrases, and confirming: batches, leases, answers, the fellow's words, label snapshots."""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_COLOURS = 8


def upgrade() -> None:
    """Makes the tables; the phrases that are there become those of the first task."""
    _make_tasks()
    _make_batches()
    _make_answers()
    _make_curation()
    # Without a foreign key: SQLite would have to make the table anew, and forget which ids it has given already.
    op.add_column("phrase", sa.Column("task_id", sa.Integer(), nullable=False, server_default="1"))
    _add_first_task()


def _make_tasks() -> None:
    op.create_table(
        "task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(500), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("labels", sa.String(), nullable=False),
        sa.Column("guideline", sa.String(), nullable=False),
        sa.Column("left_out", sa.String(), nullable=False),
        sa.Column("cues", sa.String()),
        sa.Column("strata", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
        sa.UniqueConstraint("name", name="uq_task_name"),
        comment="reports",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "phrase_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("phrase_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.String()),
        sa.Column("after", sa.String()),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("of_step", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_phrase_change"),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_phrase_change_task_id_task"),
        comment="reports",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_phrase_change_task_id", "phrase_change", ["task_id", "id"])


def _make_batches() -> None:
    op.create_table(
        "confirmation_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("overlap", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_confirmation_batch"),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_confirmation_batch_task_id_task"),
        comment="reports",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "confirmation_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("phrase_id", sa.Integer()),
        sa.Column("prefill", sa.String(), nullable=False),
        sa.Column("planted", sa.String(16), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_confirmation_item"),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["confirmation_batch.id"], name="fk_confirmation_item_batch_id_confirmation_batch"
        ),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name="fk_confirmation_item_report_id_report"),
        sa.UniqueConstraint("batch_id", "report_id", name="uq_confirmation_item_batch_id"),
        comment="reports",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_confirmation_item_batch_id", "confirmation_item", ["batch_id", "position", "seats"])
    op.create_table(
        "confirmation_assignment",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("labeler", sa.String(64), nullable=False),
        sa.Column("assigned_by", sa.String(64), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "labeler", name="pk_confirmation_assignment"),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["confirmation_batch.id"], name="fk_confirmation_assignment_batch_id_confirmation_batch"
        ),
        comment="reports",
    )


def _make_answers() -> None:
    op.create_table(
        "confirmation_lease",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("labeler", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_confirmation_lease"),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["confirmation_batch.id"], name="fk_confirmation_lease_batch_id_confirmation_batch"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["confirmation_item.id"], name="fk_confirmation_lease_item_id_confirmation_item"
        ),
        comment="reports",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_confirmation_lease_item_id", "confirmation_lease", ["item_id"])
    op.create_index("ix_confirmation_lease_batch_id", "confirmation_lease", ["batch_id", "labeler", "state"])
    op.create_table(
        "confirmation_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(36), nullable=False),
        sa.Column("lease_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("labeler", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("labels", sa.String()),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("undoes", sa.String(36)),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refused", sa.String(16)),
        sa.PrimaryKeyConstraint("id", name="pk_confirmation_answer"),
        sa.ForeignKeyConstraint(
            ["lease_id"], ["confirmation_lease.id"], name="fk_confirmation_answer_lease_id_confirmation_lease"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["confirmation_item.id"], name="fk_confirmation_answer_item_id_confirmation_item"
        ),
        sa.UniqueConstraint("client_id", name="uq_confirmation_answer_client_id"),
        comment="reports",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_confirmation_answer_item_id", "confirmation_answer", ["item_id", "labeler"])


def _make_curation() -> None:
    op.create_table(
        "study_curation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("said", sa.String()),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_study_curation"),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_study_curation_task_id_task"),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name="fk_study_curation_report_id_report"),
        comment="reports",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_study_curation_task_id", "study_curation", ["task_id", "kind", "report_id"])
    op.create_table(
        "label_snapshot",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("studies", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_label_snapshot"),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_label_snapshot_task_id_task"),
        comment="reports",
    )


def _add_first_task() -> None:
    """The task that every project has, with the labels of the phrases that are there, in their order."""
    connection = op.get_bind()
    phrases = sa.table("phrase", *map(sa.column, ("label", "uncertain_label", "position")))
    ordered = connection.execute(sa.select(phrases.c.label, phrases.c.uncertain_label).order_by(phrases.c.position))
    words = [word for row in ordered for word in row if word is not None]
    labels = [{"name": name, "colour": slot % _COLOURS} for slot, name in enumerate(dict.fromkeys(words))]
    task = sa.table(
        "task",
        *(sa.column(name, sa.String) for name in ("name", "kind", "labels", "guideline", "left_out", "strata")),
        sa.column("created_by", sa.String),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )
    op.execute(
        task.insert().values(
            name="labels",
            kind="one",
            labels=json.dumps(labels),
            guideline="",
            left_out="[]",
            strata=json.dumps(["motion", "artefact", "mimic", "post-surgical"]),
            created_by="",
            created_at=datetime.now(UTC),
        )
    )
