"""A phrase's label where it is uncertain, and whether it stands for its label's absence."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds the two columns; phrases that are there have neither."""
    op.add_column("phrase", sa.Column("uncertain_label", sa.String()))
    op.add_column(
        "phrase",
        sa.Column("excludes", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.false()),
    )
