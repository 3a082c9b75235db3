"""`ccds irb apply | show | list`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from ccds_kernel.irb.application import IrbApplication
    from ccds_kernel.irb.history import Version


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the stage's verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    summary = "bring an application, or an amendment of it, into force and make its directory"
    apply = verbs.add_parser("apply", help=summary, description=f"{summary}. For administrators of the site.")
    apply.add_argument("file", metavar="irb.yaml", type=Path, help="the approved application, whole")
    apply.set_defaults(run=_apply)

    summary = "print an application, its roster and its history"
    show = verbs.add_parser("show", help=summary, description=summary)
    show.add_argument("id", metavar="ID", help="the IRB application's id")
    show.add_argument("--json", action="store_true", help="print one JSON document")
    show.set_defaults(run=_show)

    summary = "print every application of the site and how it stands"
    list_ = verbs.add_parser("list", help=summary, description=summary)
    list_.add_argument("--json", action="store_true", help="print one JSON list")
    list_.set_defaults(run=_list)


def _apply(options: argparse.Namespace) -> None:
    from ccds_kernel.irb.application import read_application
    from ccds_kernel.irb.applying import apply_application
    from ccds_kernel.irb.project import current_person
    from ccds_kernel.settings import load_settings

    application, settings = read_application(options.file), load_settings()
    changed = apply_application(application, person=current_person(settings), settings=settings)
    standing = application.standing(_today())
    print(f"{application.id}: {'applied' if changed else 'nothing changed'}; {standing}")


def _show(options: argparse.Namespace) -> None:
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.irb.registry import Registry
    from ccds_kernel.settings import load_settings

    registry = Registry(load_settings().paths.registry)
    application = registry.get(options.id)
    if application is None:
        raise CcdsError(
            expected="the id of an application of this site", found=repr(options.id), do="see 'ccds irb list'"
        )
    versions = registry.history(options.id)
    if options.json:
        print(json.dumps(_as_json(application, versions), indent=2, ensure_ascii=False))
    else:
        _print(application, versions)


def _list(options: argparse.Namespace) -> None:
    from ccds_kernel.irb.registry import Registry
    from ccds_kernel.settings import load_settings

    registry = Registry(load_settings().paths.registry)
    applications = registry.applications()
    readable = {application.id for application in applications}
    rows = [
        {
            "id": application.id,
            "standing": application.standing(_today()),
            "expires": f"{application.expires}",
            "people": len({entry.person for entry in application.roster}),
            "title": application.title,
        }
        for application in applications
    ]
    damaged = [project_id for project_id in registry.ids() if project_id not in readable]
    rows += [{"id": project_id, "standing": "damaged: see 'ccds irb show'"} for project_id in damaged]
    if options.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        print(f"{row['id']:<20} {row['standing']:<24} {row.get('title', '')}".rstrip())
    print(f"{len(rows)} application(s)")


def _as_json(application: IrbApplication, versions: Sequence[Version]) -> dict[str, object]:
    from ccds_kernel.irb.history import on_roster_since

    since = on_roster_since(versions)
    values = application.model_dump(mode="json")
    for entry, row in zip(application.roster, values["roster"], strict=True):
        known = since.get((entry.person, entry.role))
        row["since"] = known.isoformat() if known else None
    return values | {
        "standing": application.standing(_today()),
        "history": [{"applied": one.applied.isoformat(), "digest": one.application.digest()} for one in versions],
    }


def _print(application: IrbApplication, versions: Sequence[Version]) -> None:
    from ccds_kernel.irb.history import on_roster_since

    first, last = application.study_dates
    print(f"{application.id}  {application.title}")
    for name, value in (
        ("pi", application.pi),
        ("standing", application.standing(_today())),
        ("approved", f"{application.approved} to {application.expires}"),
        ("exam codes", ", ".join(application.exam_codes)),
        ("study dates", f"{first} to {last}"),
        ("data", ", ".join(application.data)),
        ("egress", application.egress),
    ):
        print(f"  {name:<12} {value}")
    since = on_roster_since(versions)
    print(f"roster ({len(application.roster)})")
    for entry in application.roster:
        known = since.get((entry.person, entry.role))
        when = f"since {known:%Y-%m-%d}" if known else "since an unknown day"
        print(f"  {entry.person:<20} {entry.role:<14} {when}, trained {entry.trained}")
    print(f"history ({len(versions)})")
    for version in versions:
        print(f"  {version.applied:%Y-%m-%d %H:%M:%S} UTC  {version.application.digest()[:12]}")


def _today() -> date:
    from ccds_kernel.irb.rules import calendar_day

    return calendar_day()
