"""From stored rows to the published file, and back."""

import json
import os
import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

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
from support.waiting import until

NOW = datetime(2025, 2, 2, 3, 4, 5, tzinfo=UTC)


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
    path = publish(made.release.id, person=ADMINISTRATOR, settings=settings).path
    before = json.loads(path.read_bytes())

    publish(made.release.id, person=ADMINISTRATOR, settings=settings)

    after = json.loads(path.read_bytes())
    assert before | {"published_at": None} == after | {"published_at": None}


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


def test_one_more_study_changes_nothing_that_is_published(load, settings):
    """A prediction and its report in March, loaded in the next year: only the digest tells that the record has more rows."""
    made = year(3000)
    load(made)
    before = publish(made.release.id, person=ADMINISTRATOR, settings=settings)
    time = datetime(2024, 3, 15, tzinfo=UTC)
    with open_record(made.release.id, person=ADMINISTRATOR, settings=settings) as record:
        record.load_predictions([Prediction("SECRET-NEW", time, 0.9, "DEMOCT1", "20.4.SS")])
        record.load_final_reports([report("SECRET-NEW", time + timedelta(hours=1), truth=True)])

    after = publish(made.release.id, person=ADMINISTRATOR, settings=settings)

    assert after.publication.numbers == before.publication.numbers
    assert after.publication.digest != before.publication.digest
    assert after.left.late == before.left.late + 1


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        (datetime(2024, 7, 31, 23, 59, tzinfo=UTC), "2024-06"),
        (datetime(2024, 8, 7, 23, 59, tzinfo=UTC), "2024-06"),
        (datetime(2024, 8, 8, tzinfo=UTC), "2024-07"),
        (datetime(2025, 1, 8, tzinfo=UTC), "2024-12"),
    ],
)
def test_a_month_is_published_a_week_after_its_end(now, newest):
    """Not while it runs, and not before its last rows are loaded."""
    publication, _ = compute(rows_of(year(3000)), published_at=now)

    assert publication.numbers.periods[-1].last == newest


def test_published_night_by_night_a_year_is_what_it_is_at_once():
    """Each night holds what the one before held of each month, and months are added to it."""
    rows = rows_of(year(2000))
    nights = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(0, 380, 5)]

    publication = None
    for night in nights:
        before = publication.numbers.periods if publication else ()
        publication, left = compute(rows, published_at=night, before=publication)
        assert publication.numbers.periods[: len(before)] == before

    assert publication.numbers == compute(rows, published_at=NOW)[0].numbers
    assert left.late == 0


def test_another_release_of_the_same_name_is_not_mixed_with_what_is_published():
    """Where a record was made anew with another threshold, numbers of two meanings would stand in one chart."""
    before, _ = compute(rows_of(year(100)), published_at=NOW)

    with pytest.raises(CcdsError, match="found numbers of another meaning; remove the published file, and publish"):
        compute(rows_of(year(100), release=release(threshold=0.4)), published_at=NOW, before=before)


def test_who_publishes_waits_for_who_does(load, settings):
    """The second reads what is published after the first has written: an older publication never takes a newer one's place."""
    made = year(100)
    load(made)
    done = []
    other = Thread(
        target=lambda: done.append(publish(made.release.id, person=ADMINISTRATOR, settings=settings)), daemon=True
    )

    with open_record(made.release.id, person=ADMINISTRATOR, settings=settings) as record, record.alone():
        (lock,) = settings.paths.clinical.rglob("publish.lock")
        other.start()
        until(lambda: waits_for(lock), "the second to wait")
        early = list(done)
    other.join(timeout=20)

    assert early == []
    assert len(done) == 1


def waits_for(lock) -> bool:
    """Whether somebody waits for a file lock, as Linux tells it."""
    held = f":{lock.stat().st_ino} "
    return any("->" in line and held in line for line in Path("/proc/locks").read_text().splitlines())


def test_what_is_published_is_for_the_folder_s_group(load, settings):
    """Folders and file are closed to others, whatever the umask; the group that the site gave its folder is handed on."""
    made = year(100)
    load(made)
    settings.paths.published.mkdir()
    settings.paths.published.chmod(0o2750)

    for umask in (0o000, 0o077):
        before = os.umask(umask)
        try:
            path = publish(made.release.id, person=ADMINISTRATOR, settings=settings).path
        finally:
            os.umask(before)
        modes = [stat.S_IMODE(place.stat().st_mode) for place in (settings.paths.published, path.parent, path)]
        assert modes == [0o2750, 0o2750, 0o640]
        shutil.rmtree(path.parent)


def test_publishing_is_for_administrators_and_logged(load, settings, entries):
    """Leadership reads and doesn't publish; the log names the rows by their digest."""
    made = year(100)
    load(made)

    with pytest.raises(SiteAccessDenied):
        publish(made.release.id, person="lea", settings=settings)
    published = publish(made.release.id, person=ADMINISTRATOR, settings=settings).publication

    denied, done = entries()[-2:]
    reason = "expected an administrator of this site; found lea"
    assert denied == ("lea", "AccessDenied", {"action": "publish a release's numbers", "reason": reason})
    assert done == (
        ADMINISTRATOR,
        "MonitoringPublished",
        {"release": "ich-triage-1.2.0", "digest": published.digest},
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
    path = write_publication(settings.paths.published, compute(rows_of(year(100)), published_at=NOW)[0])
    path.write_text(spoil(path.read_text()))

    with pytest.raises(CcdsError, match="let an administrator of this site remove the file") as raised:
        read_publication(settings.paths.published, release().id)

    assert what in str(raised.value)
    assert len(str(raised.value)) < 400


def test_other_files_are_no_releases(settings):
    """A name that can't be a release's is left alone."""
    write_publication(settings.paths.published, compute(rows_of(year(100)), published_at=NOW)[0])
    folder = settings.paths.published / "monitoring"
    for name in ("notes.json", "a-b c.json", "-1.json", "ich-triage-1.2.0.txt"):
        (folder / name).write_text("{}")

    assert published_releases(settings.paths.published) == (release().id,)


def test_a_publication_of_groups_too_small_is_none():
    """A file that was edited by hand to show nine studies isn't shown."""
    publication, _ = compute(rows_of(year(100)), published_at=NOW)
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
