"""`ccds doctor --scheduler` on LSF: each thing that a site's may lack has its line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ccds_kernel.batch.commands import DirectCommands
from ccds_kernel.batch.lsf import ENVIRONMENT, LsfSite
from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.doctor.finding import Verdict
from ccds_kernel.doctor.scheduler.lsf import examine_lsf
from ccds_kernel.doctor.scheduler.lsf_rules import judge_config, judge_gpus, judge_queues, judge_rule, read_config
from ccds_kernel.doctor.scheduler.tiny_job import ForPeople
from ccds_kernel.settings import Settings, load_settings
from support.lsf.stand_in import Queue, StandIn, running_lsf

NOBODY = ForPeople(scheduler_of)
CONF = {
    "LSF_UNIT_FOR_LIMITS": "MB",
    "LSB_USE_SEQUENTIAL_SIGNAL": "Y",
    "LSB_MOD_ALL_JOBS": "Y",
    "LSB_RESOURCE_ENFORCE": "cpu memory gpu",
}


@pytest.fixture
def lsf(tmp_path: Path) -> Iterator[StandIn]:
    """A stand-in that is set up as hub/site/lsf says for a site without the root helper."""
    with running_lsf(tmp_path / "lsf10", limits="") as stand_in:
        stand_in.configure(lsf_conf=CONF)
        yield stand_in


def site(tmp_path: Path, lsf_bin: Path, more: str = "") -> Settings:
    """A site on that LSF."""
    folders = ("registry", "projects", "audit", "state", "clinical", "published")
    lines = ["[paths]", *(f'{name} = "{tmp_path / name}"' for name in folders)]
    lines += ['[scheduler]\nengine = "lsf"', f'[lsf]\nbin = "{lsf_bin}"\n{more}']
    (tmp_path / "ccds.toml").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "state").mkdir()
    return load_settings(tmp_path / "ccds.toml")


def test_a_site_in_order(lsf: StandIn, tmp_path: Path) -> None:
    """Each line is well, a tiny job has run, and nothing of it is left."""
    found = list(examine_lsf(site(tmp_path, lsf.bin), NOBODY))

    assert {finding.name: finding.verdict for finding in found if finding.verdict is not Verdict.OK} == {}
    assert {finding.name: finding.found for finding in found} == {
        "programs": "IBM Spectrum LSF Standard 10.1.0.0, Jul 08 2016",
        "answers": "lsf10: 2 hosts, 0 jobs",
        "queue first": "interactive",
        "queue second": "second",
        "queue batch": "batch",
        "queue app": "app",
        "order": "PRIORITY 90 first, 10 second, 5 batch",
        "preemption": "batch work makes room with its GPUs",
        "memory": "limits in MB",
        "ending": "LSB_USE_SEQUENTIAL_SIGNAL=Y",
        "extending": "LSB_MOD_ALL_JOBS=Y",
        "isolation": "cgroups for cpu, gpu, memory; of GPUs for jobs that have some",
        "first-node rule": "the hub keeps it: all sessions are one Unix user's",
        "esub": "the hub keeps it: all sessions are one Unix user's",
        "GPUs": "4 on 1 host(s): NVIDIAA100_SXM4_40GB",
        "shared folder": "cpu1 has this Python, and the site's state at the same path",
        "clock": "of cpu1 and here agree within 15 s",
    }
    assert list((tmp_path / "state").iterdir()) == []


def test_where_jobs_are_people_s_the_tiny_one_is_a_person_s(lsf: StandIn, tmp_path: Path) -> None:
    """Submitted as sessions are, for who is named; without a name that is said, and nothing is submitted."""
    settings = site(tmp_path, lsf.bin, "[sessions]\nhelper = true")
    as_ann = DirectCommands(lsf.bin, env=ENVIRONMENT | {"STAND_IN_USER": "ann"})

    unnamed = list(examine_lsf(settings, NOBODY))
    named = list(examine_lsf(settings, ForPeople(lambda it: scheduler_of(it, commands=as_ann), "ann")))

    assert [(it.name, it.verdict) for it in unnamed][-1] == ("shared folder", Verdict.UNSEEN)
    assert [it.verdict for it in named if it.name in {"shared folder", "clock"}] == [Verdict.OK, Verdict.OK]
    assert lsf.job("101")["user"] == "ann"
    assert str(lsf.job("101")["description"]).endswith(":app:ann")


@pytest.mark.parametrize(
    "trouble", [{"refuses_all": "Failed in an LSF library call"}, {"truncates": 30}, {"connecting": 1, "truncates": 1}]
)
def test_no_answer_is_one_line(lsf: StandIn, tmp_path: Path, trouble: dict[str, object]) -> None:
    """Of which the rest would only be consequences."""
    lsf.misbehave(**trouble)

    found = list(examine_lsf(site(tmp_path, lsf.bin), NOBODY))

    assert [(finding.name, finding.verdict) for finding in found][-1] == ("answers", Verdict.WRONG)


def test_no_programs(tmp_path: Path) -> None:
    """The folder that the site names has none."""
    found = list(examine_lsf(site(tmp_path, tmp_path / "nothing"), NOBODY))

    assert [(finding.name, finding.verdict) for finding in found] == [("answers", Verdict.WRONG)]


def test_an_lsf_that_knows_a_field_less(lsf: StandIn, tmp_path: Path) -> None:
    """Its own words are the finding."""
    program = lsf.bin / "bjobs"
    program.write_text('#!/bin/sh\necho "estimated_start_time: Invalid field name." >&2\nexit 255\n', encoding="utf-8")

    found = list(examine_lsf(site(tmp_path, lsf.bin), NOBODY))

    assert found[-1].found == "bjobs: estimated_start_time: Invalid field name."


def test_an_lsf_that_lacks_everything(lsf: StandIn, tmp_path: Path) -> None:
    """What is weak and what is wrong, each with what to do."""
    lsf.configure(params={}, lsf_conf={"LSF_CONFDIR": "/opt"}, limits="", queues=[vars(Queue("app", 1, ("cpu1",)))])

    found = {finding.name: finding.verdict for finding in examine_lsf(site(tmp_path, lsf.bin), NOBODY)}

    assert {name for name, verdict in found.items() if verdict is Verdict.WRONG} == {
        "queue first", "queue second", "queue batch", "preemption", "memory",
    }  # fmt: skip
    assert {name for name, verdict in found.items() if verdict is Verdict.WEAK} == {
        "ending", "extending", "isolation",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "method", "own_jobs", "first", "esub"),
    [
        ("NAME = ccds_first_node", "ccds", True, Verdict.OK, None),
        ("", "other", True, Verdict.WEAK, Verdict.WEAK),
        # where all sessions are one Unix user's both would do harm
        ("NAME = ccds_first_node", "other ccds", False, Verdict.WRONG, Verdict.WRONG),
        ("", "other", False, Verdict.OK, Verdict.OK),
    ],
)
def test_the_rule_is_lsf_s_where_jobs_are_people_s(
    limits: str, method: str, own_jobs: bool, first: Verdict, esub: Verdict | None
) -> None:
    """Else the hub keeps it alone, and what would keep it in LSF is wrong."""
    found = {it.name: it.verdict for it in judge_rule(limits, CONF | {"LSB_ESUB_METHOD": method}, own_jobs=own_jobs)}

    assert (found["first-node rule"], found.get("esub")) == (first, esub)


def test_the_order_of_queues() -> None:
    """A second node that isn't below the first is wrong, and a closed queue too."""
    open_queue = {"STATUS": "Open:Active"}
    names = {"app": "100", "interactive": "10", "second": "10", "batch": "5"}
    found = [open_queue | {"QUEUE_NAME": name, "PRIORITY": priority} for name, priority in names.items()]
    found[3]["STATUS"] = "Closed:Active"

    told = {finding.name: finding.verdict for finding in judge_queues(found, LsfSite())}

    assert [name for name, verdict in told.items() if verdict is Verdict.WRONG] == ["queue batch", "order"]


def test_what_is_not_shown_is_not_judged() -> None:
    """Without lsf.conf that is said, once."""
    found = list(judge_config({"PREEMPTABLE_RESOURCES": "mem ngpus_physical"}, {}, LsfSite()))

    assert [(finding.name, finding.verdict) for finding in found] == [
        ("preemption", Verdict.OK),
        ("lsf.conf", Verdict.UNSEEN),
    ]


def test_units_that_differ_are_wrong() -> None:
    """16000 MiB asked for in the wrong unit are 16 GiB or 16 TiB."""
    found = {finding.name: finding for finding in judge_config({}, CONF, LsfSite(memory_unit="GB"))}

    assert found["memory"].verdict is Verdict.WRONG
    assert found["memory"].do == 'say memory_unit = "MB" in [lsf]'


def test_no_gpus_known() -> None:
    """Nobody gets a node then."""
    assert judge_gpus({}).verdict is Verdict.WRONG


def test_configuration_as_lsf_shows_it() -> None:
    """With blanks, brackets and quotes, or without."""
    lines = (
        "MBD configuration at Fri",
        "  LSB_A = /x",
        ' LSB_RESOURCE_ENFORCE="cpu gpu"',
        "\tMBD_SLEEP_TIME = 10 (seconds)",
    )

    assert read_config("\n".join(lines)) == {"LSB_A": "/x", "LSB_RESOURCE_ENFORCE": "cpu gpu", "MBD_SLEEP_TIME": "10"}
