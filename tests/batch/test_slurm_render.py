"""The script for `sbatch`, compared whole."""

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.batch import Array, Container, JobRefusedError, JobSpec, Mount, PriorityClass, Topology
from ccds_kernel.batch.mark import Mark, folder_tag
from ccds_kernel.batch.slurm import SlurmSite
from ccds_kernel.batch.slurm.render import render
from ccds_kernel.errors import CcdsError

START = ("/opt/python", "-S", "-I", "-X", "utf8", "/opt/ccds/wrapper.py")
SITE = SlurmSite(start=START)
RUN = Path("/state/scheduler/jobs/ann-lab-0123456789abcdef")
IMAGE = "registry.site.org/ccds/training@sha256:" + "a" * 64

SESSION = """\
#!/bin/sh
#SBATCH --job-name=ann-lab
#SBATCH --comment=ccds1:0123456789ab:0123456789abcdef:first:ann
#SBATCH --partition=interactive
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=64000M
#SBATCH --time=481
#SBATCH --gres=gpu:a100:2
#SBATCH --no-requeue
#SBATCH --export-file=/dev/null
#SBATCH --chdir=/
#SBATCH --output=/dev/null
exec /opt/python -S -I -X utf8 /opt/ccds/wrapper.py /state/scheduler/jobs/ann-lab-0123456789abcdef "${SLURM_RESTART_COUNT:-0}"
"""

TRAINING = """\
#!/bin/sh
#SBATCH --job-name=ann-lab
#SBATCH --comment=ccds1:0123456789ab:0123456789abcdef:batch:ann
#SBATCH --partition=batch
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=1
#SBATCH --mem=1024M
#SBATCH --time=60
#SBATCH --gres=gpu:4
#SBATCH --switches=1
#SBATCH --requeue
#SBATCH --export-file=/dev/null
#SBATCH --chdir=/
#SBATCH --output=/dev/null
exec /opt/python -S -I -X utf8 /opt/ccds/wrapper.py /state/scheduler/jobs/ann-lab-0123456789abcdef "${SLURM_RESTART_COUNT:-0}"
"""

SEARCH = """\
#!/bin/sh
#SBATCH --job-name=ann-lab
#SBATCH --comment=ccds1:0123456789ab:0123456789abcdef:batch:ann
#SBATCH --partition=batch
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=1
#SBATCH --mem=1024M
#SBATCH --time=60
#SBATCH --gres=shard:2
#SBATCH --array=0-99%8
#SBATCH --no-requeue
#SBATCH --export-file=/dev/null
#SBATCH --chdir=/
#SBATCH --output=/dev/null
exec /opt/python -S -I -X utf8 /opt/ccds/wrapper.py /state/scheduler/jobs/ann-lab-0123456789abcdef \
"$SLURM_ARRAY_TASK_ID.${SLURM_RESTART_COUNT:-0}"
"""


def spec(**fields: object) -> JobSpec:
    """A small spec; `fields` override its defaults."""
    defaults = {"name": "ann-lab", "command": ("x",), "cwd": Path("/"), "log": Path("/log"), "owner": "ann"}
    return JobSpec(**{**defaults, **fields})


def script(site: SlurmSite = SITE, **fields: object) -> str:
    """Its script."""
    job = spec(**fields)
    return render(job, site, RUN, Mark("0123456789ab", "0123456789abcdef", job.priority_class, job.owner))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {
                "priority_class": PriorityClass.FIRST, "cpus": 8, "memory_mb": 64000, "gpus": 2, "gpu_model": "a100",
                "wall_minutes": 480.5,
            },
            SESSION,
        ),
        ({"hosts": 2, "gpus": 4, "topology": Topology.ONE_SWITCH, "requeueable": True}, TRAINING),
        ({"gpu_shares": 2, "array": Array(count=100, at_once=8)}, SEARCH),
    ],
    ids=["session", "training", "search"],
)  # fmt: skip
def test_a_script_is_exactly_this(fields: dict[str, object], expected: str) -> None:
    """A session, a large training, a search in shares of GPUs."""
    assert script(**fields) == expected


def test_nvlink_is_a_feature_of_nodes() -> None:
    """The site gives it to them."""
    assert "#SBATCH --constraint=nvlink\n" in script(gpus=4, topology=Topology.NVLINK)


def test_a_container_sees_its_run_and_what_was_named() -> None:
    """By pyxis; the registry is spelt as enroot has it."""
    container = Container(IMAGE, (Mount("/projects/irb-7", "/project"), Mount("/scratch", "/scratch", read_only=False)))

    text = script(SlurmSite(start=START, containers="pyxis", container_start=("python3", "/w.py")), container=container)

    assert f"#SBATCH --container-image=docker://registry.site.org#ccds/training@sha256:{'a' * 64}\n" in text
    (mounts,) = (line for line in text.splitlines() if "container-mounts" in line)
    assert mounts.split("=")[1].split(",")[0] == f"{RUN}:{RUN}"
    assert mounts.endswith(",/projects/irb-7:/project:ro,/scratch:/scratch")
    assert "\nexec python3 /w.py " in text


def test_a_container_without_pyxis_is_refused() -> None:
    """Rather than run outside of it."""
    with pytest.raises(JobRefusedError):
        script(container=Container(IMAGE))


@pytest.mark.parametrize("word", ["a b", "$HOME", "`id`", "x;y", "", "é", "a\nb", "'", "*"])
def test_a_start_that_a_shell_would_read_is_refused(word: str) -> None:
    """The site's words stand in the script as they are."""
    with pytest.raises(CcdsError):
        SlurmSite(start=(word,))


@given(
    owner=st.text(min_size=1, max_size=40).filter(str.isprintable),
    command=st.lists(st.text(min_size=1).filter(lambda text: "\0" not in text and text.isprintable()), min_size=1),
)
def test_nothing_typed_reaches_the_script(owner: str, command: list[str]) -> None:
    """Whatever owner and command are, the script is the same lines, each one word to a shell, without command and environment."""
    plain = script().splitlines()

    text = script(owner=owner, command=tuple(command), env={"TOKEN": "s3cret"}).splitlines()

    assert [line for line in text if "comment" not in line] == [line for line in plain if "comment" not in line]
    (comment,) = (line for line in text if "comment" in line)
    assert shlex.split(comment.removeprefix("#SBATCH ")) == [comment.removeprefix("#SBATCH ")]


@given(owner=st.text(min_size=1, max_size=200))
def test_a_mark_is_read_as_it_was_written(owner: str) -> None:
    """Any owner."""
    name = owner.encode(errors="replace").decode()
    mark = Mark(folder_tag(Path("/x")), "0123456789abcdef", PriorityClass.SECOND, name)

    assert Mark.read(mark.text()) == mark


@pytest.mark.parametrize(
    "text", ["", "mine", "ccds1:x", "ccds1:0123456789ab:0123456789abcdef:king:ann", " " + "ccds1:"]
)
def test_another_comment_is_no_mark(text: str) -> None:
    """Whatever it begins with."""
    assert Mark.read(text) is None


def test_a_mark_that_somebody_else_wrote_is_not_ours() -> None:
    """It counts where the job is our own Unix user's, or that of the person whom it names."""
    mark = Mark("0123456789ab", "0123456789abcdef", PriorityClass.FIRST, "ann")

    assert mark.is_of("0123456789ab", user="ann", me="ccds")
    assert mark.is_of("0123456789ab", user="ccds", me="ccds")
    assert not mark.is_of("0123456789ab", user="mallory", me="ccds")
    assert not mark.is_of("ba9876543210", user="ann", me="ccds")
