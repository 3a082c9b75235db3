"""LSF that misbehaves, on the stand-in: nothing is lost, doubled or taken for an end."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ccds_kernel.batch import (
    UNKNOWN_REASON,
    Array,
    JobId,
    JobRefusedError,
    JobState,
    PriorityClass,
    SchedulerUnavailableError,
    UnknownJobError,
)
from ccds_kernel.batch.commands import DirectCommands
from ccds_kernel.batch.lsf import ENVIRONMENT, LsfScheduler, LsfSite
from support.lsf.stand_in import HOSTS, Host, StandIn, queues, running_lsf
from support.scheduler_contract import HOLD, Connect, Jobs
from support.waiting import until

Client = Callable[..., LsfScheduler]


@pytest.fixture
def lsf(tmp_path: Path):
    """A stand-in with one GPU node and a host for app sessions; a job has half a second between INT, TERM and KILL."""
    with running_lsf(tmp_path / "lsf", terminate_interval_s=0.5) as stand_in:
        yield stand_in


@pytest.fixture
def client(lsf: StandIn, tmp_path: Path) -> Client:
    """New clients; `user` pretends to be another Unix user, `timeout_s` is their patience."""

    def make(*, user: str | None = None, timeout_s: float = 10.0, folder: str = "ours") -> LsfScheduler:
        env = ENVIRONMENT | ({"STAND_IN_USER": user} if user else {})
        commands = DirectCommands(lsf.bin, env=env, timeout_s=timeout_s)
        return LsfScheduler(tmp_path / folder, LsfSite(grace_s=0.3), commands)

    return make


@pytest.fixture
def connect(client: Client) -> Connect:
    """As the contract's."""
    return client


@pytest.fixture
def jobs(connect: Connect, tmp_path: Path) -> Jobs:
    """Specs and waits."""
    return Jobs(connect(), tmp_path)


def run_dirs(tmp_path: Path) -> list[Path]:
    """The folders of all runs."""
    return list((tmp_path / "ours" / "jobs").iterdir())


def test_what_an_esub_prints_is_no_answer(jobs: Jobs, lsf: StandIn) -> None:
    """The job's id is found among lines of the site's, and bjobs behind attempts to connect."""
    lsf.misbehave(noise={"bsub": ["Job <7> is submitted to the committee", "{", "welcome"]}, connecting=3)

    job = jobs.submit("noisy", "sh", "-c", "echo done")

    assert jobs.until_ended(job).state is JobState.SUCCEEDED
    assert job == "101"


@pytest.mark.parametrize(
    "trouble",
    [
        {"down": True},
        {"hangs": "all"},
        {"truncates": 300},
        {"refuses_all": "Failed in an LSF library call: Communication time out"},
        {"noise": {"bjobs": ['{"COMMAND":"bjobs",']}, "truncates": 1},
    ],
)
def test_no_answer_means_that_nothing_is_known(
    jobs: Jobs, lsf: StandIn, client: Client, trouble: dict[str, object]
) -> None:
    """A job stays alive as UNKNOWN with a reason, lists and changes fail, and all is as before when LSF is back."""
    job = jobs.submit("kept", *HOLD)
    jobs.until_runs(job)
    impatient = client(timeout_s=0.7)
    lsf.misbehave(**trouble)

    known = impatient.status([job])[job]
    with pytest.raises(SchedulerUnavailableError):
        impatient.mine()
    with pytest.raises(SchedulerUnavailableError):
        impatient.submit(jobs.spec("another", *HOLD))
    lsf.misbehave()

    assert (known.state, bool(known.reason)) == (JobState.UNKNOWN, True)
    assert [status.id for status in jobs.scheduler.mine()] == [job]
    assert jobs.status(job).state is JobState.RUNNING


@pytest.mark.parametrize("stat", ["UNKWN", "ZOMBI", "SSUSP", "USUSP", "PSUSP", "WAIT", "SOMETHING"])
def test_no_state_of_lsf_s_ends_a_live_job(jobs: Jobs, lsf: StandIn, stat: str) -> None:
    """It is listed as alive whatever LSF calls it."""
    job = jobs.submit("alive", *HOLD)
    jobs.until_runs(job)

    lsf.misbehave(stat={job: stat})

    assert not jobs.status(job).state.ended
    assert [status.id for status in jobs.scheduler.mine()] == [job]


def test_a_job_that_is_stopped_goes_on(jobs: Jobs, lsf: StandIn) -> None:
    """It is suspended by bstop and goes on by bresume; a waiting one is held."""
    job = jobs.submit("stopped", *HOLD, gpus=4)
    jobs.until_runs(job)
    waits = jobs.submit("held", *HOLD, gpus=1)

    lsf.run("bstop", job)
    lsf.run("bstop", waits)
    suspended, held = jobs.until_state(job, JobState.SUSPENDED), jobs.status(waits)
    lsf.run("bresume", job)
    lsf.run("bresume", waits)

    assert (suspended.node, suspended.gpus_granted) == ("gpu1", ("0", "1", "2", "3"))
    assert held.state is JobState.PENDING
    assert held.waits
    assert held.waits.reason.startswith("held")
    jobs.until_runs(job)


def test_an_answer_that_was_lost_is_no_lost_job(jobs: Jobs, lsf: StandIn, client: Client, tmp_path: Path) -> None:
    """LSF took the job and never said so: submitting its name again finds it."""
    lsf.misbehave(loses_answer=True)
    with pytest.raises(SchedulerUnavailableError):
        client(timeout_s=1.0).submit(jobs.spec("lost", *HOLD))
    lsf.misbehave()

    job = jobs.submit("lost", *HOLD)

    assert job == "101"
    assert len(run_dirs(tmp_path)) == 1
    assert [status.id for status in client().mine()] == [job]


def test_what_may_still_show_up_is_not_submitted_twice(
    jobs: Jobs, lsf: StandIn, client: Client, tmp_path: Path
) -> None:
    """The answer was lost and LSF doesn't list the job yet: the name waits; a job that was acknowledged is known at once."""
    acknowledged = jobs.submit("acknowledged", *HOLD)
    lsf.misbehave(loses_answer=True, hides=[acknowledged])
    with pytest.raises(SchedulerUnavailableError):
        client(timeout_s=1.0).submit(jobs.spec("lost", *HOLD))
    lsf.misbehave(hides=[acknowledged, "102"])

    with pytest.raises(SchedulerUnavailableError, match="no word yet"):
        jobs.submit("lost", *HOLD)
    again = client().submit(jobs.spec("acknowledged", *HOLD))
    listed = [(status.id, status.state) for status in client().mine()]
    lsf.misbehave()

    assert again == acknowledged
    assert listed == [(acknowledged, JobState.PENDING)]
    assert jobs.submit("lost", *HOLD) == "102"
    assert len(run_dirs(tmp_path)) == 2


def test_a_refusal_has_lsf_s_own_words(jobs: Jobs, lsf: StandIn, tmp_path: Path) -> None:
    """In one line, without our paths; nothing of the job is left, tokens included."""
    lsf.misbehave(rejects=f"You have spent your {tmp_path / 'ours'} hours\nSee the site's rules")

    with pytest.raises(JobRefusedError) as caught:
        jobs.submit("greedy", *HOLD, env={"TOKEN": "secret"})

    assert caught.value.found == (
        "You have spent your … hours; See the site's rules; Request aborted by esub. Job not submitted."
    )
    assert run_dirs(tmp_path) == []


def test_a_queue_that_is_not_there_is_a_refusal(lsf: StandIn, tmp_path: Path, jobs: Jobs) -> None:
    """As LSF says it."""
    kinds = LsfSite().queues | {PriorityClass.BATCH: "night"}
    elsewhere = LsfScheduler(tmp_path / "ours", LsfSite(queues=kinds), DirectCommands(lsf.bin, env=ENVIRONMENT))

    with pytest.raises(JobRefusedError, match="night: No such queue"):
        elsewhere.submit(jobs.spec("nowhere", *HOLD))


def test_no_programs_is_no_answer(tmp_path: Path, jobs: Jobs) -> None:
    """And says where to look."""
    nowhere = LsfScheduler(tmp_path / "ours", LsfSite(), DirectCommands(tmp_path / "nothing"))

    with pytest.raises(SchedulerUnavailableError, match="bjobs"):
        nowhere.submit(jobs.spec("nowhere", *HOLD))


def test_an_end_is_known_after_lsf_forgot_it(jobs: Jobs, lsf: StandIn, client: Client, tmp_path: Path) -> None:
    """By its exit file, from another client too; what it was started with is gone from the disk."""
    failed = jobs.submit("failed", "sh", "-c", "exit 7", env={"TOKEN": "secret"})
    cancelled = jobs.submit("cancelled", *HOLD)
    jobs.until_runs(cancelled)
    jobs.scheduler.cancel(cancelled)
    for job in (failed, cancelled):
        jobs.until_ended(job)

    lsf.misbehave(forgets=True)
    known = client().status([failed, cancelled])

    assert (known[failed].state, known[failed].exit_code, known[failed].name) == (JobState.FAILED, 7, "failed")
    assert known[cancelled].state is JobState.CANCELLED
    assert not list(tmp_path.glob("ours/jobs/*/run.json"))
    client().cancel(failed)


def test_short_lists_of_hosts_and_no_years(jobs: Jobs, lsf: StandIn) -> None:
    """LSB_SHORT_HOSTLIST and an older bjobs say the same."""
    job = jobs.submit("plain", *HOLD, cpus=3, wall_minutes=60)
    jobs.until_runs(job)

    lsf.misbehave(short_hosts=True, no_year=True)
    known = jobs.status(job)

    assert (known.node, known.nodes) == ("gpu1", ("gpu1",))
    assert known.started
    assert known.wall_ends
    assert timedelta(minutes=59) <= known.wall_ends - known.started <= timedelta(minutes=61)
    assert abs(datetime.now(UTC) - known.started) < timedelta(minutes=5)


def test_records_of_jobs_that_are_not_known_do_no_harm(jobs: Jobs, lsf: StandIn) -> None:
    """LSF lists them with an error, and its program fails: the others are answered."""
    job = jobs.submit("there", *HOLD)

    lsf.misbehave(error_records=["999"])

    assert jobs.until_runs(job).node == "gpu1"
    assert jobs.status(JobId("999")).state is JobState.UNKNOWN


def test_an_estimate_of_lsf_s_is_passed_on(jobs: Jobs, lsf: StandIn) -> None:
    """With its own words; where it gives none there is none, and none before a job is submitted."""
    jobs.until_runs(jobs.submit("holder", *HOLD, gpus=4))
    waits = jobs.submit("waits", *HOLD, gpus=1)

    lsf.misbehave(estimates={waits: "Jan 19 03:14:07 2038"})
    told = jobs.scheduler.explain(waits)

    assert told.estimated_start == datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC)
    assert (told.reason, told.position) == ("what the job asks for is in use", 1)
    assert told.said == "Job's requirements for resource reservation not satisfied: 1 host"
    assert jobs.scheduler.estimate(jobs.spec("maybe", *HOLD)).reason == UNKNOWN_REASON


def test_a_first_node_makes_batch_work_yield(jobs: Jobs) -> None:
    """The batch job is put back and starts anew with its own command afterwards; its first end is none."""
    batch = jobs.submit("batch", "sh", "-c", "echo begin; exec sleep 600", gpus=4, requeueable=True)
    until(lambda: jobs.log.exists() and jobs.log.read_text() == "begin\n", "the batch job to have begun")

    node = jobs.submit("node", *HOLD, gpus=2, priority_class=PriorityClass.FIRST, wall_minutes=60)
    jobs.until_runs(node)
    back = jobs.until_state(batch, JobState.PENDING)
    preemptible = [(it.gpus_free, it.gpus_preemptible) for it in jobs.scheduler.capacity() if it.gpus]
    jobs.scheduler.cancel(node)
    jobs.until_runs(batch)
    until(lambda: jobs.log.read_text() == "begin\nbegin\n", "the batch job to have begun anew")

    assert back.ended is None
    assert preemptible == [(2, 0)]


def test_gpus_that_would_be_made_free_are_told(jobs: Jobs) -> None:
    """They count as taken, and as preemptible."""
    jobs.until_runs(jobs.submit("batch", *HOLD, gpus=3, requeueable=True))

    (node,) = (it for it in jobs.scheduler.capacity() if it.gpus)

    assert (node.gpus, node.gpus_free, node.gpus_preemptible) == (4, 1, 3)
    assert node.gpu_model == "NVIDIAA100_SXM4_40GB"


def test_a_job_that_may_not_run_twice_does_not(jobs: Jobs, lsf: StandIn) -> None:
    """A requeue by hand starts its command no second time."""
    job = jobs.submit("once", "sh", "-c", "echo begin; exec sleep 600")
    until(lambda: jobs.log.exists() and jobs.log.read_text() == "begin\n", "the job to have begun")

    lsf.run("brequeue", job)
    known = jobs.until_ended(job)

    assert known.state is JobState.FAILED
    assert jobs.log.read_text() == "begin\n"


def test_a_job_beyond_its_run_limit_ends(jobs: Jobs, lsf: StandIn) -> None:
    """LSF tells it by USR2; it is over for want of time, and its children with it."""
    job = jobs.submit("late", "sh", "-c", "trap '' INT USR2; sleep 600 & wait", wall_minutes=1)
    jobs.until_runs(job)

    (lsf.folder / "run" / f"{job}.limit").write_text("0.01")  # the stand-in's minute is shorter
    known = jobs.until_ended(job)

    assert (known.state, known.reason) == (JobState.FAILED, "its wall time is over")


def test_a_parallel_job_that_lsf_just_kills_is_cancelled(jobs: Jobs, lsf: StandIn) -> None:
    """Without LSB_USE_SEQUENTIAL_SIGNAL it gets KILL and leaves no exit file: LSF's word is enough."""
    lsf.configure(sequential_signal=False)
    job = jobs.submit("parallel", *HOLD, cpus=2)
    jobs.until_runs(job)

    jobs.scheduler.cancel(job)

    assert jobs.until_ended(job).state is JobState.CANCELLED


def test_a_job_killed_by_its_owner_s_hand_is_cancelled(jobs: Jobs, lsf: StandIn) -> None:
    """A bkill from a shell is the same to us."""
    job = jobs.submit("by-hand", *HOLD)
    jobs.until_runs(job)

    lsf.run("bkill", job)

    assert jobs.until_ended(job).state is JobState.CANCELLED


def test_time_that_lsf_does_not_give_is_refused(jobs: Jobs, lsf: StandIn) -> None:
    """Its own words: a running job's limit is fixed without LSB_MOD_ALL_JOBS."""
    job = jobs.submit("fixed", *HOLD, wall_minutes=60)
    jobs.until_runs(job)
    lsf.misbehave(keeps_running_jobs=True)

    with pytest.raises(JobRefusedError, match="Job not modified"):
        jobs.scheduler.extend(job, 30)


def test_an_array_runs_its_tasks(jobs: Jobs) -> None:
    """Each knows its number, no more than asked for run at once, one failure fails the whole."""
    job = jobs.submit(
        "search", "sh", "-c", 'echo "task $CCDS_ARRAY_INDEX"; test $CCDS_ARRAY_INDEX != 2', array=Array(3, 2)
    )

    known = jobs.until_ended(job)

    assert sorted(jobs.log.read_text().split("\n")[:-1]) == ["task 0", "task 1", "task 2"]
    assert (known.state, known.exit_code) == (JobState.FAILED, 1)


def test_a_large_training_has_all_its_hosts(tmp_path: Path) -> None:
    """The command runs on the first and is told all of them, as LSF tells it."""
    hosts = (Host("gpu1", gpus=2), Host("gpu2", gpus=2), Host("cpu1"))
    with running_lsf(tmp_path / "two", hosts, queues(hosts)) as lsf:
        jobs = Jobs(
            LsfScheduler(tmp_path / "ours", LsfSite(grace_s=0.3), DirectCommands(lsf.bin, env=ENVIRONMENT)), tmp_path
        )
        script = 'echo "$LSB_MCPU_HOSTS $CUDA_VISIBLE_DEVICES $CCDS_JOB_ID"'

        job = jobs.submit("training", "sh", "-c", script, hosts=2, gpus=2, cpus=2)
        known = jobs.until_ended(job)

        assert known.state is JobState.SUCCEEDED
        assert known.nodes == ("gpu1", "gpu2")
        assert jobs.log.read_text() == f"gpu1 2 gpu2 2 0,1 {job}\n"
        with pytest.raises(JobRefusedError, match="3 host"):
            jobs.submit("too-large", "true", hosts=3, gpus=1)


def test_hostile_words_reach_the_command_only(jobs: Jobs, lsf: StandIn, tmp_path: Path) -> None:
    """A person's odd name, folder and variables are in no script, argument or list of LSF's."""
    odd = tmp_path / "it's $(touch owned) `id`"
    odd.mkdir()
    owner = '"; bkill 0 #\u00e9'

    job = jobs.submit(
        "odd",
        "sh",
        "-c",
        'printf %s "$PWD $X"',
        "$(id)",
        cwd=odd,
        log=odd / "log",
        owner=owner,
        env={"X": "a'b\"$(id)"},
    )
    known = jobs.until_ended(job)

    assert (odd / "log").read_text() == f"{odd} a'b\"$(id)"
    assert known.owner == owner
    script = (lsf.folder / "run" / f"{job}.script").read_text()
    assert not set("`$'") & set(script)
    assert "touch" not in json.dumps(lsf.job(job))


def test_tokens_are_the_owner_s_alone(jobs: Jobs, lsf: StandIn, tmp_path: Path) -> None:
    """They stand in a file of theirs, and not in what LSF has of the job or shows of its processes."""
    job = jobs.submit("secret", *HOLD, env={"TOKEN": "hush-hush"})
    jobs.until_runs(job)

    (run_dir,) = run_dirs(tmp_path)

    assert (run_dir / "run.json").stat().st_mode & 0o777 == 0o600
    assert run_dir.stat().st_mode & 0o777 == 0o700
    assert "hush" not in (lsf.folder / "run" / f"{job}.script").read_text()
    assert "hush" not in (lsf.folder / "state.json").read_text()
    shown = b"".join(
        (Path("/proc") / str(pid) / "cmdline").read_bytes() for pid in lsf.processes() if pid != os.getpid()
    )
    assert b"hush" not in shown
    assert lsf.job(job)["env"] == "none"


def test_jobs_of_others_are_left_alone(jobs: Jobs, lsf: StandIn, client: Client) -> None:
    """A job without our mark, one of another folder, one with a copied mark: none is ours, and none can be changed."""
    mine = jobs.submit("mine", *HOLD, cpus=1)
    mark = str(lsf.job(mine)["description"])
    script = '#!/bin/sh\n#BSUB -J "{}"\n#BSUB -Jd "{}"\n#BSUB -q batch\n#BSUB -n 1\nexec sleep 600\n'
    plain = lsf.run("bsub", stdin=script.format("plain", ""), user="eve").partition("<")[2].partition(">")[0]
    copied = lsf.run("bsub", stdin=script.format("mine", mark), user="eve").partition("<")[2].partition(">")[0]
    elsewhere = client(folder="theirs").submit(jobs.spec("theirs", *HOLD))

    listed = [status.id for status in jobs.scheduler.mine()]

    assert listed == [mine]
    for job in (plain, copied, elsewhere):
        assert jobs.status(JobId(job)).state is JobState.UNKNOWN
        with pytest.raises(Exception, match="the id of a job"):
            jobs.scheduler.cancel(JobId(job))


@pytest.mark.parametrize(
    ("odd", "position"),
    [
        ({"EXIT_CODE": "many"}, 2),  # it stands before all the same
        ({"EXIT_CODE": "many", "USER": "eve"}, None),  # fair share may see it otherwise
        ({"JOBID": "odd", "USER": "eve", "JOB_DESCRIPTION": ""}, None),
    ],
)
def test_a_stranger_s_odd_record_blinds_nobody(
    jobs: Jobs, lsf: StandIn, odd: dict[str, str], position: int | None
) -> None:
    """Our jobs are answered, listed and submitted; a place in line is told where it is sure."""
    runs = jobs.submit("runs", *HOLD, gpus=4)
    jobs.until_runs(runs)
    script = '#!/bin/sh\n#BSUB -J "odd"\n#BSUB -q batch\n#BSUB -n 4\n#BSUB -gpu "num=4/host"\nexec sleep 600\n'
    strange = lsf.run("bsub", stdin=script).partition("<")[2].partition(">")[0]
    lsf.misbehave(fields={strange: odd})

    waits = jobs.submit("waits", *HOLD, gpus=4)
    known = jobs.scheduler.status([runs, waits])
    explained = known[waits].waits

    assert known[runs].state is JobState.RUNNING
    assert known[waits].state is JobState.PENDING
    assert explained
    assert explained.position == position
    assert [status.id for status in jobs.scheduler.mine()] == [runs, waits]
    assert jobs.scheduler.capacity()


@pytest.mark.parametrize(
    "odd", [{"EXIT_CODE": "many"}, {"START_TIME": "Feb 31 10:00:00 2026"}, {"JOB_DESCRIPTION": None}]
)
def test_an_odd_record_of_ours_is_unknown_and_the_others_are_answered(
    jobs: Jobs, lsf: StandIn, client: Client, odd: dict[str, object]
) -> None:
    """It is alive: nothing is submitted in its place; it can be cancelled, and its end is known by its exit file."""
    job, other = jobs.submit("odd", *HOLD), jobs.submit("fine", *HOLD)
    jobs.until_runs(job)
    jobs.until_runs(other)
    fails = jobs.submit("fails", "sh", "-c", "exit 3")
    jobs.until_ended(fails)
    lsf.misbehave(fields=dict.fromkeys((job, fails), odd))

    known = client().status([job, other, fails])
    again = client().submit(jobs.spec("odd", *HOLD))
    listed = [status.id for status in client().mine()]
    with pytest.raises(SchedulerUnavailableError):
        client().extend(job, 30)
    client().cancel(job)
    lsf.misbehave()

    assert (known[job].state, known[job].name, known[job].owner) == (JobState.UNKNOWN, "odd", "ann")
    assert "can't be read" in (known[job].reason or "")
    assert known[other].state is JobState.RUNNING
    assert (known[fails].state, known[fails].exit_code) == (JobState.FAILED, 3)
    assert again == job
    assert listed == [job, other]
    assert jobs.until_ended(job).state is JobState.CANCELLED


def test_a_record_of_ours_without_a_number_is_no_answer(jobs: Jobs, lsf: StandIn) -> None:
    """A list would be too short, and a name be submitted twice."""
    job = jobs.submit("odd", *HOLD)
    lsf.misbehave(fields={job: {"JOBID": "odd"}})

    with pytest.raises(SchedulerUnavailableError):
        jobs.scheduler.mine()
    with pytest.raises(SchedulerUnavailableError):
        jobs.submit("odd", *HOLD)
    assert jobs.status(job).state is JobState.UNKNOWN


def test_a_person_s_own_jobs_are_found_by_who_submitted_them(client: Client, tmp_path: Path) -> None:
    """As with the root helper: the Unix user in LSF is the person, the folder ours."""
    jobs = Jobs(client(user="ann"), tmp_path)

    job = jobs.submit("as-ann", *HOLD, owner="ann")
    known = jobs.until_runs(job)

    assert (known.user, known.owner) == ("ann", "ann")
    assert [status.id for status in client().mine()] == [job]


def test_the_hub_moves_and_extends_people_s_jobs_as_an_administrator(
    client: Client, lsf: StandIn, tmp_path: Path
) -> None:
    """By its own right in the queues; without it LSF's words are the refusal."""
    theirs = Jobs(client(user="ann"), tmp_path)
    job = theirs.submit("as-ann", *HOLD, owner="ann", priority_class=PriorityClass.SECOND, wall_minutes=60)
    before = theirs.until_runs(job).wall_ends

    client().set_priority(job, PriorityClass.FIRST)
    client().extend(job, 30)
    known = theirs.status(job)
    lsf.configure(administrators=[])

    assert before
    assert (known.priority_class, known.wall_ends) == (PriorityClass.FIRST, before + timedelta(minutes=30))
    with pytest.raises(JobRefusedError, match="permission denied"):
        client().extend(job, 30)


def test_a_job_whose_person_has_left_is_ended(client: Client, tmp_path: Path) -> None:
    """By the hub itself, as an administrator of the queues: nothing is asked in that person's name."""
    theirs = Jobs(client(user="ann"), tmp_path)
    job = theirs.submit("as-ann", *HOLD, owner="ann")
    theirs.until_runs(job)

    client().cancel(job)

    assert theirs.until_ended(job).state is JobState.CANCELLED


def test_an_end_that_lsf_refuses_is_a_refusal(client: Client, lsf: StandIn, tmp_path: Path) -> None:
    """In its own words, and not noted: what ends by itself afterwards wasn't cancelled."""
    theirs = Jobs(client(user="ann"), tmp_path)
    job = theirs.submit("as-ann", *HOLD, owner="ann")
    theirs.until_runs(job)
    lsf.configure(administrators=[])

    with pytest.raises(JobRefusedError, match="User permission denied"):
        client().cancel(job)

    (run_dir,) = run_dirs(tmp_path)
    assert theirs.status(job).state is JobState.RUNNING
    assert not (run_dir / "cancelled").exists()


def test_a_job_that_lsf_forgot_without_a_trace_is_none(
    jobs: Jobs, lsf: StandIn, client: Client, tmp_path: Path
) -> None:
    """Its host died and left no exit file: it can't be ended. What was taken a moment ago is asked for again."""
    job = jobs.submit("ghost", *HOLD)
    jobs.until_runs(job)
    state = json.loads((lsf.folder / "state.json").read_text())
    (lsf.folder / "state.json").write_text(json.dumps({**state, "jobs": []}))

    with pytest.raises(SchedulerUnavailableError):
        client().cancel(job)
    (run_dir,) = run_dirs(tmp_path)
    note = json.loads((run_dir / "note.json").read_text())
    (run_dir / "note.json").write_text(json.dumps({**note, "submitted": note["submitted"] - 120}))
    with pytest.raises(UnknownJobError):
        client().cancel(job)

    assert client().status([job])[job].state is JobState.UNKNOWN


def test_a_job_without_a_limit_that_is_told_is_not_made_shorter(jobs: Jobs, lsf: StandIn) -> None:
    """More time on top of nobody knows what is refused."""
    job = jobs.submit("untold", *HOLD, wall_minutes=480)
    jobs.until_runs(job)
    lsf.misbehave(fields={job: {"RUNTIMELIMIT": ""}})

    with pytest.raises(JobRefusedError, match="run limit"):
        jobs.scheduler.extend(job, 60)

    assert lsf.job(job)["run_limit"] == 480


def test_a_second_first_node_waits_where_the_site_limits_them(tmp_path: Path) -> None:
    """JOBS=1 PER_USER in lsb.resources: the rule holds in LSF itself, and the reason is told."""
    with running_lsf(tmp_path / "limited", HOSTS, queues(jobs_per_user=1)) as lsf:
        jobs = Jobs(
            LsfScheduler(tmp_path / "ours", LsfSite(grace_s=0.3), DirectCommands(lsf.bin, env=ENVIRONMENT)), tmp_path
        )
        jobs.until_runs(jobs.submit("one", *HOLD, priority_class=PriorityClass.FIRST))

        two = jobs.submit("two", *HOLD, priority_class=PriorityClass.FIRST)
        moved = jobs.submit("three", *HOLD, priority_class=PriorityClass.SECOND)
        jobs.until_runs(moved)

        assert jobs.status(two).state is JobState.PENDING
        assert jobs.scheduler.explain(two).reason == "one more of the same person may not run now"


def test_a_place_is_told_where_fair_share_changes_nothing(client: Client, tmp_path: Path) -> None:
    """Several people in one queue have none, each for themselves; those who wait alone in theirs have one."""
    by_ann, by_bob = Jobs(client(user="ann"), tmp_path), Jobs(client(user="bob"), tmp_path)
    by_ann.until_runs(by_ann.submit("holder", *HOLD, gpus=4, priority_class=PriorityClass.FIRST))
    one = by_ann.submit("one", *HOLD, gpus=1, priority_class=PriorityClass.SECOND)
    two = by_ann.submit("two", *HOLD, gpus=1, priority_class=PriorityClass.BATCH)

    alone = [client().explain(job).position for job in (one, two)]
    other = by_bob.submit("other", *HOLD, gpus=1, priority_class=PriorityClass.BATCH)

    assert alone == [1, 2]
    assert [client().explain(job).position for job in (one, two, other)] == [1, None, None]


def test_old_runs_are_removed_and_none_that_lsf_lists(jobs: Jobs, tmp_path: Path) -> None:
    """Whoever submits next finds their folders a month old."""
    over = jobs.submit("over", "true")
    jobs.until_ended(over)
    alive = jobs.submit("alive", *HOLD)
    for run_dir in run_dirs(tmp_path):
        note = json.loads((run_dir / "note.json").read_text())
        (run_dir / "note.json").write_text(json.dumps({**note, "submitted": 1.0}))
    gone = tmp_path / "ours" / "jobs" / "gone-0123456789abcdef"
    gone.mkdir()
    os.utime(gone, (1, 1))
    (tmp_path / "ours" / "tidied").unlink()

    jobs.submit("next", *HOLD)

    assert {path.name.partition("-")[0] for path in run_dirs(tmp_path)} == {"over", "alive", "next"}
    assert jobs.status(alive).name == "alive"


def test_a_move_by_hand_is_seen(jobs: Jobs, lsf: StandIn) -> None:
    """A bswitch by the owner changes the class that status tells."""
    job = jobs.submit("moved", *HOLD, priority_class=PriorityClass.SECOND)
    jobs.until_runs(job)

    lsf.run("bswitch", "interactive", job)

    assert jobs.status(job).priority_class is PriorityClass.FIRST


def test_a_running_job_is_moved(jobs: Jobs, lsf: StandIn) -> None:
    """LSF moves running jobs from queue to queue too."""
    job = jobs.submit("promoted", *HOLD, priority_class=PriorityClass.SECOND)
    jobs.until_runs(job)

    jobs.scheduler.set_priority(job, PriorityClass.FIRST)

    assert jobs.status(job).priority_class is PriorityClass.FIRST
    assert lsf.job(job)["queue"] == "interactive"


@pytest.mark.parametrize("name", ["eves", "victim"])
def test_a_job_with_the_mark_of_another_s_is_not_that_job(
    client: Client, lsf: StandIn, tmp_path: Path, name: str
) -> None:
    """Everybody may write a mark that they read on a job of theirs, with their own name: the other's job stays as it is."""
    jobs = Jobs(client(user="ccds"), tmp_path)
    full = jobs.submit("full", *HOLD, cpus=4)
    job = jobs.submit("victim", *HOLD)
    mark = str(lsf.job(job)["description"]).replace(":ann", ":eve")
    script = f'#!/bin/sh\n#BSUB -J {name}\n#BSUB -Jd "{mark}"\n#BSUB -q app\ntrue\n'
    forged = JobId(lsf.run("bsub", stdin=script, user="eve").partition("<")[2].partition(">")[0])

    until(lambda: lsf.job(forged)["stat"] in {"DONE", "EXIT"}, "eve's job to end")

    assert [status.id for status in jobs.scheduler.mine()] == [full, job]
    assert jobs.status(forged).state is JobState.UNKNOWN
    assert jobs.status(job).state is JobState.PENDING
    assert (tmp_path / "ours" / "ids" / job / "run.json").exists()


def test_a_living_job_with_another_s_mark_is_not_taken_for_theirs(client: Client, lsf: StandIn, tmp_path: Path) -> None:
    """Nor is it taken up under the other's name once theirs has ended."""
    jobs = Jobs(client(user="ccds"), tmp_path)
    ended = jobs.submit("victim", "true")
    jobs.until_ended(ended)
    mark = str(lsf.job(ended)["description"]).replace(":ann", ":eve")
    script = f'#!/bin/sh\n#BSUB -J victim\n#BSUB -Jd "{mark}"\n#BSUB -q app\nsleep 600\n'
    forged = JobId(lsf.run("bsub", stdin=script, user="eve").partition("<")[2].partition(">")[0])

    assert jobs.submit("victim", "true") not in {ended, forged}
    assert jobs.status(forged).state is JobState.UNKNOWN
