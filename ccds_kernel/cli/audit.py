"""`ccds audit show | verify`."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ccds_kernel.settings import Settings


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the stage's verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    summary = "print who did what in a project, oldest first"
    show = verbs.add_parser("show", help=summary, description=f"{summary}. For administrators of the site.")
    _add_project(show)
    show.add_argument("--json", action="store_true", help="print one JSON list of entries")
    show.set_defaults(run=_show)

    summary = "check that no line of an audit chain was changed, removed or put in"
    verify = verbs.add_parser(
        "verify",
        help=summary,
        description=f"{summary}. Lines cut off its end show only beside a count and hash printed earlier.",
    )
    _add_project(verify)
    verify.set_defaults(run=_verify)


def _add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", metavar="ID", nargs="?", default="", help="the IRB application's id; without it the site's own chain"
    )


def _show(options: argparse.Namespace) -> None:
    from ccds_kernel.audit.log import FileAuditSink
    from ccds_kernel.irb.project import current_person
    from ccds_kernel.irb.site import require_administrator
    from ccds_kernel.settings import load_settings

    settings = load_settings()
    require_administrator("read the audit log", person=current_person(settings), settings=settings)
    _check_known(options.id, settings)
    entries = FileAuditSink(settings.paths.audit).entries(options.id)
    if options.json:
        print(json.dumps(list(entries), indent=2, ensure_ascii=False))
        return
    for entry in entries:
        detail = json.dumps(entry["detail"], ensure_ascii=False)
        print(f"{entry['time']}  {entry['person']:<16} {entry['event']:<20} {detail}")


def _verify(options: argparse.Namespace) -> None:
    from ccds_kernel.audit.log import FileAuditSink
    from ccds_kernel.settings import load_settings

    settings = load_settings()
    _check_known(options.id, settings)
    count, head = FileAuditSink(settings.paths.audit).verify(options.id)
    print(f"{options.id or 'site'}: {count} entries, unbroken; newest {head}")


def _check_known(project_id: str, settings: Settings) -> None:
    """Refuses an id without a chain: no entries is not an unbroken chain.

    Raises:
        CcdsError: there is none.
    """
    from ccds_kernel.audit.log import FileAuditSink
    from ccds_kernel.errors import CcdsError

    if project_id and not FileAuditSink(settings.paths.audit).has_chain(project_id):
        raise CcdsError(
            expected="an audit chain of that project", found=f"none for {project_id!r}", do="see 'ccds irb list'"
        )
