"""What every project's store has, whatever its stages keep there."""

from sqlalchemy import Column, String, Table

from ccds_kernel.store.metadata import PROJECT_S, metadata

setting = Table(
    "setting",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", String, nullable=False),
    comment=PROJECT_S,
)
"""Values that belong to the store itself, such as the secret from which study keys are made."""
