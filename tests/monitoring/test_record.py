"""The record of a release: idempotent, overwrites nothing, for administrators, logged."""

import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.site import SiteAccessDenied
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.monitoring.prediction import FinalReport, Prediction
from ccds_kernel.monitoring.record import Loaded, open_record
from ccds_kernel.store.migrate import configuration
from ccds_kernel.store.store import open_store
from support.monitoring import PHRASES, release, report, year
from support.site import ADMINISTRATOR

TIME = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
ONE = Prediction("SECRET1", TIME, 0.25, "CT1", "1.0")


@pytest.fixture
def registered(record):
    """The record with its release and phrases."""
    record.register(release(), PHRASES)
    return record


def test_what_is_loaded_is_what_is_read(registered):
    """Release, phrases in their order, predictions and reports in theirs, to the microsecond and the last digit."""
    made = year(700)
    registered.load_predictions(made.predictions)
    registered.load_final_reports(made.reports)

    rows = registered.read()

    assert (rows.release, rows.phrases) == (made.release, made.phrases)
    assert (list(rows.predictions), list(rows.reports)) == (made.predictions, made.reports)


def test_loading_again_adds_nothing(registered, entries):
    """A cron job may bring the same rows each night; each load is logged with its counts."""
    first = registered.load_predictions([ONE, ONE])
    again = registered.load_predictions([ONE, replace(ONE, accession="SECRET2")])

    assert (first, again) == (Loaded(added=1, known=1), Loaded(added=1, known=1))
    loaded = {"release": "ich-triage-1.2.0", "kind": "predictions", "added": 1, "known": 1, "refused": 0}
    assert entries()[-2:] == [(ADMINISTRATOR, "ClinicalRowsLoaded", loaded)] * 2


@pytest.mark.parametrize(
    "changed",
    [{"score": 0.26}, {"time": TIME + timedelta(seconds=1)}, {"device": "CT2"}, {"software_version": "1.1"}],
)
def test_another_prediction_of_a_study_overwrites_nothing(registered, changed):
    """It is counted as conflicting; the first one stays."""
    registered.load_predictions([ONE])

    loaded = registered.load_predictions([replace(ONE, **changed)])

    assert loaded == Loaded(conflicting=1)
    assert registered.read().predictions == (ONE,)


def test_another_report_of_a_study_overwrites_nothing(registered, entries):
    """Other words or another time conflict; one without words is empty; the same is known."""
    first = report("SECRET1", TIME, truth=True)
    empty = FinalReport(
        replace(first.report, accession="SECRET2", sections=(replace(first.report.sections[0], text=" "),)), TIME
    )
    registered.load_final_reports([first])

    loaded = registered.load_final_reports(
        [first, report("SECRET1", TIME, truth=False), report("SECRET1", TIME + timedelta(hours=1), truth=True), empty]
    )

    assert loaded == Loaded(known=1, conflicting=2, empty=1)
    assert registered.read().reports == (first,)
    assert entries()[-1][2] == {
        "release": "ich-triage-1.2.0",
        "kind": "final reports",
        "added": 0,
        "known": 1,
        "refused": 3,
    }


def test_a_load_that_fails_leaves_nothing(registered):
    """The rows before the one that couldn't be read aren't there either."""

    def rows():
        yield ONE
        raise CcdsError(expected="a row", found="half of one", do="mend it")

    with pytest.raises(CcdsError, match="half of one"):
        registered.load_predictions(rows())

    assert registered.read().predictions == ()


def test_what_cannot_be_logged_is_not_loaded(registered, settings):
    """Where the audit log can't be written the rows aren't there."""
    chain = settings.paths.audit / "_site.jsonl"
    lines = chain.read_bytes()
    chain.unlink()
    chain.mkdir()

    with pytest.raises(CcdsError, match="nothing is done that can't be logged"):
        registered.load_predictions([ONE])

    chain.rmdir()
    chain.write_bytes(lines)
    assert registered.read().predictions == ()


def test_a_release_is_registered_once(record, entries):
    """The same again changes nothing."""
    answers = [record.register(release(), PHRASES), record.register(release(), PHRASES)]

    assert answers == [True, False]
    assert entries() == [(ADMINISTRATOR, "ReleaseRegistered", {"release": "ich-triage-1.2.0", "phrases": 3})]


@pytest.mark.parametrize(
    ("changed", "phrases", "what"),
    [
        ({"threshold": 0.6}, PHRASES, "another threshold"),
        ({"positive": "absent", "title": "T"}, PHRASES, "another title, another positive"),
        ({}, PHRASES[::-1], "another phrase list"),
        ({}, [*PHRASES, Phrase("bleed", "present")], "another phrase list"),
    ],
)
def test_a_release_never_changes(registered, changed, phrases, what):
    """Numbers of different meaning would stand in one chart: another meaning is another version."""
    with pytest.raises(CcdsError, match=f"found {what}; leave these out, or load it as another version"):
        registered.register(release(**changed), phrases)

    assert (registered.release(), registered.phrases()) == (release(), PHRASES)


def test_a_positive_label_that_no_phrase_has_is_refused(record):
    """Every study would be negative, and sensitivity never told."""
    with pytest.raises(CcdsError, match="expected a phrase of the positive label 'bleeding'; found 3 of other labels"):
        record.register(release(positive="bleeding"), PHRASES)

    assert record.release() is None


def test_another_release_s_facts_are_refused(record):
    """One database holds one release."""
    with pytest.raises(CcdsError, match=r"expected release ich-triage-1\.2\.0; found ich-triage-1\.3\.0"):
        record.register(release(version="1.3.0"), PHRASES)


def test_rows_need_their_release(record):
    """Before it is registered nothing can be loaded or read."""
    for use in (lambda: record.load_predictions([ONE]), lambda: record.load_final_reports([]), record.read):
        with pytest.raises(CcdsError, match=r"found none of that name; register it with 'ccds monitoring load"):
            use()


def test_a_record_is_not_made_by_looking(settings):
    """Opening one that isn't there says so and leaves no folder."""
    with (
        pytest.raises(CcdsError, match="found none of that name"),
        open_record(release().id, person=ADMINISTRATOR, settings=settings),
    ):
        pass

    assert not settings.paths.clinical.exists()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_record_is_closed_to_others(settings, umask):
    """Predictions and reports are for the service account and the clinical group only, at every level."""
    before = os.umask(umask)
    try:
        with (
            open_record(release().id, person=ADMINISTRATOR, settings=settings, make=True) as record,
            record.alone(),
        ):
            modes = {
                path.name: stat.S_IMODE(path.stat().st_mode)
                for path in (settings.paths.clinical, *settings.paths.clinical.rglob("*"))
            }
    finally:
        os.umask(before)

    assert {modes[name] for name in ("clinical", "ich-triage", "1.2.0")} == {0o750}
    assert set(modes) > {"clinical.db", "publish.lock"}
    assert {mode & 0o007 for mode in modes.values()} == {0}


def test_folders_that_a_site_made_keep_their_permissions(settings):
    """Its group goes on to what is made in them."""
    settings.paths.clinical.mkdir()
    settings.paths.clinical.chmod(0o2770)

    with open_record(release().id, person=ADMINISTRATOR, settings=settings, make=True):
        pass

    folders = (settings.paths.clinical, settings.paths.clinical / "ich-triage")
    assert [stat.S_IMODE(path.stat().st_mode) for path in folders] == [0o2770, 0o2750]


@pytest.mark.parametrize("person", ["lea", "fay", "sam", ""])
def test_only_administrators_come_in(person, settings, registered, entries):
    """Leadership, a fellow, a scientist, nobody: told whom to ask, and logged."""
    assert registered.release() == release()

    with (
        pytest.raises(SiteAccessDenied, match=r"ask one of \[hub\] administrators"),
        open_record(release().id, person=person, settings=settings),
    ):
        pass

    reason = f"expected an administrator of this site; found {person}"
    assert entries()[-1] == (person, "AccessDenied", {"action": "open a release's record", "reason": reason})


def test_a_database_of_the_schema_before_keeps_its_reports(tmp_path):
    """A project's database gets the new tables, empty; reports without a time stay reports."""
    path = tmp_path / "project.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.execute(text("INSERT INTO report (accession, study_key) VALUES ('A1', 'key')"))
    engine.dispose()

    store = open_store(path)

    with store.reading() as connection:
        assert connection.scalar(text("SELECT accession FROM report")) == "A1"
        assert connection.scalar(text("SELECT count(*) FROM report_time")) == 0
        assert connection.scalar(text("SELECT count(*) FROM prediction")) == 0
    store.close()
