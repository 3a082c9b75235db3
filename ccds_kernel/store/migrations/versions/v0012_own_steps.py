"""A person's steps on a task's phrases are found in their order, without reading the whole history."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Adds the index, which has all that is asked of a step."""
    op.create_index("ix_phrase_change_person", "phrase_change", ["task_id", "person", "step", "kind", "of_step"])
