"""Where a project's index of reports lies."""

from sqlalchemy import Column, Date, Integer, String, Table

from ccds_kernel.store.metadata import metadata

report = Table(
    "report",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("accession", String(64), nullable=False, unique=True),
    Column("study_key", String(16), nullable=False, unique=True),
    Column("exam_code", String(32)),
    Column("study_date", Date),
    comment="reports",
    sqlite_autoincrement=True,
)
"""Reports in the order in which they were loaded, which is the order of their ids; their texts are the labeling stage's."""
