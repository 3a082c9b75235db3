"""People's own machines, each a real Docker daemon: whose session runs where, what one holds, what one that is away means."""

import dataclasses
import gc
import signal

import pytest

from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.states import JobId, JobState
from support.docker_machines import ended, machines_on


def test_everybody_runs_on_their_own_machine(daemons, machines, session):
    """Each by one client of its own."""
    ann = machines.submit(session())
    bob = machines.submit(session(owner="bob", name="session-bob-chest-1-lab"))
    statuses = {"ann": machines.status(ann), "bob": machines.status(bob, "bob")}
    assert [len(daemon.client.containers()) for daemon in daemons] == [1, 1]
    assert {(status.node, status.address, status.owner) for status in statuses.values()} == {
        ("one", "10.0.0.1", "ann"),
        ("two", "10.0.0.2", "bob"),
    }
    assert [[status.id for status in own.containers.mine()] for own in machines.own.values()] == [[ann], [bob]]


def test_a_session_is_made_once_and_found_by_another_hub(tmp_path, site, daemons, machines, session):
    """By its name; after its end the next is a new one."""
    first = machines.submit(session())
    with machines_on(site, tmp_path) as another:
        again = another.submit(session())
        another.cancel(first)
    status = ended(machines, first)
    second = machines.submit(session())

    assert again == first
    assert status.state is JobState.CANCELLED
    assert second != first
    assert machines.status(second).state is JobState.RUNNING
    assert len(daemons[0].client.containers(all=True)) == 1


def test_a_machine_that_does_not_answer_ends_nothing(tmp_path, site, daemons, machines, session):
    """Its sessions are unknown, which is alive; the other machine's are as they are; afterwards all is as before."""
    ann, bob = machines.submit(session()), machines.submit(session(owner="bob", name="session-bob-chest-1-lab"))
    daemons[0].process.send_signal(signal.SIGSTOP)
    try:
        with machines_on(site, tmp_path, timeout_s=1) as impatient:
            silent = (impatient.status(ann), impatient.status(bob, "bob"))
            with pytest.raises(SchedulerUnavailableError) as refused:
                impatient.submit(session())
            with pytest.raises(SchedulerUnavailableError):
                impatient.cancel(ann)
            with pytest.raises(SchedulerUnavailableError) as short:
                impatient.of("ann").containers.mine()
            capacity = {node.name: node.up for own in impatient.own.values() for node in own.containers.capacity()}
    finally:
        daemons[0].process.send_signal(signal.SIGCONT)

    assert [(status.state, status.reason) for status in silent] == [
        (JobState.UNKNOWN, "one doesn't answer"),
        (JobState.RUNNING, None),
    ]
    assert str(refused.value) == str(short.value)
    assert capacity == {"one": False, "two": True}
    assert machines.status(ann).state is JobState.RUNNING
    assert machines.submit(session()) == ann


@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)  # Docker's client
def test_a_machine_that_is_not_there_is_told_in_one_line(tmp_path, site, daemons, session):
    """No socket at all."""
    gone = dataclasses.replace(daemons[0], folder=tmp_path)

    with (
        machines_on(((gone, daemons[1]), site[1]), tmp_path) as machines,
        pytest.raises(SchedulerUnavailableError) as refused,
    ):
        machines.submit(session())

    said = str(refused.value)
    del refused
    gc.collect()  # of the socket that Docker's client leaves open here, not in another test
    assert said.startswith("expected Docker on one to answer; found no answer that makes sense")


def test_a_container_that_was_taken_away_by_hand_is_unknown(daemons, machines, session):
    """Nobody said how it ended; its person can end the session."""
    job = machines.submit(session())
    daemons[0].client.remove_container(job.partition("/")[2], force=True)

    assert machines.status(job).state is JobState.UNKNOWN
    with pytest.raises(UnknownJobError):
        machines.cancel(job)


def test_what_is_more_than_the_machine_is_refused(machines, session):
    """Before anything is made: GPUs, cores, memory, another model, another kind of job."""
    for changed in ({"gpus": 1}, {"cpus": 5}, {"memory_mb": 9000}, {"gpu_model": "a100"}, {"hosts": 2}):
        with pytest.raises(JobRefusedError):
            machines.submit(session(**changed))

    assert machines.of("ann").containers.mine() == []


def test_capacity_and_outlook_are_those_of_the_machine(machines, session):
    """What containers were given isn't free; a session that fits would start now; there is no queue and no more time."""
    job = machines.submit(session(cpus=2))

    one = machines.of("ann").containers
    (node,) = one.capacity()
    outlook = one.estimate(session(name="session-ann-chest-1-lab-2"))

    assert (node.cpus_free, node.memory_mb_free) == (2, 8000 - 256)
    assert outlook.estimated_start is not None
    with pytest.raises(JobRefusedError):
        one.extend(job, 30)
    with pytest.raises(UnknownJobError):
        machines.cancel(JobId("three/4f2a"))
