"""What an archive found, held against the criteria and counted."""

from datetime import date

import pytest

from ccds_kernel.archive.archive import ArchiveQuery, StudyFound
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval.findings import findings
from ccds_kernel.imaging.retrieval.wording import picture

QUERY = ArchiveQuery(frozenset({"A", "B"}), date(2024, 1, 1), date(2024, 2, 29))


def study(
    number: int, code: str | None = "A", day: date | None = date(2024, 1, 1), time: str = "", **more
) -> StudyFound:
    """A study; without a code, or a day, where None is given."""
    return StudyFound(f"1.{number}", f"ACC{number}", None, (code,) if code else (), day, time, **more)


FOUND = (
    study(1, modalities=("CT",), scanner="One", instances=3),
    study(2, "B", date(2024, 2, 1), modalities=("CT", "SR"), instances=2),
    study(3, "C"),
    study(4, day=date(2023, 12, 31)),
    study(5, None, modalities=("MR",), scanner="Two", instances=1),
    study(6, day=None, instances=4),
)


def test_each_study_is_counted_once():
    """Those that meet the criteria, those that can't be decided, and how many weren't asked for."""
    found = findings(QUERY, FOUND)

    assert (len(found.meeting), found.undecided, found.others, found.instances) == (4, 2, 2, 10)
    assert found.by_month == {"2024-01": 2, "2024-02": 1, "?": 1}
    assert found.by_modality == {"?": 1, "CT": 1, "CT+SR": 1, "MR": 1}
    assert found.by_scanner == {"?": 2, "One": 1, "Two": 1}
    assert found.by_code == {"?": 1, "A": 2, "B": 1}


def test_instances_are_told_only_where_all_are_known():
    """A sum with holes would be read as one without."""
    assert findings(QUERY, [*FOUND, study(7)]).instances is None


def test_consecutive_studies_are_the_first_as_they_were_acquired():
    """By day and time, none left out in between; others than those asked for don't count."""
    studies = [study(3, time="12"), study(1, "B", time="08"), study(2, "C", time="09"), study(4, day=date(2024, 1, 2))]

    assert [one.study_uid for one in findings(QUERY, studies, 2).meeting] == ["1.1", "1.3"]
    assert len(findings(QUERY, studies, 99).meeting) == 3


@pytest.mark.parametrize("unknown", [study(9, None), study(9, day=None)])
def test_what_is_consecutive_must_be_known(unknown):
    """A study of which it isn't known whether it belongs between them makes a hole, or none."""
    with pytest.raises(CcdsError, match="so that it is known which are consecutive; found 1 of the first"):
        findings(QUERY, [study(1, time="01"), unknown], 2)


def test_what_comes_after_the_last_one_need_not_be_known():
    """It can't come between them."""
    later = study(9, None, date(2024, 2, 2))

    assert len(findings(QUERY, [study(1), later], 1).meeting) == 1


def test_the_picture_has_every_number():
    """For the terminal: bars, and what is left out in words."""
    lines = picture(findings(QUERY, FOUND))

    assert lines[0] == "4 studies, 10 instances of A, B, 2024-01-01 to 2024-02-29"
    assert lines[-2:] == [
        "        2  of them undecided (?): looked at when they are fetched",
        "        2  left out: the archive answered with them, and they weren't asked for",
    ]
    assert picture(findings(QUERY, []))[0] == "0 studies, 0 instances of A, B, 2024-01-01 to 2024-02-29"
