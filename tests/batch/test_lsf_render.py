"""The script for bsub, compared whole."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from ccds_kernel.batch import Array, Container, JobRefusedError, JobSpec, Mount, PriorityClass, Topology
from ccds_kernel.batch.lsf import LsfSite
from ccds_kernel.batch.lsf.render import memory, render, run_limit
from ccds_kernel.errors import CcdsError

IMAGE = f"registry.hospital.org/ccds/session@sha256:{'a' * 64}"
SITE = LsfSite(start=("/opt/ccds/bin/python", "-S", "wrapper.py"), containers={IMAGE: "ccds_session"})
RUN = Path("/srv/ccds/state/scheduler/jobs/ann-lab-0123456789abcdef")
MARK = "ccds1:0123456789ab:0123456789abcdef:first:ann"
SPEC = JobSpec(
    name="ann-lab",
    command=("jupyterhub-singleuser", "; rm -rf ~", "$(id)", "a\nb"),
    cwd=Path("/tmp/it's here"),  # noqa: S108 - a name with a quote
    log=Path("/tmp/$HOME/log"),  # noqa: S108 - likewise
    owner="ann",
    env={"TOKEN": "secret", "X": "`id`"},
    cpus=4,
    memory_mb=16_000,
    gpus=2,
    gpu_model="NVIDIAA100_SXM4_40GB",
    wall_minutes=90.5,
    priority_class=PriorityClass.FIRST,
)


def test_a_session() -> None:
    """Nothing that a person typed is in it."""
    assert render(SPEC, SITE, RUN, MARK) == (
        "#!/bin/sh\n"
        '#BSUB -J "ann-lab"\n'
        '#BSUB -Jd "ccds1:0123456789ab:0123456789abcdef:first:ann"\n'
        "#BSUB -q interactive\n"
        "#BSUB -n 4\n"
        '#BSUB -R "span[hosts=1] rusage[mem=16000/host]"\n'
        '#BSUB -gpu "num=2/host:mode=shared:j_exclusive=yes:gmodel=NVIDIAA100_SXM4_40GB"\n'
        "#BSUB -W 1:31\n"
        "#BSUB -rn\n"
        "#BSUB -env none\n"
        "#BSUB -o /dev/null\n"
        'exec /opt/ccds/bin/python -S wrapper.py /srv/ccds/state/scheduler/jobs/ann-lab-0123456789abcdef "0"\n'
    )


def test_a_training_on_several_hosts() -> None:
    """Cores, memory and GPUs are each host's; it may be started anew, so each start has a name of its own."""
    spec = replace(
        SPEC,
        hosts=3,
        gpus=4,
        gpu_model=None,
        priority_class=PriorityClass.BATCH,
        requeueable=True,
        topology=Topology.ONE_SWITCH,
    )

    assert render(spec, replace(SITE, memory_unit="GB"), RUN, MARK).splitlines()[3:] == [
        "#BSUB -q batch",
        "#BSUB -n 12",
        '#BSUB -R "span[ptile=4] rusage[mem=16/host]"',
        '#BSUB -R "cu[type=switch:maxcus=1]"',
        '#BSUB -gpu "num=4/host:mode=shared:j_exclusive=yes"',
        "#BSUB -W 1:31",
        "#BSUB -r",
        "#BSUB -env none",
        "#BSUB -o /dev/null",
        f'exec /opt/ccds/bin/python -S wrapper.py {RUN} "$(date +%s%N)"',
    ]


def test_a_search() -> None:
    """Tasks count from 0, which LSF's indices don't."""
    spec = replace(SPEC, gpus=1, gpu_model=None, priority_class=PriorityClass.BATCH, array=Array(200, 20))

    lines = render(spec, SITE, RUN, MARK).splitlines()

    assert lines[1] == '#BSUB -J "ann-lab[1-200]%20"'
    assert lines[-2:] == [
        'export CCDS_ARRAY_INDEX="$((LSB_JOBINDEX - 1))"',
        f'exec /opt/ccds/bin/python -S wrapper.py {RUN} "$CCDS_ARRAY_INDEX.0"',
    ]


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"gpus": 0, "gpu_model": None, "gpu_shares": 3}, '-gpu "num=1/host:mig=3"'),
        (
            {"topology": Topology.NVLINK},
            '-gpu "num=2/host:mode=shared:j_exclusive=yes:gmodel=NVIDIAA100_SXM4_40GB:glink=yes"',
        ),
        ({"container": Container(IMAGE, (Mount("/data", "/data"),))}, "-app ccds_session"),
        ({"priority_class": PriorityClass.SECOND}, "-q second"),
    ],
)
def test_what_else_may_be_asked_for(fields: dict[str, object], line: str) -> None:
    """Shares of a GPU, NVLink, a container by its profile, another class."""
    assert f"#BSUB {line}" in render(replace(SPEC, **fields), SITE, RUN, MARK).splitlines()


def test_an_app_session_has_no_gpu() -> None:
    """And no requirement for one."""
    spec = replace(SPEC, gpus=0, gpu_model=None, priority_class=PriorityClass.APP)

    assert "gpu" not in render(spec, SITE, RUN, MARK)


@pytest.mark.parametrize(
    "fields",
    [
        {"gpus": 0, "gpu_model": None, "gpu_shares": 5},
        {"container": Container(f"registry.hospital.org/other@sha256:{'b' * 64}")},
    ],
)
def test_what_lsf_has_not_is_refused(fields: dict[str, object]) -> None:
    """Shares into which no GPU is cut, an image without a profile."""
    with pytest.raises(JobRefusedError):
        render(replace(SPEC, **fields), SITE, RUN, MARK)


@pytest.mark.parametrize("run_dir", ["/srv/a b", "/srv/$(id)", "/srv/a\nb", '/srv/"', "/srv/é"])
def test_a_folder_that_a_shell_would_read_is_refused(run_dir: str) -> None:
    """It would stand in the script as it is."""
    with pytest.raises(CcdsError):
        render(SPEC, SITE, Path(run_dir), MARK)


@pytest.mark.parametrize(
    "fields",
    [
        {"queues": dict.fromkeys(PriorityClass, "one")},
        {"queues": {PriorityClass.FIRST: "interactive"}},
        {"start": ("/opt/my python",)},
        {"containers": {IMAGE: "a b"}},
        {"memory_unit": "TB"},
        {"switch_unit": "a:b"},
    ],
)
def test_a_site_that_can_not_be(fields: dict[str, object]) -> None:
    """Queues that don't tell classes apart, and what can't stand in a script."""
    with pytest.raises(CcdsError):
        LsfSite(**fields)


@pytest.mark.parametrize(("unit", "number"), [("KB", 1_025_024), ("MB", 1001), ("GB", 1)])
def test_memory_is_in_the_site_s_unit(unit: str, number: int) -> None:
    """Rounded up: LSF takes whole numbers."""
    assert memory(1001, unit) == number


@pytest.mark.parametrize(("minutes", "text"), [(0.2, "0:01"), (59, "0:59"), (60, "1:00"), (4320.5, "72:01")])
def test_run_limits_are_rounded_up(minutes: float, text: str) -> None:
    """Whole minutes, hours as many as it takes."""
    assert run_limit(minutes) == text


def test_every_line_but_the_last_is_a_remark_to_the_shell() -> None:
    """For the shell there is one command."""
    first, *lines, last = render(SPEC, SITE, RUN, MARK).splitlines()

    assert first == "#!/bin/sh"
    assert all(line.startswith("#BSUB -") for line in lines)
    assert re.fullmatch(r'exec [A-Za-z0-9./ -]+ "0"', last)
