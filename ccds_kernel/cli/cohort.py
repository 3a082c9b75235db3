"""`ccds cohort query | keep | list | show | snapshot`."""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from typing import TYPE_CHECKING

from ccds_kernel.cli._wording import counted

if TYPE_CHECKING:
    from datetime import date

    from ccds_kernel.cohort.cohort import CohortSnapshot
    from ccds_kernel.cohort.criteria import Criteria
    from ccds_kernel.irb.project import Project

_REFUSED = "Refused beyond what the IRB application approves."


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the stage's verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    summary = "count a project's reports of some exam codes and study dates, by month and by exam code"
    query = verbs.add_parser("query", help=summary, description=f"{summary}. {_REFUSED}")
    _add_project(query)
    _add_criteria(query)
    query.add_argument("--json", action="store_true", help="print the counts as one JSON document")
    query.set_defaults(run=_query)

    summary = "keep such criteria as a cohort, under a name, for good"
    keep = verbs.add_parser("keep", help=summary, description=f"{summary}. {_REFUSED}")
    _add_name(keep)
    _add_project(keep)
    _add_criteria(keep)
    keep.set_defaults(run=_keep)

    summary = "print a project's cohorts"
    list_ = verbs.add_parser("list", help=summary, description=summary)
    _add_project(list_)
    list_.add_argument("--json", action="store_true", help="print one JSON list")
    list_.set_defaults(run=_list)

    summary = "print a cohort: its criteria, its reports by month and exam code, its snapshots"
    show = verbs.add_parser("show", help=summary, description=summary)
    _add_name(show)
    _add_project(show)
    show.add_argument("--json", action="store_true", help="print one JSON document")
    show.set_defaults(run=_show)

    summary = "keep which reports a cohort has now: later ones join the cohort, and not the snapshot"
    snapshot = verbs.add_parser("snapshot", help=summary, description=summary)
    _add_name(snapshot)
    _add_project(snapshot)
    snapshot.add_argument("--json", action="store_true", help="print the snapshot as one JSON document")
    snapshot.set_defaults(run=_snapshot)


def _add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--project", required=True, metavar="ID", help="the IRB application's id")


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the cohort's name")


def _add_criteria(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--codes", nargs="+", metavar="C", help="exam codes; all of the application's, where none is named"
    )
    parser.add_argument(
        "--from", dest="first", metavar="DAY", help="first study date (the application's), such as 2020-01-31"
    )
    parser.add_argument("--to", dest="last", metavar="DAY", help="last study date, included (the application's)")


def _criteria(options: argparse.Namespace, project: Project) -> Criteria:
    from ccds_kernel.cohort.criteria import Criteria

    first, last = _day("--from", options.first), _day("--to", options.last)
    return Criteria.within(project.application, options.codes, first, last)


def _day(option: str, text: str | None) -> date | None:
    from datetime import date

    from ccds_kernel.errors import CcdsError

    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise CcdsError(
            expected=f"a day such as 2020-01-31 after {option}", found=repr(text[:40] if text else ""), do="write it so"
        ) from None


def _query(options: argparse.Namespace) -> None:
    from ccds_kernel.cohort.repository import CohortRepository
    from ccds_kernel.cohort.wording import picture
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action

    project = open_project(options.project, Action.READ_REPORTS)
    with closing(project):
        counts = CohortRepository(project).count(_criteria(options, project))
    if options.json:
        print(json.dumps({"project": project.id} | counts.as_json(), indent=2, ensure_ascii=False))
        return
    print("\n".join(picture(counts)))


def _keep(options: argparse.Namespace) -> None:
    from ccds_kernel.cohort.repository import CohortRepository
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action

    project = open_project(options.project, Action.LOAD_REPORTS)
    with closing(project):
        cohorts = CohortRepository(project)
        kept = cohorts.keep(options.name, _criteria(options, project))
        counts = cohorts.count(kept.criteria)
    print(f"cohort {kept.name}: {counted(counts.reports, 'report')} of {kept.criteria}")


def _list(options: argparse.Namespace) -> None:
    from ccds_kernel.cohort.repository import CohortRepository
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action

    project = open_project(options.project, Action.READ_REPORTS)
    with closing(project):
        cohorts = CohortRepository(project).cohorts()
    if options.json:
        rows = [
            {
                "name": one.name,
                "exam_codes": list(one.criteria.codes),
                "study_dates": [f"{one.criteria.first}", f"{one.criteria.last}"],
                "created_by": one.created_by,
                "created_at": one.created_at.isoformat(),
            }
            for one in cohorts
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for one in cohorts:
        print(f"{one.name:<20} {one.criteria}, by {one.created_by} on {one.created_at:%Y-%m-%d}")
    print(counted(len(cohorts), "cohort"))


def _show(options: argparse.Namespace) -> None:
    from ccds_kernel.cohort.repository import CohortRepository
    from ccds_kernel.cohort.wording import picture
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action

    project = open_project(options.project, Action.READ_REPORTS)
    with closing(project):
        cohorts = CohortRepository(project)
        counts = cohorts.count(cohorts.get(options.name).criteria)
        snapshots = cohorts.snapshots(options.name)
    if options.json:
        document = {"project": project.id, "name": options.name} | counts.as_json()
        print(json.dumps(document | {"snapshots": [_as_json(one) for one in snapshots]}, indent=2, ensure_ascii=False))
        return
    print("\n".join(picture(counts)))
    print(f"snapshots ({len(snapshots)})")
    for one in snapshots:
        print(f"  {one.name}  {counted(one.members, 'report')}, by {one.taken_by} on {one.taken_at:%Y-%m-%d %H:%M} UTC")


def _snapshot(options: argparse.Namespace) -> None:
    from ccds_kernel.cohort.repository import CohortRepository
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action

    project = open_project(options.project, Action.LOAD_REPORTS)
    with closing(project):
        taken, is_new = CohortRepository(project).take_snapshot(options.name)
    if options.json:
        print(json.dumps(_as_json(taken) | {"new": is_new}))
        return
    known = "" if is_new else ", known already"
    print(f"snapshot {taken.name} of cohort {options.name}: {counted(taken.members, 'report')}{known}")


def _as_json(snapshot: CohortSnapshot) -> dict[str, object]:
    return {
        "snapshot": snapshot.name,
        "digest": snapshot.digest,
        "reports": snapshot.members,
        "taken_by": snapshot.taken_by,
        "taken_at": snapshot.taken_at.isoformat(),
    }
