"""A hub whose scheduler's programs are gone: who asks for a session reads one line, and whoever has one keeps it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.demo import LAB
from support.slurm import TWO_BY_TWO, running_slurm
from support.slurm_hub import SlurmHub, hub_on_slurm
from support.waiting import until

pytestmark = pytest.mark.hub

FURTHER = f"{LAB}-2"
PROGRAMS = ("sbatch", "scancel", "scontrol", "sinfo", "squeue")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the hub finds Slurm's programs."""
    folder = tmp_path_factory.mktemp("programs") / "bin"
    folder.mkdir()
    for name in PROGRAMS:
        (folder / name).symlink_to(shutil.which(name) or "/nowhere")
    return folder


@pytest.fixture(scope="module")
def hub(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmHub]:
    """Its hub."""
    with (
        running_slurm(*TWO_BY_TWO) as cluster,
        hub_on_slurm(cluster, tmp_path_factory.mktemp("hub") / "site", "", f'bin = "{programs}"') as running,
    ):
        yield running


def test_without_programs_one_line_is_read_and_sessions_stay(hub: SlurmHub, programs: Path) -> None:
    """503 and the program's name; the session that runs is up, and its card says so; with them back another one starts."""
    demo = hub.site.start()
    sam = demo.login("sam")
    url = demo.start(sam, "sam", LAB, {"gpus": 1})
    has = hub.job("sam", LAB)

    away = programs.rename(programs.with_name("away"))
    answer = sam.post(demo.api("sam", FURTHER), json={"user_options": {"gpus": 1}}, timeout=60)
    line = answer.json()["message"]
    until(
        lambda: "Last known: running" in sam.get(f"{demo.url}/hub/home", timeout=20).text,
        "it to be told",
    )
    page = sam.get(f"{url}lab", timeout=30)
    stays = demo.is_ready(sam, "sam", LAB)
    away.rename(programs)
    demo.start(sam, "sam", FURTHER, {"gpus": 1})

    assert answer.status_code == 503
    assert line.startswith("expected the scheduler's program s")
    assert "found no such file or directory; " in line
    assert "\n" not in line
    assert (page.status_code, stays) == (200, True)
    assert has
    still = hub.job("sam", LAB)
    assert still
    assert (still.id, still.started) == (has.id, has.started)
