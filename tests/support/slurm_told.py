"""Slurm's programs as a test tells them to answer: for what a real Slurm seldom says, and for what it mustn't be asked."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ccds_kernel.batch.commands import Answer
from ccds_kernel.batch.slurm import SlurmScheduler, SlurmSite
from support.scheduler_contract import Connect

COMMENT = re.compile(r"^#SBATCH --comment=(.*)$", re.MULTILINE)


class Told:
    """Slurm's programs, which take every job and tell what a test has put into the records of `squeue --json`."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, ...]] = []

    def run(self, argv: Sequence[str], *, stdin: str = "", owner: str | None = None) -> Answer:
        """See `Commands.run`."""
        self.asked.append(tuple(argv))
        if argv[0] == "squeue":
            return Answer(0, json.dumps({"jobs": list(self.records.values()), "errors": []}), "")
        if argv[0] == "sinfo":
            return Answer(0, json.dumps({"nodes": [], "errors": []}), "")
        if argv[0] != "sbatch":
            return Answer(0, "", "")
        number = 101 + len(self.records)
        (comment,) = COMMENT.findall(stdin)
        (name,) = re.findall(r"^#SBATCH --job-name=(.*)$", stdin, re.MULTILINE)
        (partition,) = re.findall(r"^#SBATCH --partition=(.*)$", stdin, re.MULTILINE)
        self.records[str(number)] = {
            "job_id": number, "job_state": "RUNNING", "name": name, "user_name": owner, "comment": comment,
            "partition": partition, "priority": 1, "nodes": "gpu1",
        }  # fmt: skip
        return Answer(0, f"{number}\n", "")


@pytest.fixture
def slurm() -> Told:
    """What Slurm tells."""
    return Told()


@pytest.fixture
def connect(slurm: Told, tmp_path: Path) -> Connect:
    """New clients of what it tells."""
    return lambda: SlurmScheduler(tmp_path / "ours", SlurmSite(), slurm)
