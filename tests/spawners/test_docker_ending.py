"""What ends a session on a person's own machine, and what becomes of one whose hub died before it was started."""

import asyncio
import signal
import threading

import pytest
from jupyterhub import orm

from ccds_kernel.batch.scheduler import JobRefusedError
from ccds_kernel.batch.spec import JobSpec
from ccds_kernel.batch.states import JobId, JobState
from ccds_spawners.docker import CcdsDockerSpawner
from ccds_spawners.ending import end_job
from ccds_spawners.home import session_folder
from ccds_spawners.kept_token import keep_token
from support.docker_machines import SECONDS, Site, ended, machines_on


def test_the_machine_ends_a_session_whose_time_is_over(machines, session):
    """Also where no hub looks."""
    status = ended(machines, machines.submit(session(wall_minutes=1 / 60)))

    assert (status.state, status.reason) == (JobState.FAILED, "its wall time was over")


class DiesBetween(CcdsDockerSpawner):
    """The spawner of a hub that dies when its container is made, and not yet started."""

    async def start_object(self) -> None:
        """Doesn't come to it."""
        raise KeyboardInterrupt


def only_made(machines: Site, job: JobSpec) -> JobId:
    """A container that nobody has started."""
    machines.kind = DiesBetween
    with pytest.raises(KeyboardInterrupt):
        machines.submit(job)
    machines.kind = CcdsDockerSpawner
    (status,) = machines.of("ann").containers.mine()
    assert status.state is JobState.PENDING
    return status.id


def test_what_a_dead_hub_made_is_started_by_the_next(machines, session):
    """Not made again."""
    made = only_made(machines, session())

    again = machines.submit(session())

    assert again == made
    assert machines.status(made).state is JobState.RUNNING


def test_what_a_dead_hub_made_is_taken_up(machines, session):
    """With its token, and started: the start that was interrupted goes on with the one container."""
    made = only_made(machines, session())
    spawner = machines.spawner("ann")
    token = "of the start that was interrupted"
    client = orm.OAuthClient(identifier="jupyterhub")
    machines.database.add(orm.APIToken(generated=True, token=token, user=spawner.user.orm_user, oauth_client=client))
    machines.database.commit()
    folder = session_folder(spawner.session, "ann", machines.settings)
    keep_token(folder, token)
    spawner.load_state({"job_id": "", "up": False, "port": 0, "cores": 0})

    taken_up = asyncio.run(spawner._adopt())

    assert taken_up is True
    assert (spawner.job_id, spawner.container_id, spawner.api_token) == (made, made.partition("/")[2], token)
    assert machines.status(made).state is JobState.RUNNING


@pytest.mark.usefixtures("daemons")
def test_what_a_dead_hub_made_keeps_its_gpus(tmp_path, site, session):
    """It may be started at any moment."""
    with machines_on(site, tmp_path, gpus=1) as machines:
        only_made(machines, session(gpus=1))

        with pytest.raises(JobRefusedError, match="expected 1 free GPUs on one; found 0"):
            machines.submit(session(name="session-ann-chest-1-lab-2", gpus=1))
        assert machines.of("ann").containers.capacity()[0].gpus_free == 0


def end(machines: Site, job: JobId) -> list[int]:
    """Ends it as the hub does; how often that wasn't heard."""
    unheard: list[int] = []

    async def stop() -> None:
        own = machines.of("ann")
        await end_job(job, machines.spawner("ann")._cancel, own.watch, lambda _why: unheard.append(1), again_s=1)

    asyncio.run(asyncio.wait_for(stop(), SECONDS))
    return unheard


def test_what_was_only_made_ends_at_once(daemons, machines, session):
    """It is taken away, and nobody waits for an end that never comes."""
    job = only_made(machines, session())

    assert end(machines, job) == []
    assert daemons[0].client.containers(all=True) == []


def test_an_end_that_was_not_heard_is_asked_for_again(tmp_path, site, daemons, session):
    """The daemon hangs when the session is stopped: that is told once, and the container ends when it answers again."""
    with machines_on(site, tmp_path, timeout_s=1) as machines:
        job = machines.submit(session())
        daemons[0].process.send_signal(signal.SIGSTOP)
        wakes = threading.Timer(4, daemons[0].process.send_signal, (signal.SIGCONT,))
        wakes.start()
        try:
            unheard = end(machines, job)
        finally:
            wakes.join()

        assert unheard == [1]
        assert machines.status(job).state is JobState.CANCELLED


def test_a_session_that_has_ended_stays_as_it_ended(machines, session):
    """Whoever ends it then is told nothing new."""
    job = machines.submit(session("python", "-c", "raise SystemExit(3)"))
    before = ended(machines, job)

    machines.cancel(job)

    assert machines.status(job) == before
    assert before.exit_code == 3
