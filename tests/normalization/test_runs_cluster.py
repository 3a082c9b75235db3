"""What is handed over to the site's scheduler of a recipe's run."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert

from ccds_kernel.batch import JobSpec, PriorityClass
from ccds_kernel.batch.local import LocalScheduler
from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.repository import CohortRepository
from ccds_kernel.cohort.tables import report
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.normalization.runs_cluster import ORDER, hand_over
from ccds_kernel.settings import load_settings
from support.normalizing import PROJECT, normalizing_site, project_folder, study_key, write_recipe, write_study


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site with four cores and three studies, of which the first and the second are in the cohort `heads`."""
    config = normalizing_site(tmp_path)
    monkeypatch.setenv("CCDS_CONFIG", str(config))
    with config.open("a", encoding="utf-8") as file:
        file.write("[scheduler]\ncpus = 4\nmemory_mb = 8000\n")
    for number in range(3):
        write_study(project_folder(config), number)
    settings = load_settings(config)
    with (
        closing(open_project(PROJECT, Action.WRITE_IMAGES, person="kim", settings=settings)) as project,
        project.store.writing() as connection,
    ):
        for number, code in enumerate(("CTHEAD", "CTHEAD", "CXR1")):
            row = {"accession": f"A-{number}", "study_key": study_key(number), "exam_code": code}
            connection.execute(insert(report).values(**row, study_date=date(2019, 6, 1)))
    criteria = Criteria(frozenset({"CTHEAD"}), date(2019, 1, 1), date(2019, 12, 31))
    with closing(open_project(PROJECT, Action.LOAD_REPORTS, person="fay", settings=settings)) as project:
        CohortRepository(project).keep("heads", criteria)
    return config


@pytest.fixture
def scheduler(config: Path, tmp_path: Path) -> Iterator[LocalScheduler]:
    """Its scheduler, all cores taken by a session."""
    scheduler = scheduler_of(load_settings(config))
    assert isinstance(scheduler, LocalScheduler)
    scheduler.submit(
        JobSpec(
            name="session", command=("sleep", "600"), cwd=tmp_path, log=tmp_path / "session.log", owner="ann", cpus=4,
            memory_mb=10, priority_class=PriorityClass.FIRST,
        )
    )  # fmt: skip
    yield scheduler
    scheduler.shutdown(cancel_jobs=True)


def test_a_cohort_is_handed_over_as_the_volumes_of_the_studies_in_it(config, scheduler, tmp_path):
    """So the controller, which has no right to the database, needn't ask for them; another cohort's run is another one."""
    _, recipe = write_recipe(tmp_path)
    opened = open_project(PROJECT, Action.WRITE_IMAGES, person="kim", settings=load_settings(config))

    with closing(opened) as project:
        controller = hand_over(project, recipe, scheduler, cohort="heads", workers=2)
        same = hand_over(project, recipe, scheduler, studies=[study_key(1), study_key(0)], workers=2)
        with pytest.raises(CcdsError) as refused:
            hand_over(project, recipe, scheduler, workers=2)

    (order,) = tmp_path.rglob("order.json")
    assert ORDER.validate_json(order.read_bytes()).volumes == tuple(
        sorted(f"{study_key(number)}/series-a" for number in (0, 1))
    )
    assert same == controller
    assert refused.value.expected == "the run of this recipe that is at work to be of the same volumes"
