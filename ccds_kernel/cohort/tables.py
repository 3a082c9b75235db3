"""Where a project's index of reports and its cohorts lie."""

from sqlalchemy import Column, Date, DateTime, ForeignKey, Integer, String, Table

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

cohort = Table(
    "cohort",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(40), nullable=False, unique=True),
    Column("exam_codes", String, nullable=False),
    Column("first_date", Date, nullable=False),
    Column("last_date", Date, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    comment="reports",
    sqlite_autoincrement=True,  # the audit log names a cohort by its id
)
"""Cohorts by name; `exam_codes` is a JSON list in order."""

cohort_snapshot = Table(
    "cohort_snapshot",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("cohort_id", ForeignKey("cohort.id"), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("members", Integer, nullable=False),
    Column("taken_by", String(64), nullable=False),
    Column("taken_at", DateTime(timezone=True), nullable=False),
    comment="reports",
    sqlite_autoincrement=True,
)
"""Snapshots of cohorts, in the order in which they were taken."""

cohort_member = Table(
    "cohort_member",
    metadata,
    Column("snapshot_id", ForeignKey("cohort_snapshot.id"), primary_key=True),
    Column("report_id", ForeignKey("report.id"), primary_key=True),
    comment="reports",
)
"""The members of each snapshot."""
