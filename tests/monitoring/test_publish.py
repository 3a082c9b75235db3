"""From stored rows to the published file, and back."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.site import SiteAccessDenied
from ccds_kernel.monitoring.prediction import Prediction
from ccds_kernel.monitoring.publication import (
    Publication,
    digest,
    published_releases,
    read_publication,
    write_publication,
)
from ccds_kernel.monitoring.publish import compute, publish
from ccds_kernel.monitoring.rates import Metric
from ccds_kernel.monitoring.reading import PublishedNumbers
from ccds_kernel.monitoring.record import Rows, open_record
from support.monitoring import CHANGED, TEXTS, release, report, year
from support.site import ADMINISTRATOR

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


def rows_of(made, **changed) -> Rows:
    """A year as a record gives it."""
    values = {
        "release": made.release,
        "phrases": made.phrases,
        "predictions": tuple(made.predictions),
        "reports": tuple(made.reports),
        "secret": b"secret",
    }
    return Rows(**values | changed)


def test_what_is_published_is_what_is_read(publish_it, settings):
    """To the last digit, by whoever may read it."""
    published = publish_it(year(600))

    assert read_publication(settings.paths.published, published.release.id) == published
    assert published_releases(settings.paths.published) == (published.release.id,)


def test_the_scanner_whose_software_changed_shows(publish_it):
    """Its sensitivity before and after stand apart by more than either interval; the others have one version."""
    numbers = publish_it(year()).numbers

    changed = {device.device: device.software for device in numbers.devices if len(device.software) > 1}
    assert list(changed) == [CHANGED]
    before, after = (one.total.rates[Metric.SENSITIVITY] for one in changed[CHANGED])
    assert [one.version for one in changed[CHANGED]] == ["20.4.SS", "21.0.SS"]
    assert before.low > after.high


def test_the_same_rows_are_published_alike(load, settings):
    """All but the time of publication."""
    made = year(300)
    load(made)
    first, path = publish(made.release.id, person=ADMINISTRATOR, settings=settings)
    before = json.loads(path.read_bytes())

    second, path = publish(made.release.id, person=ADMINISTRATOR, settings=settings)

    after = json.loads(path.read_bytes())
    assert before | {"published_at": None} == after | {"published_at": None}
    assert first.source.digest == second.source.digest


def test_the_digest_tells_any_change_and_no_order():
    """Of each kind of row; and without the database's secret nobody can compute it."""
    made = year(60)
    rows = rows_of(made)
    shuffled = rows_of(made, predictions=rows.predictions[::-1], reports=rows.reports[::-1])
    others = [
        rows_of(made, release=release(threshold=0.4)),
        rows_of(made, phrases=made.phrases[:-1]),
        rows_of(made, predictions=rows.predictions[1:]),
        rows_of(made, reports=rows.reports[1:]),
        rows_of(made, secret=b"another"),
    ]

    assert digest(rows) == digest(shuffled)
    assert len({digest(rows), *map(digest, others)}) == 6


def test_nothing_of_a_patient_is_published(publish_it, settings):
    """No accession number, no study key, no word of a report in the file."""
    publish_it(year(600))

    (path,) = (settings.paths.published / "monitoring").iterdir()
    text = path.read_text()
    assert [word for word in ("SECRET", "accession", "study_key", *TEXTS.values()) if word in text] == []


def test_one_more_study_changes_its_month_only(load, settings):
    """A prediction and its report in March, published again: March, the totals and its scanner's March; nothing else."""
    made = year(3000)
    load(made)
    before, _ = publish(made.release.id, person=ADMINISTRATOR, settings=settings)
    time = datetime(2024, 3, 15, tzinfo=UTC)
    with open_record(made.release.id, person=ADMINISTRATOR, settings=settings) as record:
        record.load_predictions([Prediction("SECRET-NEW", time, 0.9, "DEMOCT1", "20.4.SS")])
        record.load_final_reports([report("SECRET-NEW", time + timedelta(hours=1), truth=True)])

    after, _ = publish(made.release.id, person=ADMINISTRATOR, settings=settings)

    def changed(old, new) -> list[str]:
        return [str(one) for one, other in zip(old, new, strict=True) if one != other]

    old, new = before.numbers, after.numbers
    assert changed(old.periods, new.periods) == ["2024-03"]
    assert changed(old.volumes, new.volumes) == ["2024-03"]
    assert [one.device for one, other in zip(old.devices, new.devices, strict=True) if one != other] == ["DEMOCT1"]
    assert changed(old.devices[0].software[0].periods, new.devices[0].software[0].periods) == ["2024-03"]
    assert new.total.counts.tp == old.total.counts.tp + 1
    assert (after.source.predictions, after.source.reports) == (
        before.source.predictions + 1,
        before.source.reports + 1,
    )
    assert before.source.digest != after.source.digest


def test_few_rows_are_not_counted_out():
    """Fewer than ten predictions or reports are said to be so, without their number."""
    made = year(9)

    publication = compute(rows_of(made), published_at=NOW)

    assert (publication.source.predictions, publication.source.reports) == (None, None)
    assert publication.numbers.total is None


def test_publishing_is_for_administrators_and_logged(load, settings, entries):
    """Leadership reads and doesn't publish; the log names the rows by their digest."""
    made = year(100)
    load(made)

    with pytest.raises(SiteAccessDenied):
        publish(made.release.id, person="lea", settings=settings)
    published, _ = publish(made.release.id, person=ADMINISTRATOR, settings=settings)

    denied, done = entries()[-2:]
    reason = "expected an administrator of this site; found lea"
    assert denied == ("lea", "AccessDenied", {"action": "publish a release's numbers", "reason": reason})
    assert done == (
        ADMINISTRATOR,
        "MonitoringPublished",
        {"release": "ich-triage-1.2.0", "digest": published.source.digest},
    )


def test_what_cannot_be_logged_is_not_published(load, settings):
    """Nor seen by anybody."""
    made = year(100)
    load(made)
    publish(made.release.id, person=ADMINISTRATOR, settings=settings)
    (path,) = (settings.paths.published / "monitoring").iterdir()
    before = path.read_bytes()
    chain = settings.paths.audit / "_site.jsonl"
    chain.unlink()
    chain.mkdir()

    for use in (
        lambda: publish(made.release.id, person=ADMINISTRATOR, settings=settings),
        lambda: PublishedNumbers("lea", lambda: settings).read(made.release.id),
    ):
        with pytest.raises(CcdsError, match="expected to write the audit log"):
            use()

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda text: text[:0], "Invalid JSON"),
        (lambda text: text[: len(text) // 2], "Invalid JSON"),
        (lambda text: text.replace('"schema":', '"scheme":'), "scheme"),
        (lambda text: text.replace('"schema": 1', '"schema": 2'), "schema"),
        (lambda text: text.replace('"version": "1.2.0"', '"version": "1.3.0"'), "those of ich-triage-1.3.0"),
        (lambda text: text.replace('"studies": ', '"studies": 1.5, "was": '), "studies"),
    ],
    ids=["empty", "half", "unknown key", "newer schema", "another release", "no whole number"],
)
def test_a_damaged_file_is_told_in_one_line(settings, spoil, what):
    """Which file, what is wrong, whom to ask; its content isn't quoted at length."""
    path = write_publication(settings.paths.published, compute(rows_of(year(100)), published_at=NOW))
    path.write_text(spoil(path.read_text()))

    with pytest.raises(CcdsError, match="ask an administrator of this site to publish") as raised:
        read_publication(settings.paths.published, release().id)

    assert what in str(raised.value)
    assert len(str(raised.value)) < 400


def test_other_files_are_no_releases(settings):
    """A name that can't be a release's is left alone."""
    write_publication(settings.paths.published, compute(rows_of(year(100)), published_at=NOW))
    folder = settings.paths.published / "monitoring"
    for name in ("notes.json", "a-b c.json", "-1.json", "ich-triage-1.2.0.txt"):
        (folder / name).write_text("{}")

    assert published_releases(settings.paths.published) == (release().id,)


def test_a_publication_of_groups_too_small_is_none():
    """A file that was edited by hand to show nine studies isn't shown."""
    publication = compute(rows_of(year(100)), published_at=NOW)
    small = json.loads(publication.to_json())
    small["numbers"]["total"]["studies"] = 9

    with pytest.raises(ValueError, match="greater than or equal to 10"):
        Publication.model_validate_json(json.dumps(small))


@pytest.mark.parametrize("person", ["fay", "sam", "", "old-leader"])
def test_only_leadership_and_administrators_read(publish_it, settings, entries, person):
    """A fellow, a scientist, nobody, somebody who led once: one line, logged; each look of leadership is logged, too."""
    which = publish_it(year(100)).release.id

    for use in (lambda numbers: numbers.releases(), lambda numbers: numbers.read(which)):
        with pytest.raises(SiteAccessDenied, match="expected somebody of this site's leadership"):
            use(PublishedNumbers(person, lambda: settings))
    PublishedNumbers("lea", lambda: settings).read(which)

    assert [(who, event) for who, event, _ in entries()[-3:]] == [
        (person, "AccessDenied"),
        (person, "AccessDenied"),
        ("lea", "PublishedRead"),
    ]


def test_whoever_leaves_the_leadership_reads_no_more(publish_it, settings):
    """The settings are read anew before each answer."""
    which = publish_it(year(100)).release.id
    now = [settings]
    numbers = PublishedNumbers("lea", lambda: now[0])
    numbers.read(which)

    now[0] = settings.model_copy(update={"hub": settings.hub.model_copy(update={"leadership": ()})})

    with pytest.raises(SiteAccessDenied):
        numbers.read(which)
