"""What labelers write is granted by itself; strata tags, which they give, lie apart from gold labels, which they don't."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_ANSWERS = ("confirmation_item", "confirmation_lease", "confirmation_answer")


def upgrade() -> None:
    """Names those tables anew where the engine keeps such words; moves the tags that are there."""
    if op.get_bind().dialect.supports_comments:
        for table in _ANSWERS:
            op.create_table_comment(table, "answers", existing_comment="reports")
    op.create_table(
        "study_strata",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("tags", sa.String(), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_study_strata"),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_study_strata_task_id_task"),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name="fk_study_strata_report_id_report"),
        comment="answers",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_study_strata_task_id", "study_strata", ["task_id", "report_id"])
    _move_strata()


def _move_strata() -> None:
    names = ("task_id", "report_id", "person", "at")
    curation = sa.table("study_curation", *map(sa.column, ("id", "kind", "said", *names)))
    strata = sa.table("study_strata", *map(sa.column, ("tags", *names)))
    tagged = curation.c.kind == "strata"
    # NULL took tags back, as none at all do.
    tags = sa.func.coalesce(curation.c.said, "[]")
    rows = sa.select(tags, *(curation.c[name] for name in names)).where(tagged).order_by(curation.c.id)
    op.execute(strata.insert().from_select(["tags", *names], rows))
    op.execute(curation.delete().where(tagged))
