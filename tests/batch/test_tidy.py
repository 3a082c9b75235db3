"""Old runs are removed once a day, and no other."""

import json
import os
from pathlib import Path

from ccds_kernel.batch import JobId, JobSpec
from ccds_kernel.batch.run_folders import RunFolders
from ccds_kernel.batch.tidy import forget_old

DAY_S = 86400.0


def submitted(runs: RunFolders, number: int, at: float) -> str:
    """A run that was submitted then; its nonce."""
    spec = JobSpec(name=f"job-{number}", command=("x",), cwd=Path("/"), log=Path("/log"), owner="ann")
    noted = runs.prepare(spec, grace_s=1, take={})
    note = runs.path(noted) / "note.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "submitted": at}))
    runs.note(JobId(str(number)), noted)
    return noted.nonce


def test_only_what_is_old_and_over_goes(folder: Path) -> None:
    """A run of a month ago that the scheduler still knows stays, and so does a young one that it doesn't."""
    runs = RunFolders(folder)
    now = 100 * DAY_S
    submitted(runs, 1, now - 40 * DAY_S)
    alive = submitted(runs, 2, now - 40 * DAY_S)
    young = submitted(runs, 3, now - 20 * DAY_S)

    forget_old(folder, {alive}, now)

    assert sorted(path.name.rpartition("-")[2] for path in (folder / "jobs").iterdir()) == sorted([alive, young])
    assert sorted(path.name for path in (folder / "ids").iterdir()) == ["2", "3"]


def test_it_happens_once_a_day(folder: Path) -> None:
    """Each submission asks; the folders are walked through seldom."""
    runs = RunFolders(folder)
    now = 100 * DAY_S
    forget_old(folder, (), now)
    os.utime(folder / "tidied", (now, now))
    submitted(runs, 1, now - 40 * DAY_S)

    forget_old(folder, (), now + DAY_S / 2)
    kept = len(list((folder / "jobs").iterdir()))
    forget_old(folder, (), now + 2 * DAY_S)

    assert kept == 1
    assert not list((folder / "jobs").iterdir())
