"""Predictions, releases and their names: what is invalid can't be made, and isn't quoted."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from ccds_kernel.errors import CcdsError
from ccds_kernel.monitoring.prediction import FinalReport, Prediction, parse_time
from ccds_kernel.monitoring.release import release_id
from support.monitoring import release, report

TIME = datetime(2024, 1, 2, tzinfo=UTC)
RIGHT = {"accession": "SECRET1", "time": TIME, "score": 0.5, "device": "CT1", "software_version": "1.0"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"accession": ""}, "an accession number"),
        ({"accession": "SECRET" * 11}, "an accession number"),
        ({"accession": " SECRET1"}, "an accession number"),
        ({"accession": "SECRET\x001"}, "an accession number"),
        ({"score": -0.01}, "a score from 0 to 1"),
        ({"score": 1.01}, "a score from 0 to 1"),
        ({"score": float("nan")}, "a score from 0 to 1"),
        ({"device": "SECRET" * 11}, "a device of"),
        ({"device": "SECRET\n"}, "a device of"),
        ({"software_version": "SECRET\x1b[2J"}, "a software version of"),
        ({"time": TIME.replace(tzinfo=None)}, "a time in UTC"),
        ({"time": TIME.astimezone(timezone(timedelta(hours=1)))}, "a time in UTC"),
        ({"time": TIME.replace(year=1970)}, "a time from 1990 to 2099"),
        ({"time": TIME.replace(year=2204)}, "a time from 1990 to 2099"),
    ],
)
def test_an_invalid_prediction_is_refused(changed, expected):
    """One line that says what was expected, without the value."""
    with pytest.raises(CcdsError, match=f"expected {expected}") as raised:
        Prediction(**RIGHT | changed)

    assert "SECRET" not in str(raised.value)


def test_a_report_has_a_time_in_utc():
    """As a prediction has."""
    with pytest.raises(CcdsError, match="expected a time in UTC"):
        FinalReport(report("SECRET1", TIME, truth=True).report, TIME.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2024-01-02T03:04:05", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2024-01-02 03:04", datetime(2024, 1, 2, 3, 4, tzinfo=UTC)),
        ("2024-01-02T03:04:05Z", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2024-01-01T23:04:05-05:00", datetime(2024, 1, 2, 4, 4, 5, tzinfo=UTC)),
        ("2024-01-02", TIME),
    ],
)
def test_a_time_becomes_utc(cell, expected):
    """With its offset, or as UTC where it has none."""
    assert parse_time(cell) == expected


@pytest.mark.parametrize("cell", ["", "SECRET", "02.01.2024", "0001-01-01T00:00:00+05:00", "2024-13-01"])
def test_what_is_no_time_is_refused_unquoted(cell):
    """Also one that lies before all time in UTC."""
    with pytest.raises(CcdsError, match="expected a time as 2026-01-31T13:45:00") as raised:
        parse_time(cell)

    assert "SECRET" not in str(raised.value)


@pytest.mark.parametrize(
    ("model", "version"), [("ich-triage", "1.2.0"), ("a", "1"), ("a-b-c", "2.0_rc1"), ("a" * 48, "b" * 32)]
)
def test_names_of_releases(model, version):
    """Model and version are told apart again from the name: a version has no hyphen."""
    name = str(release_id(model, version))

    assert name.rpartition("-")[::2] == (model, version)


@pytest.mark.parametrize(
    ("model", "version"),
    [
        ("", "1"), ("ICH", "1"), ("-a", "1"), ("a-", "1"), ("a--b", "1"), ("../a", "1"), ("a/b", "1"), ("a" * 49, "1"),
        ("a\n", "1"), ("a", ""), ("a", "1-2"), ("a", ".."), ("a", "1/2"), ("a", "b" * 33), ("a", "1\n"),
    ],
)  # fmt: skip
def test_what_would_be_a_path_is_no_name(model, version):
    """Names become folders and files."""
    with pytest.raises(CcdsError, match=r"expected a (model's name|version) of"):
        release_id(model, version)


@pytest.mark.parametrize(
    "changed",
    [
        {"threshold": 1.1},
        {"threshold": float("nan")},
        {"title": ""},
        {"title": " "},
        {"summary": "two\nlines"},
        {"positive": ""},
    ],
)
def test_an_invalid_release_is_refused(changed):
    """What people read is one line; a threshold is a score."""
    with pytest.raises(ValidationError):
        release(**changed)
