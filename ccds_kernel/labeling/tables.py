"""Where a project's reports and phrases lie."""

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Integer, String, Table, false

from ccds_kernel.cohort.tables import report
from ccds_kernel.store.metadata import metadata

__all__ = ["phrase", "report", "report_section"]

report_section = Table(
    "report_section",
    metadata,
    Column("report_id", ForeignKey("report.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("text", String, nullable=False),
    comment="reports",
)
"""The texts of a report, as they came, in reading order."""

phrase = Table(
    "phrase",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("position", Integer, nullable=False, unique=True),
    Column("text", String, nullable=False),
    Column("label", String, nullable=False),
    Column("negatable", Boolean(create_constraint=False), nullable=False),
    Column("uncertain_label", String),
    Column("excludes", Boolean(create_constraint=False), nullable=False, server_default=false()),
    Column("task_id", Integer, nullable=False, server_default="1"),
    Column("created_by", String(64), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    comment="reports",
    sqlite_autoincrement=True,  # the audit log names a phrase by its id, so that no id is ever given twice
)
"""The phrases of all tasks; positions are 0 … n-1, the highest priority first, and a task's list is in their order."""
