"""Which of a project's actions stand behind confirming and curating, in one place."""

from ccds_kernel.irb.roles import Action

CONFIRM = Action.EDIT_PHRASES
"""To take studies and say what their label is. Labelers have no action of their own yet: a fellow confirms."""

CURATE = Action.EDIT_PHRASES
"""To make tasks and batches, keep the gold set, say the final word, take label snapshots."""

READ_LABELS = Action.READ_PHRASES
"""To see labels, answers and progress, and to export label snapshots."""
