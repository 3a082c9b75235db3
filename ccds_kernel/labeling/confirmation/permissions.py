"""Which of a project's actions stand behind confirming and curating, in one place."""

from ccds_kernel.irb.roles import Action

CONFIRM = Action.CONFIRM_STUDIES
"""To take studies of a batch and say what their label is, with their strata: labelers, and fellows."""

CURATE = Action.CURATE_LABELS
"""To make tasks and batches, keep the gold set, say the final word, take label snapshots."""

READ_TASKS = Action.READ_TASKS
"""To see what is labelled: labels, guideline, strata tags. A labeler sees so much and no phrase list."""

READ_LABELS = Action.READ_PHRASES
"""To see labels, answers and progress, and to export label snapshots."""
