"""The `ccds` command: `ccds <stage> <verb>`, one file per stage.

Exit status 0 on success, 1 with one line on stderr when something that a person can mend is wrong. A stage's module is
imported only when its verb is called, so that `ccds --help` answers at once.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from ccds_kernel.errors import CcdsError

STAGES = {
    "usecase": "use-case cards, before any IRB application: requirement, team, exam frequency, ranking (add, list, show, "
    "rank, counts)",
    "irb": "IRB applications and their rosters, from which every permission follows (apply, expire, show, list, reconcile)",
    "cohort": "which reports a project works on: exam codes × study dates (query, keep, list, show, snapshot)",
    "imaging": "studies from the archive (find, retrieve, retry, status, work); DICOM to NIfTI with the geometry checked "
    "(convert)",
    "normalization": "volumes made alike by a recipe of steps: one (apply, undo), all of a project (run, show)",
    "labeling": "reports to soft labels by phrases (match); a project's reports (load), tasks (task), phrases (import, export), "
    "labels of every study (snapshot)",
    "dataset": "normalized volumes, their labels and a split by patients as one file that never changes (snapshot, list, show, "
    "verify)",
    "training": "a MONAI bundle as a batch job, stopped on NaN, resumed from its checkpoint (run, show, restart, cancel)",
    "monitoring": "whether a deployed model still works: its rows (load), numbers without patient data (publish, show)",
    "cluster": "who used the cluster, how long nodes were waited for, how idle they were (publish, show)",
    "airlock": "the reviewed way out for results (submit, list, show, review, withdraw, release)",
    "env": "the packages that you added to a project's sessions, kept from session to session (list, freeze, reset)",
    "audit": "who did what, in a chain that shows tampering (show, verify)",
    "demo": "the synthetic hospital on this machine",
    "doctor": "what this machine can run, and how to get what is missing",
}
"""Stage → what its verbs do. A stage stands here when it works, not before."""

Run = Callable[[argparse.Namespace], None]


_CHOICE = re.compile(r"argument (?P<name>\S+): invalid choice: (?P<came>.*) \(choose from (?P<choices>.*)\)", re.DOTALL)
_WORDS = (("the following arguments are required: ", "no "), ("unrecognized arguments: ", "what it doesn't take: "))
"""How argparse begins a complaint, and how we do."""
_LIKE = 0.7
"""How alike two words are for one to be a slip of the other: 'lsit' and 'list', not 'erase' and 'reset'."""


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line with the way out."""

    def error(self, message: str) -> NoReturn:
        if wrong := _CHOICE.fullmatch(message):
            choices = wrong["choices"].replace("'", "").split(", ")
            close = get_close_matches(wrong["came"].strip("'"), choices, n=1, cutoff=_LIKE)
            maybe = f"did you mean '{close[0]}'? " if close else ""
            raise CcdsError(
                expected=f"{wrong['name']} to be one of {', '.join(choices)}",
                found=wrong["came"],
                do=f"{maybe}see '{self.prog} --help'",
            )
        for theirs, ours in _WORDS:
            if message.startswith(theirs):
                message = ours + message.removeprefix(theirs)
        raise CcdsError(
            expected=f"a call of the form '{self.format_usage().removeprefix('usage: ').strip()}'",
            found=message,
            do=f"see '{self.prog} --help'",
        )


def build_parser(stages: Sequence[str]) -> argparse.ArgumentParser:
    """The parser with the verbs of `stages`; every other stage is listed by name only."""
    parser = _Parser(prog="ccds", description="The CCDS Workbench: from a clinical question to a monitored model.")
    by_stage = parser.add_subparsers(dest="stage", metavar="STAGE", required=True)
    for name, summary in STAGES.items():
        stage = by_stage.add_parser(name, help=summary, description=summary)
        if name in stages:
            importlib.import_module(f"ccds_kernel.cli.{name}").register(stage)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb; returns the exit status."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _run(arguments)
    except CcdsError as error:
        print(f"ccds: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("ccds: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader went away (`ccds … | head`): there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception:  # noqa: BLE001 - the last resort: a defect of ours is told in one line, never as a traceback
        print(
            f"ccds: expected no defect in ccds itself; found one; send {_keep_traceback()} to whoever runs this site",
            file=sys.stderr,
        )
        return 1
    return 0


def _run(arguments: Sequence[str]) -> None:
    try:
        options = build_parser([word for word in arguments[:1] if word in STAGES]).parse_args(arguments)
        run: Run = options.run
        run(options)
    finally:
        sys.stdout.flush()  # while `main` can still deal with a reader that went away


def _keep_traceback() -> Path:
    """Writes the traceback where only its owner reads it: it may quote patient data."""
    handle, name = tempfile.mkstemp(prefix="ccds-defect-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        traceback.print_exc(file=out)
    return Path(name)
