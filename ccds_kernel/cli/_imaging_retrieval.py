"""The verbs of `ccds imaging` that deal with the archive: find, retrieve, retry, status, work."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from ccds_kernel.cli._wording import counted

if TYPE_CHECKING:
    from ccds_kernel.imaging.retrieval.asking import Asked
    from ccds_kernel.imaging.retrieval.request import Outcome, State, StudyRequest
    from ccds_kernel.irb.project import Project
    from ccds_kernel.settings import Settings

_REFUSED = "Refused beyond what the IRB application approves."


def register(verbs: Any) -> None:  # noqa: ANN401 - argparse gives what adds verbs no public name
    """Adds the verbs."""
    summary = "count what the archive has of some exam codes and study dates, before anything is copied"
    find = verbs.add_parser("find", help=summary, description=f"{summary}. {_REFUSED}")
    _add_project(find)
    find.add_argument(
        "--codes", nargs="+", metavar="C", help="exam codes; all of the application's, where none is named"
    )
    find.add_argument(
        "--from", dest="first", metavar="DAY", help="first study date (the application's), such as 2020-01-31"
    )
    find.add_argument("--to", dest="last", metavar="DAY", help="last study date, included (the application's)")
    find.add_argument(
        "--consecutive", type=int, metavar="N", help="only the first N studies in the order in which they were acquired"
    )
    find.add_argument(
        "--save", metavar="NAME", help="keep the criteria in the project under a name, as its next version"
    )
    find.add_argument(
        "--keep-only",
        action="store_true",
        help="only keep them, where the archive can't be reached: the site asks later",
    )
    find.add_argument("--json", action="store_true", help="print the counts as one JSON document")
    find.set_defaults(run=_find)

    summary = "fetch studies from the archive into the project"
    retrieve = verbs.add_parser(
        "retrieve",
        help=summary,
        description=f"{summary}; each is staged outside of it, and moved in when it proved to be what was asked for. {_REFUSED} "
        "Without --criteria it goes on with what was asked for before.",
    )
    _add_project(retrieve)
    retrieve.add_argument(
        "--criteria", metavar="NAME", help="criteria that 'find --save' kept: NAME for the newest version, or NAME-vN"
    )
    retrieve.add_argument("--study", nargs="+", metavar="KEY", help="study keys that go ahead of all others")
    retrieve.add_argument(
        "--accessions",
        metavar="FILE",
        help="a file of accession numbers, one a line, whose studies are asked for and go ahead; - for standard input",
    )
    retrieve.add_argument(
        "--queue-only",
        action="store_true",
        help="only ask for them, here and now of nobody: 'ccds imaging work' of the service account asks the archive and fetches",
    )
    retrieve.set_defaults(run=_retrieve)

    summary = "let studies that failed be tried once more"
    retry = verbs.add_parser(
        "retry", help=summary, description=f"{summary}, as often as archive.attempts allows; 'retrieve' tries them."
    )
    _add_project(retry)
    retry.add_argument("--study", nargs="+", metavar="KEY", help="study keys; all that failed, where none is named")
    retry.add_argument(
        "--again",
        action="store_true",
        help="fetch studies anew that arrived: what the project has of them is moved into its quarantine",
    )
    retry.set_defaults(run=_retry)

    summary = "print how far a project's studies are, and why some aren't there"
    status = verbs.add_parser("status", help=summary, description=summary)
    _add_project(status)
    status.add_argument("--studies", action="store_true", help="a line for each study that isn't there")
    status.add_argument("--json", action="store_true", help="print one JSON document with every study")
    status.set_defaults(run=_status)

    summary = "fetch what waits in every project, for an administrator of the site"
    work = verbs.add_parser("work", help=summary, description=f"{summary}: the service account runs it, by a timer.")
    work.set_defaults(run=_work)


def _add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--project", required=True, metavar="ID", help="the IRB application's id")


def _find(options: argparse.Namespace) -> None:
    from ccds_kernel.archive.site import archive_of
    from ccds_kernel.cohort.coverage import require_covered
    from ccds_kernel.cohort.criteria import Criteria
    from ccds_kernel.cohort.criteria_file import VersionedCriteria
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.imaging.retrieval.asking import ask_archive, keep_criteria
    from ccds_kernel.imaging.retrieval.wording import picture
    from ccds_kernel.irb.roles import Action

    first, last = _day("--from", options.first), _day("--to", options.last)
    if options.keep_only and not options.save:
        raise CcdsError(expected="a name to keep the criteria under", found="none", do="name one with --save")
    kept = found = None
    with _opened(options.project, write=True) as project:
        criteria = Criteria.within(project.application, options.codes, first, last)
        asked = VersionedCriteria(project.id, options.save or "unnamed", 1, criteria, options.consecutive)
        require_covered(project, criteria, Action.WRITE_IMAGES)
        if not options.keep_only:
            with _asking() as progress:
                found = ask_archive(project, archive_of(project.settings), asked, progress)
        if options.save:
            kept = keep_criteria(project, options.save, criteria, options.consecutive)
    if options.json:
        document: dict[str, object] = {"project": project.id} | (found.as_json() if found else {})
        document["criteria"] = kept and {"name": kept.name, "version": kept.version, "digest": kept.digest}
        print(json.dumps(document, indent=2, ensure_ascii=False))
        return
    if found is not None:
        print("\n".join(picture(found)))
    if kept is not None:
        print(f"criteria {kept.name}-v{kept.version}: {kept.digest[:12]}")


def _retrieve(options: argparse.Namespace) -> None:
    from ccds_kernel.archive.site import archive_of
    from ccds_kernel.cli._imaging_single import ahead, request_accessions
    from ccds_kernel.cohort.criteria_file import named_criteria
    from ccds_kernel.imaging.retrieval.asking import ask_archive
    from ccds_kernel.imaging.retrieval.queue import RetrievalQueue

    with _opened(options.project, write=True) as project:
        queue = RetrievalQueue(project)
        if options.criteria:
            versioned = named_criteria(project.folder, project.id, options.criteria)
        if options.criteria and options.queue_only:
            queue.request_later(versioned)
            print(f"asked for {versioned.name}-v{versioned.version}: the site's worker asks the archive and fetches")
        elif options.criteria:
            with _asking() as progress:
                found = ask_archive(project, archive_of(project.settings), versioned, progress, scanners=False)
            new = queue.request(found.meeting, versioned)
            told = f"{_meeting(len(found.meeting))}, {new} put into the queue"
            print(f"{told}; {counted(found.others, 'other')} left out")
        if options.accessions:
            request_accessions(project, options.accessions, queue_only=options.queue_only)
        if options.study:
            print(ahead(queue.hurry(options.study)))
        if not options.queue_only:
            print(_said(_worked(project)))
        if options.criteria and versioned.consecutive and not options.queue_only:
            _tell_gaps(queue.requests(), {one.study_uid for one in found.meeting})


def _tell_gaps(requests: tuple[StudyRequest, ...], wanted: set[str]) -> None:
    """Consecutive studies of which some are missing aren't consecutive."""
    from ccds_kernel.imaging.retrieval.request import State

    arrived = {one.study.study_uid for one in requests if one.state is State.ARRIVED}
    missing = len(wanted - arrived)
    if missing:
        isnt = "isn't" if missing == 1 else "aren't"
        print(
            f"ccds: warning: {missing} of {counted(len(wanted), 'consecutive study', 'consecutive studies')} {isnt} there",
            file=sys.stderr,
        )


def _worked(project: Project) -> Counter[State]:
    """Empties the project's queue, with bars on a terminal: of studies, with what became of them, and of bytes."""
    from tqdm import tqdm

    from ccds_kernel.imaging.retrieval import rows
    from ccds_kernel.imaging.retrieval.request import State
    from ccds_kernel.imaging.retrieval.work import worker_of

    with project.store.reading() as connection:
        counts = rows.counts(connection)
    waiting = counts[State.WAITING] + counts[State.RUNNING]
    with (
        tqdm(total=waiting, desc="fetching", unit=" studies", disable=not sys.stderr.isatty(), leave=False) as studies,
        tqdm(unit="B", unit_scale=True, disable=not sys.stderr.isatty(), leave=False) as received,
    ):
        tally: Counter[State] = Counter()

        def settled(_request: StudyRequest, outcome: Outcome) -> None:
            tally[outcome.state] += 1
            studies.update()
            studies.set_postfix_str(_counted(tally))

        return worker_of(project, settled=settled, received=received.update).run()


def _said(tally: Counter[State]) -> str:
    return f"{counted(tally.total(), 'study', 'studies')} tried" + (f": {_counted(tally)}" if tally else "")


def _counted(tally: Counter[State]) -> str:
    """How many became what: "3 arrived, 1 failed"."""
    return ", ".join(f"{count} {state}" for state, count in sorted(tally.items()))


def _meeting(studies: int) -> str:
    return "1 study meets the criteria" if studies == 1 else f"{studies} studies meet the criteria"


def _wait_again(studies: int) -> str:
    return "1 study waits again" if studies == 1 else f"{studies} studies wait again"


def _retry(options: argparse.Namespace) -> None:
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
    from ccds_kernel.imaging.studies.again import fetch_again

    if options.again and not options.study:
        raise CcdsError(expected="studies that are to be fetched again", found="none", do="name them with --study")
    with _opened(options.project, write=True) as project:
        if options.again:
            print(_wait_again(fetch_again(project, set(options.study))))
            return
        again, spent = RetrievalQueue(project).retry(options.study)
        most = project.settings.archive.attempts
    tail = f"; {spent} stay failed: they were tried {most} times" if spent else ""
    print(f"{_wait_again(again)}{tail}")


def _status(options: argparse.Namespace) -> None:
    from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
    from ccds_kernel.imaging.retrieval.wording import cards, left_out, overview, worker_line

    now = datetime.now(UTC)
    with _opened(options.project) as project:
        queue = RetrievalQueue(project)
        run = queue.run()
        if options.json:
            counts = {state.value: count for state, count in sorted(queue.counts().items())}
            studies = [one.as_json() for one in queue.requests()]
            worker = run and run.as_json(now)
            print(json.dumps({"project": project.id, "counts": counts, "worker": worker, "studies": studies}, indent=2))
            return
        lines = [
            *overview(queue.counts(), queue.causes(), queue.held_back()),
            *left_out(queue.requested()),
            worker_line(run, now),
        ]
        if options.studies:
            lines += cards(queue.requests(), project.settings.archive.attempts)
    print("\n".join(lines))


def _work(_options: argparse.Namespace) -> None:
    from ccds_kernel.archive.site import staging_of
    from ccds_kernel.imaging.retrieval.slots import one_for_all
    from ccds_kernel.imaging.retrieval.work import projects_with_images
    from ccds_kernel.irb.project import current_person
    from ccds_kernel.settings import load_settings

    settings = load_settings()
    projects = projects_with_images(current_person(settings), settings)
    with one_for_all(staging_of(settings)) as alone:
        if alone:  # else the one before is still at it
            _work_for(projects, settings)


def _work_for(projects: Iterator[Project], settings: Settings) -> None:
    from ccds_kernel.archive.archive import ArchiveAway
    from ccds_kernel.archive.site import archive_of
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.imaging.retrieval.asking import answer_requests
    from ccds_kernel.imaging.retrieval.staging import AtWork

    stopped: list[CcdsError] = []
    for project in projects:
        with closing(project):

            def tell(error: CcdsError, project_id: str = project.id) -> None:
                stopped.append(error)
                print(f"ccds: {project_id}: {error}", file=sys.stderr)

            try:
                answer_requests(project, archive_of(settings), tell)
                print(f"{project.id}: {_said(_worked(project))}")
            except ArchiveAway:
                raise
            except AtWork:  # takes what was just put into the queue as well
                continue
            except CcdsError as error:  # this project's affair: the others go on
                tell(error)
    if stopped:
        raise stopped[-1]


@contextmanager
def _asking() -> Iterator[Callable[[Asked], object]]:
    """A bar of the months that the archive is asked about."""
    from tqdm import tqdm

    with tqdm(desc="asking", unit=" months", disable=not sys.stderr.isatty(), leave=False) as bar:

        def progress(asked: Asked) -> None:
            bar.total = asked.months
            bar.set_postfix_str(f"{asked.studies} studies", refresh=False)
            bar.update(asked.done - bar.n)

        yield progress


@contextmanager
def _opened(project_id: str, *, write: bool = False) -> Iterator[Project]:
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action

    with closing(open_project(project_id, Action.WRITE_IMAGES if write else Action.READ_IMAGES)) as project:
        yield project


def _day(option: str, text: str | None) -> date | None:
    from ccds_kernel.errors import CcdsError

    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise CcdsError(
            expected=f"a day such as 2020-01-31 after {option}", found=repr((text or "")[:40]), do="write it so"
        ) from None
