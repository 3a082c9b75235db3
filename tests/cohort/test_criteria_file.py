"""Criteria as files of a project: versioned, hashed, never overwritten."""

import json
from datetime import date
from pathlib import Path

import pytest

from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.criteria_file import (
    VersionedCriteria,
    all_criteria,
    named_criteria,
    path_of,
    read_criteria,
    save_criteria,
)
from ccds_kernel.errors import CcdsError

HEADS = Criteria(frozenset({"CT2", "CT1"}), date(2024, 1, 1), date(2024, 3, 31))
MORE = Criteria(frozenset({"CT1"}), date(2024, 1, 1), date(2024, 12, 31))


def save(folder: Path, criteria: Criteria = HEADS, consecutive: int | None = None) -> VersionedCriteria:
    """Keeps criteria as `heads` in HEAD-1."""
    return save_criteria(folder, "HEAD-1", "heads", criteria, consecutive, person="eve")


def test_criteria_are_read_as_they_were_kept(tmp_path):
    """By their path, their name, and their name and version."""
    kept = save(tmp_path, consecutive=50)

    assert (kept.version, kept.previous, kept.consecutive, kept.criteria) == (1, None, 50, HEADS)
    assert (kept.kept_by, kept.kept_at is not None) == ("eve", True)
    assert read_criteria(path_of(tmp_path, "heads", 1), "HEAD-1") == kept
    assert named_criteria(tmp_path, "HEAD-1", "heads") == named_criteria(tmp_path, "HEAD-1", "heads-v1") == kept


def test_other_criteria_are_the_next_version(tmp_path):
    """It names the digest of the one before, which stays as it was; the same ones again are no new version."""
    first = save(tmp_path)
    before = path_of(tmp_path, "heads", 1).read_bytes()

    again, second, third = save(tmp_path), save(tmp_path, MORE), save(tmp_path, MORE, consecutive=10)

    assert again == first
    assert [one.version for one in (second, third)] == [2, 3]
    assert (second.previous, third.previous) == (first.digest, second.digest)
    assert path_of(tmp_path, "heads", 1).read_bytes() == before
    assert named_criteria(tmp_path, "HEAD-1", "heads") == third
    assert sorted(path.name for path in (tmp_path / "criteria").iterdir()) == [
        "heads-v1.json",
        "heads-v2.json",
        "heads-v3.json",
    ]


def test_names_that_begin_alike_are_apart(tmp_path):
    """`heads` and `heads-2024` have versions of their own."""
    save(tmp_path)

    other = save_criteria(tmp_path, "HEAD-1", "heads-2024", MORE, None, person="eve")

    assert other.version == 1
    assert named_criteria(tmp_path, "HEAD-1", "heads").criteria == HEADS


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda told: told | {"exam_codes": ["CT1", "CT2", "CT3"]}, "found one that was changed since"),
        (lambda told: told | {"version": 7}, "found one that was changed since"),
        (lambda told: told | {"consecutive": 3}, "found one that was changed since"),
        (lambda told: told | {"kept_by": "sam"}, "found one that was changed since"),
        (lambda told: told | {"kept_at": "2020-01-01T00:00:00+00:00"}, "found one that was changed since"),
        (lambda told: told | {"extra": 1}, "found extra: Extra inputs are not permitted"),
        (lambda told: told | {"format": "other"}, "found format: Input should be 'ccds-criteria-1'"),
        (lambda told: told | {"study_dates": ["2024-01-01"]}, "found study_dates: List should have at least 2 items"),
        (lambda told: told | {"study_dates": ["May", "June"]}, "found study_dates or kept_at that are no days"),
        (lambda told: {key: value for key, value in told.items() if key != "digest"}, "found digest: Field required"),
    ],
)
def test_a_file_that_was_changed_is_found_out(tmp_path, change, told):
    """Whatever in it: it would ask for other studies than it says."""
    save(tmp_path)
    path = path_of(tmp_path, "heads", 1)
    path.write_text(json.dumps(change(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")

    with pytest.raises(CcdsError) as raised:
        read_criteria(path, "HEAD-1")

    assert told in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe"])
def test_a_file_that_is_none_is_refused(tmp_path, content):
    """One line, whatever is in it."""
    path = tmp_path / "odd.json"
    path.write_bytes(content)

    with pytest.raises(CcdsError, match="name one that 'ccds imaging find --save' wrote"):
        read_criteria(path, "HEAD-1")


def test_all_criteria_are_listed_and_what_can_not_be_read_is_told(tmp_path):
    """One broken file hides no other."""
    assert all_criteria(tmp_path, "HEAD-1") == ((), ())
    first, second = save(tmp_path), save(tmp_path, MORE)
    path_of(tmp_path, "broken", 1).write_text("{}")
    (tmp_path / "criteria" / "notes.txt").write_text("no criteria")

    found, wrong = all_criteria(tmp_path, "HEAD-1")

    assert found == (second, first)
    assert [str(one).partition(";")[0] for one in wrong] == ["expected a criteria file in 'broken-v1.json'"]


def test_another_project_s_criteria_are_refused(tmp_path):
    """Its application covers others."""
    save(tmp_path)

    with pytest.raises(CcdsError, match="found another project's; name one of CHEST-1"):
        read_criteria(path_of(tmp_path, "heads", 1), "CHEST-1")


@pytest.mark.parametrize("named", ["none", "none-v2", "heads-v9", "../heads", "heads-v", "../x-v1"])
def test_criteria_that_are_not_there(tmp_path, named):
    """Nothing but names leads anywhere."""
    save(tmp_path)

    with pytest.raises(CcdsError, match=r"none called|small letters and digits"):
        named_criteria(tmp_path, "HEAD-1", named)


def test_none_is_no_number_of_studies():
    """Consecutive studies are some."""
    with pytest.raises(CcdsError, match="at least one consecutive study; found 0"):
        VersionedCriteria("HEAD-1", "heads", 1, HEADS, 0)
