"""Where confirming lies: batches and their studies, who is assigned, leases, answers, the fellow's words, label snapshots."""

from sqlalchemy import Column, DateTime, Float, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from ccds_kernel.store.metadata import ADDED_ONLY, ANSWERS, metadata

batch = Table(
    "confirmation_batch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("task_id", ForeignKey("task.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("overlap", Integer, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    comment="reports",
    sqlite_autoincrement=True,
)
"""Batches of studies for confirmation; each study goes to `overlap` labelers."""

removal = Table(
    "confirmation_removal",
    metadata,
    Column("batch_id", ForeignKey("confirmation_batch.id"), primary_key=True),
    Column("removed_by", String(64), nullable=False),
    Column("removed_at", DateTime(timezone=True), nullable=False),
    comment="reports" + ADDED_ONLY,
)
"""Batches that were taken away before anything that was said in them counted. Their rows stay: leases, and answers that count
for nothing, are of them.
"""

item = Table(
    "confirmation_item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch_id", ForeignKey("confirmation_batch.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("report_id", ForeignKey("report.id"), nullable=False),
    Column("phrase_id", Integer),
    Column("prefill", String, nullable=False),
    Column("planted", String(16), nullable=False),
    Column("seats", Integer, nullable=False),
    UniqueConstraint("batch_id", "report_id", name="uq_confirmation_item_batch_id"),
    Index("ix_confirmation_item_batch_id", "batch_id", "position", "seats"),
    comment=ANSWERS,
    sqlite_autoincrement=True,
)
"""The studies of a batch in the order in which they are shown; `phrase_id` groups them, `prefill` (JSON) is what is preselected.

`seats` is how many answers the study still needs: the one number that is kept beside what it follows from, so that the studies
that are done are passed over without a look at their leases. A planted study is for every labeler, and keeps its one seat.
"""

assignment = Table(
    "confirmation_assignment",
    metadata,
    Column("batch_id", ForeignKey("confirmation_batch.id"), primary_key=True),
    Column("labeler", String(64), primary_key=True),
    Column("assigned_by", String(64), nullable=False),
    Column("assigned_at", DateTime(timezone=True), nullable=False),
    comment="reports",
)
"""Who may take studies of which batch."""

lease = Table(
    "confirmation_lease",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch_id", ForeignKey("confirmation_batch.id"), nullable=False),
    Column("item_id", ForeignKey("confirmation_item.id"), nullable=False),
    Column("labeler", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("taken_at", DateTime(timezone=True), nullable=False),
    Column("until", DateTime(timezone=True), nullable=False),
    Index("ix_confirmation_lease_item_id", "item_id"),
    Index("ix_confirmation_lease_batch_id", "batch_id", "labeler", "state"),
    comment=ANSWERS,
    sqlite_autoincrement=True,
)
"""Who holds, or held, which study; a study that somebody takes again has a lease of another number."""

answer = Table(
    "confirmation_answer",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("client_id", String(36), nullable=False, unique=True),
    Column("lease_id", ForeignKey("confirmation_lease.id"), nullable=False),
    Column("item_id", ForeignKey("confirmation_item.id"), nullable=False),
    Column("labeler", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("labels", String),
    Column("note", String, nullable=False),
    Column("shown", String, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("undoes", String(36)),
    Column("answered_at", DateTime(timezone=True), nullable=False),
    Column("refused", String(16)),
    Index("ix_confirmation_answer_item_id", "item_id", "labeler"),
    comment=ANSWERS + ADDED_ONLY,
    sqlite_autoincrement=True,
)
"""What labelers said, never rewritten. `labels` and `shown`, the prefill, are JSON; `refused` is why it counts for nothing."""

curation = Table(
    "study_curation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("task_id", ForeignKey("task.id"), nullable=False),
    Column("report_id", ForeignKey("report.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("said", String),
    Column("note", String, nullable=False),
    Column("person", String(64), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("ix_study_curation_task_id", "task_id", "kind", "report_id"),
    comment="reports" + ADDED_ONLY,
    sqlite_autoincrement=True,
)
"""Gold labels and final words, never rewritten: the newest counts; NULL as `said` takes it back."""

strata = Table(
    "study_strata",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("task_id", ForeignKey("task.id"), nullable=False),
    Column("report_id", ForeignKey("report.id"), nullable=False),
    Column("tags", String, nullable=False),
    Column("person", String(64), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("ix_study_strata_task_id", "task_id", "report_id"),
    comment=ANSWERS + ADDED_ONLY,
    sqlite_autoincrement=True,
)
"""Strata tags of studies (JSON), never rewritten: the newest count. Apart from gold labels, which no labeler writes."""

snapshot = Table(
    "label_snapshot",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("task_id", ForeignKey("task.id"), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("studies", Integer, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    comment="reports" + ADDED_ONLY,
)
"""Label snapshots whose file is in the project's folder."""
