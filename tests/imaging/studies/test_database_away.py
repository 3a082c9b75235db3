"""A run of conversions while the server of the project's rows is being started anew."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from ccds_kernel.imaging.studies.convert_operator import Conversion, KeepsVerdicts, Study
from ccds_kernel.imaging.studies.convert_run import new_digest, run_folder
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.workflow.local_engine import LocalEngine
from ccds_kernel.workflow.operator import Item
from ccds_kernel.workflow.progress import RunState
from ccds_kernel.workflow.run import Run
from ccds_kernel.workflow.shift import WAITS
from support.image_studies import KEY, RULES
from support.postgresql import Server, each_engine, end_connections


@pytest.fixture(params=["postgresql"])
def database(request, tmp_path) -> Iterator[dict[str, Any]]:
    """What the site's [database] says: a server."""
    yield from each_engine(request, tmp_path / "site" / "state", schema="head-1")


@dataclass
class CutOff:
    """Keeps verdicts, but for the first time: the server ends its connection within the transaction."""

    keeps: KeepsVerdicts
    project: Project
    server: Server
    tries: int = 0

    def brief(self, item: Item) -> Item:
        """As a Keeper's."""
        return self.keeps.brief(item)

    def keep(self, item: Item, told: object) -> bool:
        """As a Keeper's."""
        self.tries += 1
        if self.tries == 1:
            with self.project.store.writing() as connection:
                end_connections(self.server, connection.scalar(text("SELECT current_user")))
                connection.execute(text("SELECT 1"))
        return self.keeps.keep(item, told)


@pytest.mark.usefixtures("study")
def test_a_verdict_is_kept_once_the_server_is_there_again(open_as, folder, postgresql) -> None:
    """The run says what it waits for and goes through; nobody has to start it again."""
    project = open_as("eve", Action.WRITE_IMAGES)
    studies = ImageStudies(project)
    studies.keep_rules(RULES)
    keeper = CutOff(KeepsVerdicts(studies), project, postgresql)
    told: list[str | None] = []

    run = Run(Conversion(new_digest()), run_folder(project), LocalEngine(1), "eve", keeper=keeper)
    progress = run.over([Study(KEY, folder, "", 1 << 28)], lambda now: told.append(now.why))

    [judged] = [one for one in [studies.judgement(KEY, name) for name in studies.series_numbers(KEY)] if one]
    assert (progress.state, progress.done, progress.why, keeper.tries) == (RunState.ENDED, 1, None, 2)
    assert (judged.status.value, WAITS in told) == ("accepted", True)
