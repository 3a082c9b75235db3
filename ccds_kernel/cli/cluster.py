"""`ccds cluster publish | show`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ccds_kernel.cluster.report import Reported


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the stage's verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    summary = "publish who used the cluster, how long nodes were waited for and how idle they were, for leadership"
    publish = verbs.add_parser(
        "publish",
        help=summary,
        description=f"{summary}. It takes the place of the report before. For administrators of the site.",
    )
    publish.add_argument("--json", action="store_true", help="print what is published")
    publish.set_defaults(run=_publish)

    summary = "print the report that is published"
    show = verbs.add_parser("show", help=summary, description=f"{summary}. For leadership and administrators.")
    show.add_argument("--days", type=int, metavar="N", help="the last N days, 1 to 31, one by one (the months)")
    show.add_argument("--json", action="store_true", help="print the whole report as one JSON document")
    show.set_defaults(run=_show)


def _publish(options: argparse.Namespace) -> None:
    from datetime import UTC, datetime

    from ccds_kernel.cluster.publish import gather, publish
    from ccds_kernel.cluster.wording import source_line
    from ccds_kernel.irb.project import current_person
    from ccds_kernel.irb.site import require_administrator
    from ccds_kernel.settings import load_settings

    settings = load_settings()
    person = current_person(settings)
    # Before anything is read, too: else a stranger would be told what they may not open.
    require_administrator("publish the report on the cluster", person=person, settings=settings)
    report = gather(settings, datetime.now(UTC).replace(microsecond=0))
    path = publish(report, person=person, settings=settings)
    if options.json:
        print(report.to_json(), end="")
        return
    print(f"cluster: {source_line(report)}")
    print(f"written to {path}")


def _show(options: argparse.Namespace) -> None:
    from ccds_kernel.cluster.period import SHOWN, Grain
    from ccds_kernel.cluster.reading import PublishedCluster
    from ccds_kernel.cluster.wording import NOTHING_YET, source_line
    from ccds_kernel.errors import CcdsError

    most = SHOWN[Grain.DAY]
    if options.days is not None and not 1 <= options.days <= most:
        raise CcdsError(expected=f"--days from 1 to {most}", found=str(options.days), do="name fewer, or leave it out")
    report = PublishedCluster().read()
    if report is None:
        raise CcdsError(
            expected="a published report on the cluster",
            found="none",
            do="ask an administrator of this site to run 'ccds cluster publish'",
        )
    if options.json:
        print(report.to_json(), end="")
        return
    pretended = ", pretended" if report.pretended else ""
    print(f"{source_line(report)}, published {report.published_at:%Y-%m-%d %H:%M} UTC{pretended}")
    if not report.periods:
        print(NOTHING_YET)
        return
    shown = report.of(Grain.DAY)[-options.days :] if options.days else report.of(Grain.MONTH)
    for reported in shown:
        _print(reported)
    _print_held(shown)


def _print(reported: Reported) -> None:
    from ccds_kernel.cluster.report import CLASSES, NODES
    from ccds_kernel.cluster.wording import NAMES, hours, idle_sentence, name_of, waits_sentence

    parts = [f"{NAMES[one].lower()} {hours(reported.gpu_hours(one))}" for one in CLASSES]
    print(f"{name_of(reported)}  GPU-hours: {', '.join(parts)}")
    for one in NODES:
        if reported.waits[one].asked:
            print(f"  {waits_sentence(NAMES[one], reported.waits[one])}")
    if reported.idle.sessions or reported.idle.unmeasured:
        print(f"  {idle_sentence(reported.idle)}")


def _print_held(shown: Sequence[Reported]) -> None:
    from ccds_kernel.cluster.report import CLASSES, by
    from ccds_kernel.cluster.wording import NAMES, NO_PROJECT, hours

    held = [one for reported in shown for one in reported.held]
    for key in ("project", "person"):
        print(f"GPU-hours by {key}, {shown[0].name} to {shown[-1].name}")
        for name, classes in by(held, key).items():
            parts = ", ".join(f"{NAMES[one].lower()} {hours(classes[one])}" for one in CLASSES)
            print(f"  {name or NO_PROJECT:<20} {hours(sum(classes.values())):>8}  {parts}")
