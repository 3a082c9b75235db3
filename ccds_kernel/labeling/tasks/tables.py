"""Where a project's tasks lie, and the histories of tasks and phrases."""

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, String, Table

from ccds_kernel.store.metadata import ADDED_ONLY, metadata

task = Table(
    "task",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(500), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("labels", String, nullable=False),
    Column("guideline", String, nullable=False),
    Column("left_out", String, nullable=False),
    Column("cues", String),
    Column("strata", String, nullable=False),
    Column("cohort", String(40)),
    Column("created_by", String(64), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    comment="reports",
    sqlite_autoincrement=True,
)
"""Tasks. `labels`, `left_out`, `cues` and `strata` are JSON; `cues` is NULL where the defaults of this ccds hold.

`cohort` is a name and no foreign key: so the file and the history of a task have it, and a task outlasts its cohort.
"""

task_change = Table(
    "task_change",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("step", Integer, nullable=False),
    Column("task_id", ForeignKey("task.id"), nullable=False),
    Column("person", String(64), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("before", String, nullable=False),
    Column("after", String, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("of_step", Integer),
    Index("ix_task_change_task_id", "task_id", "id"),
    comment="reports" + ADDED_ONLY,
    sqlite_autoincrement=True,
)
"""Every change of a task, never rewritten. `before` and `after` are JSON; `step` counts together with `phrase_change`'s."""

phrase_change = Table(
    "phrase_change",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("step", Integer, nullable=False),
    Column("task_id", ForeignKey("task.id"), nullable=False),
    Column("phrase_id", Integer, nullable=False),
    Column("person", String(64), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("before", String),
    Column("after", String),
    Column("kind", String(8), nullable=False),
    Column("of_step", Integer),
    Index("ix_phrase_change_task_id", "task_id", "id"),
    Index("ix_phrase_change_person", "task_id", "person", "step", "kind", "of_step"),
    comment="reports" + ADDED_ONLY,
    sqlite_autoincrement=True,
)
"""Every change of a phrase, never rewritten. `before` and `after` are JSON of words and place; NULL where there was, or is, none.

No foreign key to the phrase: the history of one that was removed stays.
"""
