"""LSF's hosts as nodes, and what none of them can hold."""

from dataclasses import replace
from pathlib import Path

import pytest

from ccds_kernel.batch import JobRefusedError, JobSpec, Node
from ccds_kernel.batch.lsf.hosts import nodes, refuse_impossible
from ccds_kernel.batch.lsf.parse import LsfHost, LsfJob

GPU = LsfHost("gpu1", "ok", slots=16, slots_taken=4, gpus=4, gpus_taken=3, memory_mb=64_000, memory_mb_free=40_000)
MODELS = {"gpu1": ("NVIDIAA100_SXM4_40GB",) * 4, "gpu2": ("NVIDIAA100_SXM4_40GB",) * 4}
SPEC = JobSpec(name="job", command=("true",), cwd=Path("/"), log=Path("/x"), owner="ann", cpus=16, gpus=4)


def batch(stat: str, **gpus: tuple[str, ...]) -> LsfJob:
    """A batch job on these GPUs."""
    texts = dict.fromkeys(("user", "queue", "name", "description", "exit_reason", "pend_reason"), "")
    times = dict.fromkeys(("exit_code", "submitted", "started", "finishes", "estimated_start", "run_limit"))
    return LsfJob(number="1", index=0, stat=stat, nodes=(), gpus=gpus, **texts, **times)


def test_a_node() -> None:
    """GPUs of running batch jobs are preemptible; a suspended one makes no more room."""
    jobs = [batch("RUN", gpu1=("0",), gpu2=("0", "1")), batch("RUN", gpu1=("1",)), batch("SSUSP", gpu1=("2",))]

    assert nodes([GPU], MODELS, jobs) == [
        Node(
            name="gpu1",
            cpus=16,
            cpus_free=12,
            memory_mb=64_000,
            memory_mb_free=40_000,
            gpus=4,
            gpus_free=1,
            gpus_preemptible=2,
            gpu_model="NVIDIAA100_SXM4_40GB",
        )
    ]


@pytest.mark.parametrize(
    ("status", "up"),
    [
        ("ok", True),
        ("closed_Full", True),
        ("closed_Busy", True),
        ("closed_Excl", True),
        ("closed_Adm", False),
        ("closed_LIM", False),
        ("unavail", False),
        ("unreach", False),
        ("something new", False),
    ],
)
def test_a_host_that_is_only_full_is_up(status: str, up: bool) -> None:
    """One that an administrator closed, or that is lost, is not."""
    (node,) = nodes([replace(GPU, status=status)], {}, [])

    assert node.up is up


def test_what_lsf_does_not_say() -> None:
    """No limit of slots, no memory, no count of GPUs: nothing is free that isn't known to be, models are counted."""
    silent = replace(GPU, slots=None, gpus=0, gpus_taken=0, memory_mb=None, memory_mb_free=None)

    (node,) = nodes([silent], MODELS, [])

    assert (node.cpus, node.cpus_free, node.memory_mb, node.memory_mb_free) == (4, 0, 0, 0)
    assert (node.gpus, node.gpus_free) == (4, 4)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"hosts": 2},
        {"gpu_model": "A100"},
        {"gpu_model": "NVIDIAA100_SXM4_40GB"},
        {"gpus": 0, "gpu_shares": 3},
        {"gpus": 0, "memory_mb": 64_000},
    ],
)
def test_what_some_hosts_can_hold_is_taken(fields: dict[str, object]) -> None:
    """In use or not, by a model's whole name or a part of it, as LSF does."""
    refuse_impossible(replace(SPEC, **fields), [GPU, replace(GPU, name="gpu2", status="unavail")], MODELS)


@pytest.mark.parametrize(
    "fields",
    [
        {"hosts": 3},
        {"gpus": 5},
        {"cpus": 17},
        {"memory_mb": 64_001},
        {"gpu_model": "H100"},
    ],
)
def test_what_no_hosts_can_hold_is_refused(fields: dict[str, object]) -> None:
    """LSF itself would let it wait for ever."""
    with pytest.raises(JobRefusedError):
        refuse_impossible(replace(SPEC, **fields), [GPU, replace(GPU, name="gpu2")], MODELS)


def test_what_lsf_does_not_say_refuses_nothing() -> None:
    """Slots and memory that are unknown may be enough."""
    silent = replace(GPU, slots=None, memory_mb=None)

    refuse_impossible(replace(SPEC, cpus=500, memory_mb=10**6), [silent], MODELS)
