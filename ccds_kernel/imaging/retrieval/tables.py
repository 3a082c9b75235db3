"""Where a project's queue of studies lies."""

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Float, ForeignKey, Index, Integer, String, Table

from ccds_kernel.store.metadata import metadata

image_criteria = Table(
    "image_criteria",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("name", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("exam_codes", String, nullable=False),
    Column("first_date", Date, nullable=False),
    Column("last_date", Date, nullable=False),
    Column("asked_by", String(64), nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    Column("why", String(400)),
    comment="images",
)
"""The criteria by which studies were asked for, when the archive was asked, and why that came to nothing, where it did.

`exam_codes` is a JSON list in order.
"""

retrieval = Table(
    "retrieval",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("study_uid", String(64), nullable=False, unique=True),
    Column("study_key", String(16), nullable=False),
    Column("accession", String(64), nullable=False),
    Column("patient", String(64)),
    Column("exam_codes", String, nullable=False),
    Column("study_date", Date),
    Column("instances", Integer),
    Column("criteria_id", ForeignKey("image_criteria.id"), nullable=False),
    Column("state", String(8), nullable=False),
    Column("urgent", Boolean(create_constraint=False), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("cause", String(200)),
    Column("tried_at", DateTime(timezone=True)),
    Column("received", Integer, nullable=False),
    Column("asked_by", String(64), nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Index("ix_retrieval_state", "state", "urgent", "id"),
    Index("ix_retrieval_study_key", "study_key"),
    comment="images",
    sqlite_autoincrement=True,
)
"""Studies that were asked for, each once, in that order; what the archive's answer said of each."""

retrieval_run = Table(
    "retrieval_run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person", String(64), nullable=False),
    Column("begun_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("bytes_per_s", Float),
    Column("ended_at", DateTime(timezone=True)),
    Column("why", String(400)),
    Column("stops", Boolean(create_constraint=False), nullable=False),
    comment="images",
    sqlite_autoincrement=True,
)
"""The latest run of the queue's worker, and no other: whether it is alive, how fast it is, what ended it."""
