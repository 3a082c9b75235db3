"""The controller's job of conversions on the cluster: `python -m ccds_kernel.imaging.studies.convert_controller FOLDER`.

It opens the project by its only door, and does what `ccds imaging volumes --engine local` does, with workers that are jobs.
"""

from __future__ import annotations

import sys
from contextlib import closing

from ccds_kernel.imaging.studies.convert_cluster import ORDER, RUN, check_database
from ccds_kernel.imaging.studies.convert_run import RunHeldError, convert_studies
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.irb.database import VARIABLE
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.workflow.controller import Desk, control


def _work(desk: Desk) -> None:
    order = ORDER.validate_json(desk.order)
    check_database(desk.settings)
    with closing(open_project(order.project, Action.WRITE_IMAGES, settings=desk.settings)) as project:
        there = set(ImageStudies(project).study_keys())  # people may have set some aside since
        engine = desk.engine(
            project=project.id,
            run=RUN,
            person=project.person,
            workers=order.workers,
            wall_minutes=order.wall_minutes,
        )
        convert_studies(project, filter(there.__contains__, order.studies), engine, digest=order.digest)


if __name__ == "__main__":
    sys.exit(control(sys.argv[1:], _work, RunHeldError, database=VARIABLE))
