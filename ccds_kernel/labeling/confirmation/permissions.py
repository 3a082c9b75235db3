"""Which of a project's actions stand behind confirming and curating, in one place."""

from ccds_kernel.irb.roles import Action

CONFIRM = Action.CONFIRM_STUDIES
"""To take studies of a batch and say what their label is, with their strata: labelers, and fellows."""

CURATE = Action.CURATE_LABELS
"""To make tasks and batches, keep the gold set, say the final word, take label snapshots."""

READ_LABELS = Action.READ_PHRASES
"""To see tasks, labels, answers and progress, and to export label snapshots. A labeler sees the task of what they confirm."""
