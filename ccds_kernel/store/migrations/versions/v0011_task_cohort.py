"""A task may be kept to a cohort."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Adds its name; tasks that are there read all reports, as before."""
    op.add_column("task", sa.Column("cohort", sa.String(40)))
