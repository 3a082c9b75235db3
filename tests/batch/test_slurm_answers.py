"""What Slurm prints is read as it is meant; the answers are a real Slurm's, see `slurm_answers/README.md`."""

import json
from pathlib import Path
from typing import Any

import pytest

from ccds_kernel.batch import JobState, PriorityClass, SchedulerUnavailableError
from ccds_kernel.batch.slurm import SlurmSite
from ccds_kernel.batch.slurm.answers import SlurmJob, hosts_of, own_words, read_jobs, read_nodes, was_unable
from ccds_kernel.batch.slurm.nodes import nodes_of
from ccds_kernel.batch.slurm.queue import Line, said_of
from ccds_kernel.batch.slurm.words import reason_of

ANSWERS = Path(__file__).parent / "slurm_answers"
SAID: dict[str, str] = json.loads((ANSWERS / "said.json").read_text(encoding="utf-8"))
RUNNING, PENDING, SUSPENDED = JobState.RUNNING, JobState.PENDING, JobState.SUSPENDED
FAILED, CANCELLED, SUCCEEDED, UNKNOWN = JobState.FAILED, JobState.CANCELLED, JobState.SUCCEEDED, JobState.UNKNOWN


@pytest.fixture
def jobs() -> list[SlurmJob]:
    """Those of `squeue.json`."""
    return read_jobs((ANSWERS / "squeue.json").read_text(encoding="utf-8"))


def one(state: object, **fields: Any) -> SlurmJob:
    """A job in this state, with these other keys of `squeue --json`."""
    raw = {"job_id": 1, "job_state": state, "name": "x", "user_name": "ann", "partition": "batch", **fields}
    (job,) = read_jobs(json.dumps({"jobs": [raw], "errors": []}))
    return job


def test_a_whole_job_is_read(jobs: list[SlurmJob]) -> None:
    """Every field that counts, of a job on two nodes."""
    wide = next(job for job in jobs if job.name == "wide")

    assert wide == SlurmJob(
        id=2,
        array=0,
        task=None,
        tasks_left="",
        name="wide",
        user="root",
        comment="ccds1:0123456789ab:0123456789abcdef:batch:ann%40site",
        partition="batch",
        states=("PREEMPTED",),
        reason="",
        said="",
        priority=100,
        nodes=("gpu1", "gpu2"),
        gpus=wide.gpus,
        restarts=0,
        exit_status=143,
        submitted=wide.submitted,
        started=wide.started,
        ends=wide.ends,
    )
    assert 0 < wide.submitted <= wide.started <= wide.ends


def test_each_state_of_a_real_slurm_has_its_meaning(jobs: list[SlurmJob]) -> None:
    """Name → state and reason."""
    said = {job.name: said_of(job) for job in jobs if not job.array}

    assert {name: (verdict.state, verdict.reason) for name, verdict in said.items()} == {
        "first": (RUNNING, None),
        "wide": (FAILED, "it gave way to other work"),
        "fails": (FAILED, "exit code 3"),
        "killed": (FAILED, "exit code 137"),
        "fine": (SUCCEEDED, None),
        "suspended": (SUSPENDED, None),
        "cancelled": (CANCELLED, None),
        "yields": (PENDING, None),
        "held": (PENDING, None),
        "node": (RUNNING, None),
        "waits": (PENDING, None),
    }


@pytest.mark.parametrize(
    ("state", "meant"),
    [
        ("PENDING", PENDING),
        ("CONFIGURING", PENDING),
        ("REQUEUED", PENDING),
        ("REQUEUE_HOLD", PENDING),
        ("SPECIAL_EXIT", PENDING),
        ("RESV_DEL_HOLD", PENDING),
        ("RUNNING", RUNNING),
        ("COMPLETING", RUNNING),
        ("RESIZING", RUNNING),
        ("SIGNALING", RUNNING),
        ("STAGE_OUT", RUNNING),
        ("STOPPED", SUSPENDED),
        ("SUSPENDED", SUSPENDED),
        ("COMPLETED", SUCCEEDED),
        ("CANCELLED", CANCELLED),
        ("FAILED", FAILED),
        ("TIMEOUT", FAILED),
        ("NODE_FAIL", FAILED),
        ("BOOT_FAIL", FAILED),
        ("OUT_OF_MEMORY", FAILED),
        ("DEADLINE", FAILED),
        ("PREEMPTED", FAILED),
        ("REVOKED", UNKNOWN),
        ("SOMETHING_NEW", UNKNOWN),
        # as later versions write it: the flags decide whether it is over
        (["RUNNING"], RUNNING),
        (["CANCELLED", "COMPLETING"], RUNNING),
        (["NODE_FAIL", "REQUEUED"], PENDING),
        (["PREEMPTED", "COMPLETING"], RUNNING),
        (["RUNNING", "CONFIGURING"], PENDING),
        (["FAILED", "LAUNCH_FAILED"], FAILED),
        ([], UNKNOWN),
    ],
)
def test_only_a_positive_end_is_an_end(state: object, meant: JobState) -> None:
    """Slurm's word for it → ours."""
    assert said_of(one(state)).state is meant


def test_the_line_is_slurm_s_own(jobs: list[SlurmJob]) -> None:
    """First nodes, then batch work; who is held or may not have more tasks at once is in nobody's way."""
    line = Line(jobs, SlurmSite())
    by_name = {job.name: job for job in jobs if not job.array}
    left = next(job for job in jobs if job.tasks_left)

    told = {name: line.explain([by_name[name]], 0.0) for name in ("waits", "yields", "held")}

    assert {name: it.position for name, it in told.items()} == {"waits": 1, "yields": 2, "held": None}
    assert told["waits"].reason == "waits for what it asks for to come free"
    assert told["waits"].said == "Resources"
    assert told["waits"].estimated_start
    assert told["held"].reason == "is held by its owner"
    assert line.explain([left], 0.0).position is None


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("QOSMaxGRESPerUser", "a limit on how much may be used at a time is reached"),
        ("AssocGrpCpuLimit", "a limit on how much may be used at a time is reached"),
        ("WhateverComesNext", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_reason_is_translated_and_never_guessed(code: str, words: str) -> None:
    """An unknown code is unknown."""
    assert reason_of(code) == words


def test_tasks_of_an_array_are_told_apart(jobs: list[SlurmJob]) -> None:
    """Those that began have a number; the rest stands as one."""
    tasks = [(job.array, job.task, job.tasks_left) for job in jobs if job.array]

    assert sorted(tasks, key=str) == [(10, 0, ""), (10, 1, ""), (10, None, "2-3%2")]


def test_nodes_are_read_with_what_is_taken(jobs: list[SlurmJob]) -> None:
    """Two with GPUs, one without; batch work that yields is counted where it runs."""
    nodes = read_nodes((ANSWERS / "sinfo.json").read_text(encoding="utf-8"))

    found = {node.name: node for node in nodes_of(nodes, jobs, SlurmSite())}

    assert {name: (it.cpus, it.memory_mb, it.gpus, it.gpu_model, it.up) for name, it in found.items()} == {
        "cpu1": (4, 8000, 0, None, True),
        "gpu1": (4, 8000, 4, "a100", True),
        "gpu2": (4, 8000, 4, "a100", True),
    }
    assert (found["gpu1"].gpus_free, found["gpu2"].gpus_free) == (1, 0)  # the suspended job keeps its own
    assert {node.address for node in nodes} == {"127.0.0.1"}


def test_a_later_version_s_numbers_are_read() -> None:
    """23.11 writes them as objects; what isn't set or has no end is not said."""
    job = one(
        ["FAILED"],
        job_id=7,
        array_job_id={"set": True, "infinite": False, "number": 6},
        array_task_id={"set": True, "infinite": False, "number": 0},
        start_time={"set": True, "infinite": False, "number": 5},
        end_time={"set": True, "infinite": True, "number": 0},
        priority={"set": False, "infinite": False, "number": 9},
        exit_code={
            "status": ["ERROR"],
            "return_code": {"set": True, "infinite": False, "number": 3},
            "signal": {"id": {"set": False, "infinite": False, "number": 0}, "name": ""},
        },
    )

    assert (job.id, job.array, job.task, job.started, job.ends, job.priority, job.exit_status) == (7, 6, 0, 5, 0, 0, 3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "slurm_load_jobs error: Unable to contact slurm controller",
        '{"jobs": [{"job_id": 1, "job_state": "RUNN',
        "[]",
        "{}",
        '{"jobs": {}}',
        '{"jobs": [1]}',
        '{"jobs": [], "errors": [{"error": "Unspecified error", "error_number": -1}]}',
    ],
)
def test_what_is_no_answer_is_never_an_empty_one(text: str) -> None:
    """Cut, empty, of another shape, or with an error: nothing is known."""
    with pytest.raises(SchedulerUnavailableError):
        read_jobs(text)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("id", {"job_id": None}),
        ("id", {"job_id": "1"}),
        ("states", {"job_state": None}),
        ("states", {"job_state": 5}),
        ("nodes", {"nodes": "n[1-99999999]"}),
        ("exit_status", {"exit_code": "many"}),
        ("comment", {"comment": ["x"]}),
        ("gpus", {"gres_detail": 5}),
        ("priority", {"priority": float("inf")}),
        ("ends", {"end_time": 10**18}),
        ("submitted", {"submit_time": -1}),
    ],
)
def test_a_field_that_cannot_be_read_is_told(field: str, wrong: dict[str, Any]) -> None:
    """And nothing is known of that job; the others of the answer are as they are."""
    fine = {"job_id": 2, "job_state": "RUNNING"}

    odd, other = read_jobs(json.dumps({"jobs": [{"job_id": 1, "job_state": "COMPLETED", **wrong}, fine], "errors": []}))

    assert odd.unread == {field}
    assert said_of(odd).state is UNKNOWN
    assert (other.id, other.unread, said_of(other).state) == (2, frozenset(), RUNNING)


@pytest.mark.parametrize(
    ("wrong", "position"),
    [
        ({"end_time": 10**18}, 2),  # it stands before all the same
        ({"priority": "high"}, None),
        ({"job_state": 5}, None),
        ({"partition": 5}, None),
        ({"partition": 5, "job_state": "RUNNING"}, 1),
        ({"priority": "high", "partition": "elsewhere"}, 1),
        ({"priority": "high", "partition": "app"}, 1),
    ],
)
def test_a_place_in_line_is_told_where_it_is_sure(wrong: dict[str, Any], position: int | None) -> None:
    """Somebody else's record counts as far as what gives it its place can be read; else nobody's place is known."""
    before = {"job_id": 1, "job_state": "PENDING", "partition": "batch", "priority": 9} | wrong
    ours = {"job_id": 2, "job_state": "PENDING", "partition": "batch", "priority": 1}
    jobs = read_jobs(json.dumps({"jobs": [before, ours], "errors": []}))

    assert Line(jobs, SlurmSite()).explain(jobs[1:], 0.0).position == position


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("", ()),
        ("gpu1", ("gpu1",)),
        ("gpu[1-3,7],cpu1", ("gpu1", "gpu2", "gpu3", "gpu7", "cpu1")),
        ("n[08-10]-ib", ("n08-ib", "n09-ib", "n10-ib")),
    ],
)
def test_a_list_of_hosts_is_each_of_them(text: str, hosts: tuple[str, ...]) -> None:
    """Slurm folds them."""
    assert hosts_of(text) == hosts


@pytest.mark.parametrize(
    ("details", "nodes", "granted"),
    [
        (["gpu:a100:2(IDX:0-1)"], "gpu1", ("0", "1")),
        (["gpu:a100:1(IDX:3)", "gpu:a100:2(IDX:0,2)"], "gpu[1-2]", ("gpu1:3", "gpu2:0", "gpu2:2")),
        (["gpu:0(IDX:),shard:a100:1(0/4)"], "gpu1", ()),
        ([], "gpu1", ()),
    ],
)
def test_a_job_s_gpus_are_slurm_s_numbers(details: list[str], nodes: str, granted: tuple[str, ...]) -> None:
    """With their hosts where it has several."""
    assert one("RUNNING", gres_detail=details, nodes=nodes).gpus == granted


@pytest.mark.parametrize("key", [key for key in SAID if key.startswith("unable") and SAID[key]])
def test_being_unable_is_no_decision(key: str) -> None:
    """Slurm away, or nobody to prove who asks."""
    assert was_unable(SAID[key])


@pytest.mark.parametrize("key", [key for key in SAID if key.startswith(("refused", "over", "begun", "no_such"))])
def test_a_decision_is_a_decision(key: str) -> None:
    """It is told in one line without a path, and without the program's name."""
    assert not was_unable(SAID[key])
    assert own_words(SAID[key])
    assert not {"\n", "/"} & set(own_words(SAID[key]))
    assert not own_words(SAID[key]).startswith("sbatch")


def test_a_path_in_slurm_s_words_is_left_out() -> None:
    """A path may name a project; the rest is told."""
    assert own_words("sbatch: error: Unable to open file /projects/irb-7/x.sh\n") == "Unable to open file …"


def test_classes_are_told_by_partition() -> None:
    """And nothing else is."""
    site = SlurmSite()

    assert site.class_of("second") is PriorityClass.SECOND
    assert site.class_of("interactive,second") is None
