"""`ccds irb apply | expire | show | list | reconcile`."""

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
    from ccds_kernel.irb.plan import Plan
    from ccds_kernel.irb.reconcile import Reconciler
    from ccds_kernel.settings import Settings


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the stage's verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    summary = (
        "bring an application, or an amendment of it, into force: groups, directory and database follow its roster"
    )
    apply = verbs.add_parser("apply", help=summary, description=f"{summary}. For administrators of the site.")
    apply.add_argument("file", metavar="irb.yaml", type=Path, help="the approved application, whole")
    apply.add_argument("--dry-run", action="store_true", help="print what would change, and change nothing")
    apply.set_defaults(run=_apply)

    summary = "end an application today: access to its project ends everywhere, its data stays"
    expire = verbs.add_parser("expire", help=summary, description=f"{summary}. For administrators of the site.")
    expire.add_argument("id", metavar="ID", help="the IRB application's id")
    expire.set_defaults(run=_expire)

    summary = "bring groups, directories and the database to what all rosters say today"
    reconcile = verbs.add_parser(
        "reconcile", help=summary, description=f"{summary}. Needs root; the hub calls it regularly."
    )
    reconcile.add_argument("--dry-run", action="store_true", help="print what would change, and change nothing")
    reconcile.add_argument("--settings", type=Path, help="the site's ccds.toml; the one in force, where it isn't given")
    reconcile.set_defaults(run=_reconcile)

    summary = "print an application, its roster and its history"
    show = verbs.add_parser("show", help=summary, description=summary)
    show.add_argument("id", metavar="ID", help="the IRB application's id")
    show.add_argument("--on", metavar="DAY", help="as it was at the end of that day (UTC), such as 2026-05-01")
    show.add_argument("--json", action="store_true", help="print one JSON document")
    show.set_defaults(run=_show)

    summary = "print the applications with you on the roster and how they stand; for administrators every one"
    list_ = verbs.add_parser("list", help=summary, description=summary)
    list_.add_argument("--json", action="store_true", help="print one JSON list")
    list_.set_defaults(run=_list)


def _apply(options: argparse.Namespace) -> None:
    from ccds_kernel.irb.amendment import amendment
    from ccds_kernel.irb.application import read_application
    from ccds_kernel.irb.applying import apply_application, known, plan_application
    from ccds_kernel.irb.project import current_person
    from ccds_kernel.irb.registry import registry_of
    from ccds_kernel.settings import load_settings

    application, settings = read_application(options.file), load_settings()
    person, standing = current_person(settings), application.standing(_today())
    if options.dry_run:
        lines = plan_application(application, person=person, settings=settings)
        print("\n".join(lines) or "nothing would change")
        return
    registry = registry_of(settings)
    lines = amendment(known(application.id, registry), application, _today(), registry.training_years)
    changed = apply_application(application, person=person, settings=settings)
    for line in lines:
        print(line)
    print(f"{application.id}: {'applied' if changed else 'nothing changed'}; {standing}")


def _expire(options: argparse.Namespace) -> None:
    from ccds_kernel.irb.applying import expire_application
    from ccds_kernel.irb.project import current_person
    from ccds_kernel.settings import load_settings

    settings = load_settings()
    ended = expire_application(options.id, person=current_person(settings), settings=settings)
    print(f"{options.id}: {'ended today; its data stays' if ended else 'was over already; nothing changed'}")


def _reconcile(options: argparse.Namespace) -> None:
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.irb.database import bring_databases, end_sessions, plan_databases
    from ccds_kernel.irb.identity import unix_user
    from ccds_kernel.irb.plan import Plan
    from ccds_kernel.irb.reconcile import Reconciler
    from ccds_kernel.irb.registry import registry_of
    from ccds_kernel.settings import load_settings

    settings = load_settings(options.settings)
    reconciler = Reconciler(settings)
    if not reconciler.keeps and settings.database.engine == "sqlite":
        print("nothing to reconcile: this site keeps neither groups nor a database server (see docs/settings.md)")
        return
    applications = registry_of(settings).applications()
    if options.dry_run:
        lines = reconciler.look().lines() if reconciler.keeps else []
        print("\n".join(lines + plan_databases(applications, settings)) or "nothing would change")
        return
    person, problems, plan, brought, ended = unix_user(), [], Plan(), 0, 0
    if reconciler.keeps:
        try:  # each on its own: a server that is down keeps nobody in a group, nor the other way round
            plan = _bring_groups(reconciler, person, settings)
        except CcdsError as error:
            problems.append(error)
    try:
        ended = end_sessions(applications, settings)
        brought = bring_databases(applications, settings)
    except CcdsError as error:
        problems.append(error)
    counts = {"group": len(plan.wanted), "place": len(plan.places), "database": brought, "session's role": ended}
    changed = [f"{count} {what}(s)" for what, count in counts.items() if count]
    print(f"{', '.join(changed)} changed" if changed else "nothing changed")
    if problems:
        raise problems[0]


def _bring_groups(reconciler: Reconciler, person: str, settings: Settings) -> Plan:
    from tqdm import tqdm

    from ccds_kernel.audit.site import audit_log

    with reconciler.alone():
        plan = reconciler.look()
        if plan:
            with tqdm(total=plan.steps, desc="reconciling", unit=" step", disable=None, leave=False) as bar:
                reconciler.carry_out(plan, person=person, audit=audit_log(settings), step=bar.update)
    return plan


def _show(options: argparse.Namespace) -> None:
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.irb.project import current_person
    from ccds_kernel.irb.registry import registry_of
    from ccds_kernel.irb.site import require_administrator
    from ccds_kernel.settings import load_settings

    settings = load_settings()
    registry, person = registry_of(settings), current_person(settings)
    application = registry.get(options.id)
    if application is None or application.entry_of(person) is None:
        require_administrator("see an application", person=person, settings=settings)
    if application is None:
        raise CcdsError(
            expected="the id of an application of this site", found=repr(options.id), do="see 'ccds irb list'"
        )
    versions: Sequence[Version] = registry.history(options.id)
    if options.on:
        application, versions = _on(options.on, versions)
    if options.json:
        print(json.dumps(_as_json(application, versions), indent=2, ensure_ascii=False))
    else:
        _print(application, versions, registry.training_years)


def _on(day: str, versions: Sequence[Version]) -> tuple[IrbApplication, Sequence[Version]]:
    """The application and its history as they were at the end of `day`."""
    from datetime import UTC, datetime, time

    from ccds_kernel.errors import CcdsError
    from ccds_kernel.irb.history import as_of

    try:
        moment = datetime.combine(datetime.fromisoformat(day).date(), time.max, UTC)
    except ValueError:
        raise CcdsError(expected="a day such as 2026-05-01 after --on", found=repr(day), do="write it so") from None
    then = as_of(versions, moment)
    if not then:
        raise CcdsError(
            expected=f"an application that was there on {day}",
            found=f"the first one of {versions[0].applied:%Y-%m-%d}" if versions else "no history",
            do="name a later day",
        )
    return then[-1].application, then


def _list(options: argparse.Namespace) -> None:
    from ccds_kernel.irb.project import current_person
    from ccds_kernel.irb.registry import registry_of
    from ccds_kernel.settings import load_settings

    settings = load_settings()
    registry, person = registry_of(settings), current_person(settings)
    everything = person in settings.hub.administrators
    applications = [one for one in registry.applications() if everything or one.entry_of(person)]
    rows = [
        {
            "id": application.id,
            "standing": application.standing(_today()),
            "expires": f"{application.expires}",
            "people": len(application.roster),
            "title": application.title,
        }
        for application in applications
    ]
    if everything:
        readable = {application.id for application in applications}
        damaged = [project_id for project_id in registry.ids() if project_id not in readable]
        rows += [{"id": project_id, "standing": "damaged: see 'ccds irb show'"} for project_id in damaged]
    if options.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        print(f"{row['id']:<20} {row['standing']:<24} {row.get('title', '')}".rstrip())
    print(f"{len(rows)} application(s){'' if everything else ' with you on the roster'}")


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


def _print(application: IrbApplication, versions: Sequence[Version], training_years: int) -> None:
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
        lapsed = "" if entry.is_trained(_today(), training_years) else ", which doesn't count today"
        print(f"  {entry.person:<20} {entry.role:<14} {when}, trained {entry.trained}{lapsed}")
    print(f"history ({len(versions)})")
    for version in versions:
        print(f"  {version.applied:%Y-%m-%d %H:%M:%S} UTC  {version.application.digest()[:12]}")


def _today() -> date:
    from ccds_kernel.irb.rules import calendar_day

    return calendar_day()
