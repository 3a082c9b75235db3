"""The run page's project: what runs wrote of themselves, and the command that begins one.

A run is a process of its own (`ccds normalization run`), in a session of its own, or a job of the site's scheduler: neither a
kernel that ends nor a page that is closed ends it. All that is known of it comes from its files, so that a kernel that starts
anew sees the same; what a command says before it has written any is kept in a file, and told of those that this kernel started.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.batch.states import UNKNOWN_REASON
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.normalization.recipe_folder import RecipeFolder
from ccds_kernel.normalization.runs import RECIPE_FILE, NormalizationRun, NormalizationRuns
from ccds_kernel.normalization.runs_cluster import cancel, jobs_of
from ccds_kernel.normalization.volume_folder_judged import judged_volumes
from ccds_kernel.workflow.cluster_run import JobsNow
from ccds_kernel.workflow.progress import RunState
from ccds_widgets.normalization.runs.ports import Begun, Failed, Seen, Where
from ccds_widgets.normalization.saved_recipes import SavedRecipe, SavedRecipes

_LIVES = frozenset({RunState.WAITING, RunState.RUNNING})
_LONGEST_LOG = 1 << 16
_NAMED_BY = 12
_LAST_WORDS_S = 5.0


@dataclass
class _Command:
    """A command that was started here."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    since: datetime


@dataclass
class SiteRuns:
    """`Runs` of a project that is open."""

    project: Project
    _commands: dict[str, _Command] = field(default_factory=dict, init=False, repr=False)
    _saved: SavedRecipes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._saved = SavedRecipes(RecipeFolder(self._home / "recipes"))

    def volumes(self) -> int:
        """As of the port."""
        return len(judged_volumes(self.project).entries())

    def recipes(self) -> Sequence[SavedRecipe]:
        """As of the port."""
        return self._saved.all()

    def look(self) -> Sequence[Seen]:
        """As of the port."""
        return [self._seen(run) for run in self._runs.all()]

    def begun(self) -> dict[str, Begun]:
        """As of the port."""
        shown = {run.digest: run.progress.begun_at for run in self._runs.all()}
        found = {}
        for digest, command in self._commands.items():
            code = command.process.poll()
            if shown.get(digest, command.since) > command.since or code == 0:
                continue  # its own files say how it is
            found[digest] = Begun(command.name, "" if code is None else _last_line(command.log))
        return found

    def failed(self, digest: str, most: int) -> Sequence[Failed]:
        """As of the port."""
        return [
            Failed(
                record.key,
                record.failure.reason,
                record.failure.found,
                record.failure.do,
                record.failure.is_quarantined,
            )
            for record in islice(self._runs.get(digest).failures(), most)
            if record.failure is not None
        ]

    def begin(self, file: str, where: Where) -> str:
        """As of the port."""
        recipe = self._saved.folder.read(file)
        digest = recipe.digest()
        self._start(digest, recipe.name, self._saved.folder.folder / file, where)
        return digest

    def go_on(self, digest: str, where: Where, *, again: bool) -> None:
        """As of the port."""
        run = self._runs.get(digest)
        self._start(digest, run.recipe.name, run.folder.into / RECIPE_FILE, where, *(["--again"] if again else []))

    def stop(self, digest: str) -> None:
        """As of the port."""
        cancel(self.project, digest, scheduler_of(self.project.settings))

    @property
    def _runs(self) -> NormalizationRuns:
        return NormalizationRuns(self.project)

    @property
    def _home(self) -> Path:
        return self.project.folder / "work" / self.project.person

    def _seen(self, run: NormalizationRun) -> Seen:
        seen = Seen(run.digest, run.recipe.name, run.progress)
        if run.progress.engine != Where.CLUSTER or run.progress.now() not in _LIVES:
            return seen
        try:
            jobs = jobs_of(self.project, run, scheduler_of(self.project.settings))
            if jobs is None:
                return seen
            if not jobs.controller.ended:
                return replace(seen, jobs=_told_of(jobs))
            progress = self._runs.get(run.digest).progress  # its last word was written before its job ended
        except CcdsError as error:
            return replace(seen, jobs=f"the scheduler doesn't say: {error.found}")
        lost = f"{jobs.controller}" + (f": {jobs.reason}" if jobs.reason else "")
        return replace(seen, progress=progress, lost=lost if progress.now() in _LIVES else "")

    def _start(self, digest: str, name: str, recipe: Path, where: Where, *more: str) -> None:
        before = self._commands.get(digest)
        if before is not None:
            try:
                before.process.wait(_LAST_WORDS_S)  # it may have told its end, and not be gone yet
            except subprocess.TimeoutExpired:
                raise CcdsError(
                    expected="a run that nobody is at",
                    found="one that was begun here",
                    do="stop it, or wait for its end",
                ) from None
        log = self._home / ".ccds" / f"normalization-{digest[:_NAMED_BY]}.log"
        command = [
            *(sys.executable, "-P", "-m", "ccds_kernel.cli", "normalization", "run", "--project", self.project.id),
            *("--recipe", str(recipe), "--engine", where.value, *more),
        ]
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("wb") as out:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    cwd=self._home,
                    start_new_session=True,  # what ends the kernel doesn't end it
                )
        except OSError as error:
            raise CcdsError(
                expected="to start the run",
                found=error.strerror or "an error",
                do="make room in your folder, or try again",
            ) from None
        self._commands[digest] = _Command(name, process, log, datetime.now(UTC))


def _told_of(jobs: JobsNow) -> str:
    """What is said of the jobs of a run that lives."""
    line = f"controller {jobs.controller}" + (f": {jobs.reason}" if jobs.reason not in ("", UNKNOWN_REASON) else "")
    return line + ("" if jobs.running is None else f"; workers: {jobs.running} running, {jobs.waiting} waiting")


def _last_line(log: Path) -> str:
    """What a command said last."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LONGEST_LOG))
            lines = file.read(_LONGEST_LOG).decode(errors="replace").splitlines()
    except OSError:
        lines = []
    last = next((line for line in reversed(lines) if line.strip()), "")
    return last.removeprefix("ccds: ") or "it ended without a word"
