"""The verbs of `ccds normalization` about all volumes of a project: run, show."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccds_kernel.cli._normalization_jobs import Advise, jobs_lines, jobs_of_run, run_on_cluster
from ccds_kernel.cli._normalization_left_out import tell_left_out
from ccds_kernel.cli._run_shown import add_cluster_options, bar, counted, jobs_as_json, pace, terminated_as_interrupted

if TYPE_CHECKING:
    from ccds_kernel.irb.project import Project
    from ccds_kernel.normalization.run_advice import Advised
    from ccds_kernel.normalization.runs import NormalizationRun
    from ccds_kernel.workflow.progress import Progress

_GOES_ON = "the same command goes on with the rest"


def register(verbs: Any) -> None:  # noqa: ANN401 - argparse gives what adds verbs no public name
    """Adds the verbs."""
    summary = "apply a recipe to every volume of a project"
    run = verbs.add_parser(
        "run",
        help=summary,
        description=f"{summary}; what is done stays, {_GOES_ON}. Exit status 0 when every volume is normalized or in quarantine "
        "with its reason.",
    )
    _add_project(run)
    run.add_argument("--recipe", metavar="RECIPE", type=Path, required=True, help="YAML file: name, steps, output")
    run.add_argument("--cohort", metavar="NAME", help="only volumes of studies whose reports are in this cohort")
    run.add_argument("--study", nargs="+", metavar="KEY", help="only volumes of these studies")
    run.add_argument(
        "--engine",
        choices=["local", "cluster"],
        default="local",
        help="who does it: this machine (local), or jobs of the site's scheduler, which outlive this command (cluster)",
    )
    run.add_argument("--workers", type=int, metavar="N", help="volumes at once (as processors and memory allow)")
    run.add_argument("--again", action="store_true", help="try volumes in quarantine again, though nothing changed")
    run.add_argument("--json", action="store_true", help="print one JSON document: the counts, and each failure")
    add_cluster_options(run)
    run.set_defaults(run=_run)

    summary = "say how far a project's runs are, or one of them with every volume that failed"
    show = verbs.add_parser("show", help=summary, description=summary)
    _add_project(show)
    show.add_argument(
        "name",
        nargs="?",
        metavar="RUN",
        help="the recipe's name, or the beginning of its hash; all where none is named",
    )
    show.add_argument("--json", action="store_true", help="print one JSON document")
    show.set_defaults(run=_show)


def _add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--project", required=True, metavar="ID", help="the IRB application's id")


def _run(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    said: list[Advised] = []

    def advise(found: Sequence[Advised]) -> None:
        said.extend(found)
        for one in found:
            tqdm.write(f"ccds: warning: {one}", file=sys.stderr)  # above the bar

    done = run_on_cluster(options, advise) if options.engine == "cluster" else _run_here(options, advise)
    if done is None:
        return
    progress = done.progress
    if options.json:
        document = {**_document(options.project, done), "advice": [asdict(one) for one in said]}
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        print("\n".join(_lines(done)))
        if progress.failed:
            print(f"each of them: 'ccds normalization show --project {options.project} {done.digest[:12]}'")
        for line in _next(options.project, done):
            print(line)
    _check_whole(progress)


def _run_here(options: argparse.Namespace, advise: Advise) -> NormalizationRun:
    from ccds_kernel.normalization.apply_file import read_recipe
    from ccds_kernel.normalization.memory import session_memory
    from ccds_kernel.normalization.run_volumes import run_volumes
    from ccds_kernel.normalization.runs import NormalizationRuns
    from ccds_kernel.workflow.local_engine import LocalEngine

    recipe, engine = read_recipe(options.recipe), LocalEngine(options.workers, memory=session_memory())
    with _opened(options.project, write=True) as project:
        tell_left_out(project, options)
        at: list[Progress] = []
        try:
            with terminated_as_interrupted(), bar(at) as tell:
                run_volumes(
                    project,
                    recipe,
                    engine,
                    cohort=options.cohort,
                    studies=options.study,
                    again=options.again,
                    tell=tell,
                    advise=advise,
                )
        except KeyboardInterrupt:
            if at:
                print(f"ccds: {counted(at[-1])}; {_GOES_ON}", file=sys.stderr)
            raise
        return NormalizationRuns(project).get(recipe.digest())


def _check_whole(progress: Progress) -> None:
    """Exit status 1 where another run would do more."""
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.workflow.progress import RunState

    if progress.state is RunState.STOPPED:
        raise CcdsError(expected="the run to go through", found=f"that {progress.why}", do=_GOES_ON)
    if progress.failed > progress.quarantined:
        raise CcdsError(
            expected="every volume normalized or in quarantine",
            found=f"{progress.failed - progress.quarantined} that failed for want of memory, room or the like",
            do=f"mend that; {_GOES_ON}",
        )


def _show(options: argparse.Namespace) -> None:
    from ccds_kernel.normalization.runs import NormalizationRuns

    with _opened(options.project) as project:
        runs = NormalizationRuns(project)
        if options.name is None:
            found = runs.all()
            if options.json:
                told = [{**_summary(run), "jobs": jobs_as_json(jobs_of_run(project, run))} for run in found]
                print(json.dumps(told, indent=2, ensure_ascii=False))
            elif found:
                print("\n\n".join("\n".join([*_lines(run), *jobs_lines(project, run)]) for run in found))
            else:
                print("no runs yet: 'ccds normalization run' begins one")
            return
        run = runs.get(options.name)
        if options.json:
            document = {**_document(options.project, run), "jobs": jobs_as_json(jobs_of_run(project, run))}
            print(json.dumps(document, indent=2, ensure_ascii=False))
            return
        lines = [*_lines(run), *_in_all(run), *jobs_lines(project, run)]
        for record in run.failures():
            failure = record.failure
            if failure is not None:
                where = f"{failure.step}: " if failure.step else ""
                lines.append(f"{record.key}  {where}expected {failure.expected}; found {failure.found}; {failure.do}")
    print("\n".join(lines))


def _lines(run: NormalizationRun) -> list[str]:
    """What a person wants to know first."""
    from ccds_kernel.workflow.manifest import told
    from ccds_kernel.workflow.progress import RunState

    progress = run.progress
    state = progress.now()
    lines = [f"{run.recipe.name}  {run.digest[:12]}  {state}, {progress.engine}, {progress.person}", counted(progress)]
    if state is RunState.RUNNING:
        lines.append(pace(progress))
    elif state not in {RunState.WAITING, RunState.ENDED}:
        lines.append(f"{progress.why or 'no sign of life'}; {_GOES_ON}")
    lines += [told(reason, count) for reason, count in progress.reasons.items()]
    return lines


def _next(project: str, run: NormalizationRun) -> list[str]:
    """Where the volumes of a run are that ended, and what can be done with them."""
    from ccds_kernel.workflow.progress import RunState

    progress = run.progress
    if progress.state is not RunState.ENDED or not progress.done_before + progress.done:
        return []
    return [
        f"the volumes are in normalized/{run.digest} of the project's folder; with labels and a split they become a dataset:",
        f"'ccds dataset snapshot --project {project} --normalized {run.digest[:12]} --labels SNAPSHOT …'",
    ]


def _in_all(run: NormalizationRun) -> list[str]:
    """A line about every run of the recipe, where the newest was over a part of the volumes."""
    from ccds_kernel.workflow.manifest import State

    outcomes, newest = run.outcomes(), run.progress
    if (outcomes[State.DONE], outcomes[State.FAILED]) == (newest.done_before + newest.done, newest.failed):
        return []
    return [f"by all runs: {outcomes[State.DONE]} done, {outcomes[State.FAILED]} failed"]


def _summary(run: NormalizationRun) -> dict[str, object]:
    return {
        "recipe": {"name": run.recipe.name, "sha256": run.digest},
        **run.progress.as_json(),
        "state": run.progress.now(),
    }


def _document(project: str, run: NormalizationRun) -> dict[str, object]:
    failures = [
        {"volume": one.key, "tries": one.tries, **asdict(one.failure)}
        for one in run.failures()
        if one.failure is not None
    ]
    outcomes = {state.value: count for state, count in run.outcomes().items()}
    return {"project": project, **_summary(run), "by_all_runs": outcomes, "failures": failures}


@contextmanager
def _opened(project_id: str, *, write: bool = False) -> Iterator[Project]:
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action

    with closing(open_project(project_id, Action.WRITE_IMAGES if write else Action.READ_IMAGES)) as project:
        yield project
