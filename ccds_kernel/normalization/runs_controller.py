"""The controller's job of a recipe's run on the cluster: `python -m ccds_kernel.normalization.runs_controller FOLDER`.

It opens the project by its only door, and does what `ccds normalization run` does, with workers that are jobs.
"""

from __future__ import annotations

import sys
from contextlib import closing

from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.run_volumes import run_volumes
from ccds_kernel.normalization.runs_cluster import ORDER
from ccds_kernel.workflow.controller import Desk, control
from ccds_kernel.workflow.job_names import run_of
from ccds_kernel.workflow.lease import LeaseHeldError


def _work(desk: Desk) -> None:
    order = ORDER.validate_json(desk.order)
    recipe = Recipe.from_yaml(order.recipe)
    with closing(open_project(order.project, Action.WRITE_IMAGES, settings=desk.settings)) as project:
        engine = desk.engine(
            project=project.id,
            run=run_of(recipe.digest()),
            person=project.person,
            workers=order.workers,
            wall_minutes=order.wall_minutes,
        )
        run_volumes(project, recipe, engine, only=order.volumes, again=order.again)


if __name__ == "__main__":
    sys.exit(control(sys.argv[1:], _work, LeaseHeldError))
