"""A job in an image where the root helper starts jobs: it can start none inside one, and that is told in one line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ccds_kernel.batch import Container, JobRefusedError, JobSpec, PriorityClass
from ccds_kernel.batch.commands import Answer
from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.settings import Settings
from support.site import site_settings

IMAGE = "registry.example/torch@sha256:" + "0" * 64
NO_JOBS = {
    "squeue": '{"jobs": [], "errors": []}',
    "bjobs": '{"COMMAND":"bjobs","JOBS":0,"RECORDS":[]}',
    "bhosts": '{"COMMAND":"bhosts","HOSTS":1,"RECORDS":[{"HOST_NAME":"cpu1","STATUS":"ok","MAX":"8"}]}\n'
    "HOST_NAME GPU_ID MODEL",
}


class Cluster:
    """A scheduler's programs, which have no job and take any."""

    def __init__(self) -> None:
        self.taken = 0

    def run(self, argv: Sequence[str], *, stdin: str = "", owner: str | None = None) -> Answer:  # noqa: ARG002 - the port's
        """See `Commands.run`."""
        if argv[0] in NO_JOBS:
            return Answer(0, NO_JOBS[argv[0]], "")
        self.taken += 1
        return Answer(0, {"sbatch": "7\n", "bsub": "Job <7> is submitted to queue <interactive>.\n"}[argv[0]], "")


@pytest.mark.parametrize(
    "engine",
    [
        {"scheduler": {"engine": "slurm"}, "slurm": {"containers": "pyxis"}},
        {"scheduler": {"engine": "lsf"}, "lsf": {"containers": {IMAGE: "torch"}}},
    ],
)
def test_the_root_helper_starts_nothing_inside_an_image(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Refused for good, before anything is handed over; whoever starts jobs by themselves has images on the same site."""
    settings = Settings.model_validate(site_settings(tmp_path).model_dump() | engine)
    settings.paths.state.mkdir()
    helped, own = Cluster(), Cluster()
    spec = JobSpec(
        name="session-ann", command=("python",), cwd=tmp_path, log=tmp_path / "log", owner="ann",
        priority_class=PriorityClass.FIRST, container=Container(IMAGE, ()),
    )  # fmt: skip

    with pytest.raises(JobRefusedError, match="jobs that start without the root helper; found not both") as refused:
        scheduler_of(settings, commands=helped, start=("sudo", "-n", "helper", "server")).submit(spec)
    scheduler_of(settings, commands=own).submit(spec)

    assert "\n" not in str(refused.value)
    assert (helped.taken, own.taken) == (0, 1)
