"""Who changed what about a task, so that it can be looked at and taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Makes the table; of changes that were made before nothing is known."""
    op.create_table(
        "task_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("of_step", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_task_change"),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_task_change_task_id_task"),
        comment="reports",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_task_change_task_id", "task_change", ["task_id", "id"])
