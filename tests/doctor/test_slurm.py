"""`ccds doctor --scheduler` on Slurm: each thing that the hub counts on is looked for, in a real one and in recorded answers."""

import json
from pathlib import Path

import pytest

from ccds_kernel.batch import Explanation, JobId, JobState, JobStatus
from ccds_kernel.batch.slurm import SlurmSite
from ccds_kernel.batch.slurm.answers import read_nodes
from ccds_kernel.cli import main
from ccds_kernel.doctor.finding import Finding, Verdict
from ccds_kernel.doctor.scheduler.slurm_rules import (
    judge_config,
    judge_gpus,
    judge_isolation,
    judge_partitions,
    judge_plugin,
    judge_wall_time,
    read_config,
    read_partitions,
)
from ccds_kernel.doctor.scheduler.tiny_job import judge_tiny_job
from support.checkout import ROOT
from support.site import write_settings
from support.slurm import running_slurm

ANSWERS = ROOT / "tests/batch/slurm_answers"
CONFIG = read_config((ANSWERS / "config.txt").read_text(encoding="utf-8"))
PARTITIONS = read_partitions((ANSWERS / "partitions.txt").read_text(encoding="utf-8"))
NODES = read_nodes((ANSWERS / "sinfo.json").read_text(encoding="utf-8"))
SITE = SlurmSite(grace_s=2)
OK, WEAK, WRONG = Verdict.OK, Verdict.WEAK, Verdict.WRONG


def verdicts(*findings: Finding) -> dict[str, Verdict]:
    """By name."""
    return {finding.name: finding.verdict for finding in findings}


def slurm_settings(folder: Path, line: str) -> Path:
    """The settings of a site on Slurm, with this line in its section."""
    path = write_settings(folder)
    path.write_text(f'{path.read_text()}[scheduler]\nengine = "slurm"\n[slurm]\n{line}\n')
    return path


def test_a_cluster_as_it_should_be_is_well() -> None:
    """The one of the tests, whose answers these are."""
    found = verdicts(*judge_partitions(PARTITIONS, SITE), *judge_config(CONFIG, SITE), judge_gpus(NODES))

    assert set(found.values()) == {OK}
    assert {"partition first", "partition app", "order", "preemption", "KillWait", "impossible jobs", "GPUs"} <= set(
        found
    )


@pytest.mark.parametrize(
    ("name", "row", "wrong"),
    [
        ("second", None, "partition second"),
        ("interactive", {"State": "DOWN"}, "partition first"),
        ("batch", {"PreemptMode": "OFF"}, "partition batch"),
        ("interactive", {"PreemptMode": "REQUEUE"}, "partition first"),
        ("second", {"PriorityTier": "100"}, "order"),
        ("batch", {"PriorityTier": "10"}, "order"),
    ],
)
def test_a_partition_that_breaks_the_order_is_wrong(name: str, row: dict[str, str] | None, wrong: str) -> None:
    """Missing, closed, preemptible where it mustn't be, or in the wrong tier."""
    rows = {key: value for key, value in PARTITIONS.items() if key != name}
    if row is not None:
        rows[name] = {**PARTITIONS[name], **row}

    found = verdicts(*judge_partitions(rows, SITE))

    assert [key for key, verdict in found.items() if verdict is WRONG] == [wrong]


@pytest.mark.parametrize(
    ("setting", "value", "name", "verdict"),
    [
        ("PreemptType", "preempt/none", "preemption", WRONG),
        ("KillWait", "2 sec", "KillWait", WRONG),
        ("MinJobAge", "2 sec", "MinJobAge", WEAK),
        ("EnforcePartLimits", "NO", "impossible jobs", WEAK),
        ("PrivateData", "jobs", "positions", WEAK),
    ],
)
def test_a_setting_that_breaks_a_promise_is_named(setting: str, value: str, name: str, verdict: Verdict) -> None:
    """Each by itself."""
    found = verdicts(*judge_config({**CONFIG, setting: value}, SITE))

    assert {key: it for key, it in found.items() if it is not OK} == {name: verdict}


@pytest.mark.parametrize(
    ("limit", "hours", "verdict"),
    [
        ("UNLIMITED", 72, OK),
        ("3-00:00:00", 72, OK),
        ("3-00:00:00", 73, WRONG),
        ("2-23:59:00", 72, WRONG),
        ("12:00:00", 12, OK),
        ("12:00:00", 13, WRONG),
        ("00:30:00", 1, WRONG),
    ],
)
@pytest.mark.parametrize("name", ["interactive", "second"])
def test_a_session_has_to_fit_into_its_partition(name: str, limit: str, hours: int, verdict: Verdict) -> None:
    """Or Slurm refuses what the form offers."""
    rows = {**PARTITIONS, name: {**PARTITIONS[name], "MaxTime": limit}}

    found = judge_wall_time(rows, SITE, hours)

    assert (found.verdict, name in found.found) == (verdict, verdict is WRONG)


def test_isolation_is_claimed_where_cgroups_enforce_it() -> None:
    """All three settings, or none is claimed."""
    whole = {"ProctrackType": "proctrack/cgroup", "TaskPlugin": "task/cgroup,task/affinity", "ConstrainDevices": "yes"}

    assert judge_isolation(whole).verdict is OK
    assert {judge_isolation({**whole, key: "none"}).verdict for key in whole} == {WEAK}
    assert judge_isolation(CONFIG).found.startswith("no isolation claimed")


@pytest.mark.parametrize(
    ("config", "said", "own_jobs", "verdict", "do"),
    [
        ({}, "", True, WEAK, "install"),
        ({"JobSubmitPlugins": "lua"}, "sbatch: Job 5 to start at …", True, WEAK, "install"),
        ({"JobSubmitPlugins": "lua"}, "sbatch: error: ccds: many tasks …", True, OK, ""),
        # where all sessions are one Unix user's it would take all but one for second nodes
        ({}, "", False, OK, ""),
        ({"JobSubmitPlugins": "lua"}, "sbatch: Job 5 to start at …", False, OK, ""),
        ({"JobSubmitPlugins": "lua"}, "sbatch: error: ccds: many tasks …", False, WRONG, "remove"),
    ],
)
def test_the_plugin_has_to_bite_where_jobs_are_people_s(
    config: dict[str, str], said: str, own_jobs: bool, verdict: Verdict, do: str
) -> None:
    """That some lua plugin is loaded doesn't count; and it is never recommended to who it would harm."""
    found = judge_plugin(config, said, own_jobs=own_jobs)

    assert (found.verdict, found.do.partition(" ")[0]) == (verdict, do)


def test_a_cluster_without_gpus_is_wrong() -> None:
    """Nobody could have a node."""
    assert judge_gpus([node for node in NODES if not node.gpus]).verdict is WRONG


def test_what_became_of_the_tiny_job_is_told() -> None:
    """It may wait, fail, or tell that a clock is off."""
    base = JobStatus(id=JobId("1"), state=JobState.FAILED, node="n1", reason="exit code 127")
    waits = JobStatus(id=JobId("1"), state=JobState.PENDING, waits=Explanation(reason="waits", said="Resources"))

    (failed,) = judge_tiny_job(base, 0.0)
    (waiting,) = judge_tiny_job(waits, 0.0)

    assert (failed.verdict, "exit code 127" in failed.found) == (WRONG, True)
    assert (waiting.verdict, "Resources" in waiting.found) == (Verdict.UNSEEN, True)


def test_a_real_slurm_is_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the programs to the tiny job, which leaves nothing behind; KillWait of the tests is too short for a site.

    And the plugin is none for a site without the root helper.
    """
    with running_slurm(job_submit=ROOT / "hub/site/slurm/job_submit.lua") as cluster:
        monkeypatch.setenv("CCDS_CONFIG", str(slurm_settings(tmp_path, f'conf = "{cluster.env["SLURM_CONF"]}"')))

        code = main(["doctor", "--scheduler", "--json"])
        left = cluster.run("squeue", "--noheader")

    told = {it["name"]: it["verdict"] for it in json.loads(capsys.readouterr().out)["findings"]}
    assert code == 1
    assert {name: verdict for name, verdict in told.items() if verdict != "ok"} == {
        "KillWait": "wrong",
        "isolation": "weak",
        "second-node rule": "wrong",
    }
    assert {"programs", "answers", "second-node rule", "shared folder", "clock"} <= set(told)
    assert left == ""
    assert not list(tmp_path.rglob("doctor-*"))


def test_a_slurm_that_is_away_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing else is looked at."""
    monkeypatch.setenv("CCDS_CONFIG", str(slurm_settings(tmp_path, f'bin = "{tmp_path}/none"')))

    code = main(["doctor", "--scheduler", "--json"])

    told = {it["name"]: it["verdict"] for it in json.loads(capsys.readouterr().out)["findings"]}
    assert (code, told) == (1, {"settings": "ok", "answers": "wrong"})
