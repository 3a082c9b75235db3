"""Where a release's predictions lie, and when a report became final; reports and phrases lie in the labeling stage's tables."""

from sqlalchemy import Column, DateTime, Float, ForeignKey, Integer, String, Table

from ccds_kernel.labeling.tables import report
from ccds_kernel.store.metadata import CLINICAL, metadata

prediction = Table(
    "prediction",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("accession", String(64), nullable=False, unique=True),
    Column("time", DateTime(timezone=True), nullable=False),
    Column("score", Float, nullable=False),
    Column("device", String(64), nullable=False),
    Column("software_version", String(64), nullable=False),
    comment=CLINICAL,
)
"""One prediction per study: one database holds one release. Times are UTC; what isn't known of a device is empty."""

report_time = Table(
    "report_time",
    metadata,
    Column("report_id", ForeignKey(report.c.id), primary_key=True),
    Column("time", DateTime(timezone=True), nullable=False),
    comment=CLINICAL,
)
"""When a report became final, in UTC; a research project's reports have no row here."""
