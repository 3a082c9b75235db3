"""Slurm's programs as a test tells them to answer: for what a real Slurm seldom says, and for what it mustn't be asked."""

import json
import re
from collections.abc import Sequence
from typing import Any

from ccds_kernel.batch.commands import Answer

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
