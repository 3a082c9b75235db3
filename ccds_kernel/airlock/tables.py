"""Where a project's submissions lie: what was submitted, its files' hashes, its reviews. The files lie beside the database."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, Integer, String, Table

from ccds_kernel.store.metadata import metadata

AIRLOCK_S = "airlock"
"""What these tables hold, as `metadata` says it: sessions of submitters and reviewers write them."""

submission = Table(
    "airlock_submission",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("author", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("reason", String, nullable=False),
    Column("submitted_at", DateTime(timezone=True), nullable=False),
    Column("state", String(16), nullable=False),
    comment=AIRLOCK_S,
)
"""Submissions; a folder of the airlock without a row here is none."""

file = Table(
    "airlock_file",
    metadata,
    Column("submission_id", ForeignKey("airlock_submission.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    comment=AIRLOCK_S,
)
"""The files of each submission, in the order in which they were named."""

review = Table(
    "airlock_review",
    metadata,
    Column("submission_id", ForeignKey("airlock_submission.id"), primary_key=True),
    Column("reviewer", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("reason", String, nullable=False),
    Column("reviewed_at", DateTime(timezone=True), nullable=False),
    Column("as_administrator", Boolean(create_constraint=False), nullable=False),
    comment=AIRLOCK_S,
)
"""Reviews, one of each person at most, in their order."""
