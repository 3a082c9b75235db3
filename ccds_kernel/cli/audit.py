"""`ccds audit show | verify`."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ccds_kernel.audit.log import FileAuditSink


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the stage's verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    summary = "print who did what in a project, oldest first"
    show = verbs.add_parser("show", help=summary, description=f"{summary}. For administrators of the site.")
    _add_project(show)
    show.add_argument("--person", metavar="P", help="only what this person did")
    show.add_argument("--event", metavar="E", help="only events of this kind, such as ProjectOpened")
    show.add_argument(
        "--since", metavar="T", help="only from this day, or UTC time, on: 2026-11-25 or 2026-11-25T14:30"
    )
    show.add_argument("--until", metavar="T", help="only up to the end of this day, or before this time")
    show.add_argument("--denied", action="store_true", help="only refusals")
    show.add_argument("--last", type=int, metavar="N", help="only the newest N of them")
    show.add_argument("--json", action="store_true", help="print one JSON list of entries")
    show.set_defaults(run=_show)

    summary = "check that no line of an audit chain was changed, removed, put in or cut off"
    verify = verbs.add_parser(
        "verify",
        help=summary,
        description=f"{summary}. The end of a chain is compared with its head in the second place.",
    )
    _add_project(verify)
    verify.add_argument("--all", action="store_true", help="every chain: the site's, and each project's")
    verify.set_defaults(run=_verify)


def _add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", metavar="ID", nargs="?", default="", help="the IRB application's id; without it the site's own chain"
    )


def _show(options: argparse.Namespace) -> None:
    from ccds_kernel.audit.site import audit_log
    from ccds_kernel.audit.wanted import Wanted, moment
    from ccds_kernel.irb.project import current_person
    from ccds_kernel.irb.site import require_administrator
    from ccds_kernel.settings import load_settings

    settings = load_settings()
    require_administrator("read the audit log", person=current_person(settings), settings=settings)
    wanted = Wanted(
        person=options.person,
        event=options.event,
        since=moment(options.since) if options.since else None,
        until=moment(options.until, end=True) if options.until else None,
        denied=options.denied,
        last=options.last,
    )
    log = audit_log(settings)
    _check_known(options.id, log)
    entries = wanted.of(log.entries(options.id))
    if options.json:
        print(json.dumps(entries, indent=2, ensure_ascii=False))
        return
    if not entries:
        print("no entry that fits")
    for entry in entries:
        detail = json.dumps(entry["detail"], ensure_ascii=False)
        waited = f"  (happened {entry['claimed']})" if "claimed" in entry else ""
        print(f"{entry['time']}  {entry['person']:<16} {entry['event']:<20} {detail}{waited}")


def _verify(options: argparse.Namespace) -> None:
    from ccds_kernel.audit.site import audit_log
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.settings import load_settings

    log = audit_log(load_settings())
    if options.all and options.id:
        raise CcdsError(expected="one chain, or all", found="both", do=f"leave out --all, or {options.id}")
    if not options.all:
        _check_known(options.id, log)
        _print_verified(options.id, log)
        return
    broken = []
    for project_id in log.chains():
        try:
            _print_verified(project_id, log)
        except CcdsError as error:
            broken.append(error)
    if broken:
        first, more = broken[0], f" (and {len(broken) - 1} more broken chains)" if broken[1:] else ""
        raise CcdsError(expected=first.expected, found=f"{first.found}{more}", do=first.do)


def _print_verified(project_id: str, log: FileAuditSink) -> None:
    """Verifies a chain and prints what to keep elsewhere.

    Raises:
        CcdsError: it is broken.
    """
    count, head = log.verify(project_id)
    kept = "" if log.head(project_id) or not count else "; its head is kept nowhere yet"
    print(f"{project_id or 'site'}: {count} entries, unbroken; newest {head}{kept}")


def _check_known(project_id: str, log: FileAuditSink) -> None:
    """Refuses an id without a chain: no entries is not an unbroken chain.

    Raises:
        CcdsError: there is none.
    """
    from ccds_kernel.errors import CcdsError

    if project_id and not log.has_chain(project_id):
        raise CcdsError(
            expected="an audit chain of that project", found=f"none for {project_id!r}", do="see 'ccds irb list'"
        )
