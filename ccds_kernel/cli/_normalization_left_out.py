"""The line of `ccds normalization` about volumes that it doesn't take."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ccds_kernel.irb.project import Project


def tell_left_out(project: Project, options: argparse.Namespace) -> None:
    """Says how many volumes aren't taken, of those that `--study` and `--cohort` choose, because no verdict accepts them."""
    from ccds_kernel.normalization.runs import NormalizationRuns
    from ccds_kernel.normalization.volume_folder_judged import told_of_left_out

    ids = NormalizationRuns(project).left_out(cohort=getattr(options, "cohort", None), studies=options.study)
    if line := told_of_left_out(project.id, len(ids)):
        print(f"ccds: warning: {line}", file=sys.stderr)
