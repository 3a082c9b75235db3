"""What people said and did is added to and never changed: in PostgreSQL by right, too."""

from alembic import op

revision = "0010"
down_revision = "0009"

_SAID = {
    "confirmation_answer": "answers",
    "study_strata": "answers",
    "study_curation": "reports",
    "label_snapshot": "reports",
    "phrase_change": "reports",
    "task_change": "reports",
}


def upgrade() -> None:
    """Says so of each table where the engine keeps such words; the rights follow when they are next brought about."""
    if op.get_bind().dialect.supports_comments:
        for table, holds in _SAID.items():
            op.create_table_comment(table, f"{holds}, added only", existing_comment=holds)
