"""`ccds monitoring load | publish | show`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ccds_kernel.monitoring.publication import Publication
    from ccds_kernel.monitoring.record import Loaded
    from ccds_kernel.monitoring.release import Release, ReleaseId

_Row = TypeVar("_Row")
_MODEL = "the model's name, as in ich-triage"
_VERSION = "the release's version, as in 1.2.0"


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the stage's verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    summary = "take a release's predictions and final reports into its record; overwrites nothing"
    load = verbs.add_parser(
        "load",
        help=summary,
        description=f"{summary}. The first load registers the release with its phrase list, which never changes. "
        "For administrators of the site.",
    )
    _add_release(load)
    load.add_argument(
        "--predictions",
        type=Path,
        metavar="P.csv",
        help="CSV file 'accession,time,release,score[,device,software_version]'; times in UTC or with their offset",
    )
    load.add_argument(
        "--reports", type=Path, metavar="R.csv", help="CSV file 'accession,report_time' and columns of text; UTF-8"
    )
    load.add_argument(
        "--text-column",
        action="append",
        default=[],
        metavar="C",
        help="column of text in R; again for each further one",
    )
    load.add_argument(
        "--phrases",
        type=Path,
        metavar="L.csv",
        help="phrase list 'phrase,label[,negatable[,uncertain]]' that labels the reports",
    )
    load.add_argument("--positive", metavar="LABEL", help="the label that counts as positive (present)")
    load.add_argument("--threshold", type=float, metavar="T", help="a score of at least this much is an alert (0.5)")
    load.add_argument("--title", metavar="TEXT", help="what people call the model (its name and version)")
    load.add_argument("--summary", metavar="TEXT", help="what the model does, in one sentence")
    load.add_argument(
        "--simulated", action="store_true", default=None, help="say everywhere that the scores are made up"
    )
    load.add_argument("--json", action="store_true", help="print the counts as one JSON document")
    load.set_defaults(run=_load)

    summary = "compute a release's numbers from its record and publish them, without patient data, for leadership"
    publish = verbs.add_parser(
        "publish",
        help=summary,
        description=f"{summary}. A month is published once, a week after its end at the earliest, and stays as it is. "
        "For administrators of the site.",
    )
    _add_release(publish)
    publish.add_argument("--json", action="store_true", help="print what is published")
    publish.set_defaults(run=_publish)

    summary = "print what is published"
    show = verbs.add_parser("show", help=summary, description=f"{summary}. For leadership and administrators.")
    show.add_argument("--model", metavar="M", help="only this model's releases")
    show.add_argument("--json", action="store_true", help="print one JSON list of what is published")
    show.set_defaults(run=_show)


def _add_release(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, metavar="M", help=_MODEL)
    parser.add_argument("--version", required=True, metavar="V", help=_VERSION)


def _load(options: argparse.Namespace) -> None:
    from dataclasses import asdict

    from ccds_kernel.errors import CcdsError
    from ccds_kernel.irb.project import current_person
    from ccds_kernel.irb.site import require_administrator
    from ccds_kernel.labeling.phrase_file import read_phrases
    from ccds_kernel.monitoring.files import read_final_reports, read_predictions
    from ccds_kernel.monitoring.record import Loaded, check_phrases, open_record, registered_release, unknown
    from ccds_kernel.monitoring.release import release_id
    from ccds_kernel.settings import load_settings

    settings = load_settings()
    person = current_person(settings)
    require_administrator("load a release's rows", person=person, settings=settings)
    which = release_id(options.model, options.version)
    if not (options.predictions or options.reports or options.phrases):
        raise CcdsError(
            expected="something to load",
            found="nothing",
            do="name --predictions, --reports or, first of all, --phrases",
        )
    # All of it before anything is made, and before anybody else has to wait for the write lock.
    known = registered_release(which, person=person, settings=settings)
    if known is None and not options.phrases:
        raise unknown(which)
    release = _release(known, which, options)
    phrases = read_phrases(options.phrases) if options.phrases else None
    if phrases is not None:
        check_phrases(release, phrases)
    predictions = read_predictions(options.predictions, which) if options.predictions else None
    reports = read_final_reports(options.reports, options.text_column) if options.reports else ()
    with open_record(which, person=person, settings=settings, make=known is None) as record:
        record.register(release, record.phrases() if phrases is None else phrases)
        counts = {
            "predictions": record.load_predictions(_watched("predictions", predictions.predictions))
            if predictions
            else Loaded(),
            "final reports": record.load_final_reports(_watched("final reports", reports)) if reports else Loaded(),
        }
    others = predictions.others if predictions else 0
    if options.json:
        found = {name.replace(" ", "_"): asdict(loaded) for name, loaded in counts.items()}
        print(json.dumps({"release": str(which), **found, "of_other_releases": others}))
        return
    for kind, loaded in counts.items():
        _print_loaded(kind, loaded, others if kind == "predictions" else 0)


def _release(known: Release | None, which: ReleaseId, options: argparse.Namespace) -> Release:
    """The release as the options name it; what they don't name is as it was registered."""
    from pydantic import ValidationError

    from ccds_kernel.monitoring.release import Release
    from ccds_kernel.settings import invalid

    fields = ("positive", "threshold", "title", "summary", "simulated")
    named = {name: getattr(options, name) for name in fields if getattr(options, name) is not None}
    before = (
        {name: getattr(known, name) for name in Release.model_fields}
        if known
        else {"id": which, "title": f"{which.model} {which.version}", "summary": "No description was given."}
    )
    try:
        return Release.model_validate(before | named)
    except ValidationError as error:
        raise invalid(f"release {which}", error) from None


def _watched(what: str, rows: Sequence[_Row]) -> Iterable[_Row]:
    from tqdm import tqdm

    bar: Iterable[_Row] = tqdm(rows, desc=what, unit=" rows", disable=not sys.stderr.isatty(), leave=False)
    return bar


def _print_loaded(kind: str, loaded: Loaded, others: int) -> None:
    count = loaded.added + loaded.known + loaded.conflicting + loaded.empty
    if not count:
        return
    print(f"{count} {kind}: {loaded.added} added, {loaded.known} known already")
    for number, why in (
        (loaded.conflicting, "that say something else than the record's of that accession number"),
        (loaded.empty, "without any text"),
        (others, "of other releases"),
    ):
        if number:
            print(f"{number:>9}  left out: {why}")


def _publish(options: argparse.Namespace) -> None:
    from ccds_kernel.irb.project import current_person
    from ccds_kernel.monitoring.publish import publish
    from ccds_kernel.monitoring.release import release_id
    from ccds_kernel.monitoring.wording import source_line
    from ccds_kernel.settings import load_settings

    which, settings = release_id(options.model, options.version), load_settings()
    published = publish(which, person=current_person(settings), settings=settings)
    publication, left = published.publication, published.left
    if options.json:
        print(publication.to_json(), end="")
        return
    numbers = publication.numbers
    print(f"{which}: {source_line(numbers)}")
    print(f"{len(numbers.periods)} periods, {len(numbers.devices)} devices written to {published.path}")
    for number, why in (
        (left.awaiting, "without a final report"),
        (left.waiting, "of months that aren't over, or have too few studies as yet"),
        (left.late, "loaded after their month was published"),
    ):
        if number:
            print(f"{number:>9}  not counted: {why}")


def _show(options: argparse.Namespace) -> None:
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.monitoring.reading import PublishedNumbers

    numbers = PublishedNumbers()
    releases = numbers.releases()
    wanted = [which for which in releases if options.model in {None, which.model}]
    if options.model is not None and not wanted:
        raise CcdsError(
            expected=f"a model of which something is published ({', '.join(map(str, releases)) or 'none yet'})",
            found=repr(options.model[:60]),
            do="name one of these, or publish it with 'ccds monitoring publish'",
        )
    found = [numbers.read(which) for which in wanted]
    if options.json:
        print(json.dumps([publication.model_dump(mode="json", by_alias=True) for publication in found], indent=1))
        return
    for publication in found:
        _print(publication)
    if not found:
        print("nothing is published yet: an administrator does so with 'ccds monitoring publish'")


def _print(publication: Publication) -> None:
    from ccds_kernel.monitoring.rates import Metric
    from ccds_kernel.monitoring.wording import (
        NOT_STATED,
        NOTHING_YET,
        software_sentences,
        source_line,
        verdicts,
        with_interval,
    )

    release, numbers = publication.release, publication.numbers
    simulated = ", simulated scores" if release.simulated else ""
    print(f"{release.id}  {release.title}{simulated}")
    print(f"{source_line(numbers)}, published {publication.published_at:%Y-%m-%d %H:%M} UTC")
    print("\n".join(verdict.sentence for verdict in verdicts(numbers)) or NOTHING_YET)
    sensitivity = Metric.SENSITIVITY
    for sentence in software_sentences(numbers, sensitivity):
        print(sentence)
    for outcomes in numbers.periods:
        rate = outcomes.group.rates[sensitivity]
        print(
            f"  {outcomes!s:<20} {outcomes.group.studies:>6} studies  sensitivity {with_interval(rate) if rate else '-'}"
        )
    for device in numbers.devices:
        for software in device.software:
            rate = software.total.rates[sensitivity]
            name = f"{device.device or NOT_STATED} {software.version or NOT_STATED}"
            print(
                f"  {name:<20} {software.total.studies:>6} studies  sensitivity {with_interval(rate) if rate else '-'}"
            )
