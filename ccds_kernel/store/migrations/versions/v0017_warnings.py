"""What should be known of a series that was converted, beside its verdict: verdicts from before have none."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Gives verdicts their warnings."""
    op.add_column("series_verdict", sa.Column("warnings", sa.String(), nullable=False, server_default="[]"))
