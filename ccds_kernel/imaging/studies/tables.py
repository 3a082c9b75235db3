"""Where a project keeps what was said and found about the series of its studies. A series is called by its hashed name."""

from sqlalchemy import Boolean, Column, DateTime, Index, Integer, String, Table, UniqueConstraint

from ccds_kernel.store.metadata import ADDED_ONLY, metadata

selection_rules = Table(
    "selection_rules",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("text", String, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("kept_by", String(64), nullable=False),
    Column("kept_at", DateTime(timezone=True), nullable=False),
    comment="images" + ADDED_ONLY,
    sqlite_autoincrement=True,
)
"""The project's selection rules, each version as it was written; the newest holds."""

series_choice = Table(
    "series_choice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("study_key", String(16), nullable=False),
    Column("series", String(32)),
    Column("note", String(400), nullable=False),
    Column("chosen_by", String(64), nullable=False),
    Column("chosen_at", DateTime(timezone=True), nullable=False),
    Index("ix_series_choice_study_key", "study_key"),
    comment="images" + ADDED_ONLY,
    sqlite_autoincrement=True,
)
"""Which series people chose, or none (NULL), above the rules; the newest of a study holds, and none is rewritten."""

series_verdict = Table(
    "series_verdict",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("study_key", String(16), nullable=False),
    Column("series", String(32), nullable=False),
    Column("modality", String(16), nullable=False),
    Column("scanner", String(64), nullable=False),
    Column("status", String(12), nullable=False),
    Column("code", String(32)),
    Column("line", String(300)),
    Column("files", Integer, nullable=False),
    Column("warnings", String, nullable=False, server_default="[]"),
    Column("made_by", String(64), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("study_key", "series"),
    Index("ix_series_verdict_status", "status", "code", "scanner", "id"),
    comment="images",
    sqlite_autoincrement=True,
)
"""The newest verdict of each series that was converted, with a JSON list of warnings; `series` is empty where a study held
nothing readable."""

series_pass = Table(
    "series_pass",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("study_key", String(16), nullable=False),
    Column("series", String(32), nullable=False),
    Column("code", String(32), nullable=False),
    Column("note", String(400), nullable=False),
    Column("passed_by", String(64), nullable=False),
    Column("passed_at", DateTime(timezone=True), nullable=False),
    Index("ix_series_pass_study_key", "study_key", "series"),
    comment="images" + ADDED_ONLY,
    sqlite_autoincrement=True,
)
"""Reasons for quarantine that a person let pass, for one series each."""

mask = Table(
    "mask",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("study_key", String(16), nullable=False),
    Column("series", String(32), nullable=False),
    Column("file", String(80), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("labels", String, nullable=False),
    Column("kept_by", String(64), nullable=False),
    Column("kept_at", DateTime(timezone=True), nullable=False),
    Index("ix_mask_study_key", "study_key", "series"),
    comment="images" + ADDED_ONLY,
    sqlite_autoincrement=True,
)
"""Masks of volumes, the newest last; `labels` is a JSON object, label → what it is called where it comes from."""

study_series = Table(
    "study_series",
    metadata,
    Column("study_key", String(16), primary_key=True),
    Column("stamp", String(64), nullable=False),
    Column("series", String, nullable=False),
    Column("read_at", DateTime(timezone=True), nullable=False),
    comment="images",
)
"""What was last read of the series of each study, so that nobody reads thousands of headers to choose among them: a JSON list,
and the stamp of the folder that tells whether it is out of date."""

volume_run = Table(
    "volume_run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("asked_by", String(64), nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("stopping", Boolean, nullable=False),
    Column("beat_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("cause", String(400)),
    comment="images",
    sqlite_autoincrement=True,
)
"""Each time that volumes were made of all studies that wait for it: how far it came, and whether somebody is still at it."""
