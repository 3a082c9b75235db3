"""Stand-ins for the hub's spawners, for what reads of them which nodes there are."""

from types import SimpleNamespace

from ccds_kernel.batch import JobId
from ccds_spawners.watch import JobWatch


def stand_in(person: str, name: str, job: JobId, watch: JobWatch) -> SimpleNamespace:
    """A lab session of `person` that is up, or was when it was last seen."""
    return SimpleNamespace(
        user=SimpleNamespace(name=person), name=name, job_id=str(job), takes_node=True, up=True, watch=watch,
        user_options={}, orm_spawner=SimpleNamespace(started=None),
    )  # fmt: skip
