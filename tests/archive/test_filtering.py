"""Several exam codes, asked for one by one where the archive filters by them, and once where it doesn't."""

from collections.abc import Iterator
from datetime import date

import pytest

from ccds_kernel.archive.archive import ArchiveQuery, StudyFound
from ccds_kernel.archive.filtering import Filtering
from support.archive import Study
from support.lying_archive import LyingArchive

QUERY = ArchiveQuery(frozenset({"CTHEAD", "CTNECK", "MRHEAD"}), date(2024, 1, 1), date(2024, 2, 29))
HEADS = ArchiveQuery(frozenset({"CTHEAD"}), date(2024, 1, 1), date(2024, 2, 29))


class Answering:
    """An archive of one study of each code in each month.

    Attributes:
        asked: codes and months that were asked for.
    """

    def __init__(self, *codes: str, filters: bool = True, says: bool = True, folds: bool = False) -> None:
        self._codes = codes
        self._filters = filters
        self._says = says
        self._folds = folds
        self.asked: list[tuple[str, int]] = []

    def __call__(self, code: str, first: date, last: date) -> Iterator[StudyFound]:
        """The studies of a code, as `filters` says; each code spelt in small letters where it `folds` them."""
        self.asked.append((code, first.month))
        for number, one in enumerate(self._codes):
            if not self._filters or code in {"", one}:
                told = (one.lower() if self._folds else one,) if self._says else ()
                yield StudyFound(f"1.{first.month}.{number}", "", None, told, last)


def found(archive: Answering, query: ArchiveQuery = QUERY) -> list[str]:
    """The studies, in the order in which they come."""
    return [one.study_uid for one in Filtering().find(query, archive)]


def test_one_that_filters_is_asked_for_each_code():
    """Nothing else comes."""
    archive = Answering("CTHEAD", "CTCHEST", "MRHEAD")

    assert found(archive) == ["1.1.0", "1.1.2", "1.2.0", "1.2.2"]
    assert archive.asked == [(code, month) for month in (1, 2) for code in ("CTHEAD", "CTNECK", "MRHEAD")]


def test_one_that_ignores_the_code_is_asked_once_a_month():
    """After the answer that shows it: everything comes, each once."""
    archive = Answering("CTHEAD", "CTCHEST", "MRHEAD", filters=False)

    assert sorted(found(archive)) == [f"1.{month}.{number}" for month in (1, 2) for number in range(3)]
    assert archive.asked == [("CTHEAD", 1), ("", 1), ("", 2)]


def test_one_that_spells_codes_otherwise_loses_no_study():
    """Its answer has another code, and not everything: so it isn't taken for all of the month."""
    archive = Answering("CTHEAD", "MRHEAD", folds=True)

    assert sorted(found(archive)) == ["1.1.0", "1.1.1", "1.2.0", "1.2.1"]


@pytest.mark.parametrize(("query", "asked"), [(QUERY, 6), (HEADS, 2)])
def test_what_cannot_be_told_or_spares_nothing(query, asked):
    """No answer says a code; or only one is asked for."""
    archive = Answering("CTHEAD", "CTCHEST", filters=False, says=query is HEADS)

    assert len(set(found(archive, query))) == 4
    assert len(archive.asked) == asked


@pytest.mark.parametrize("scanners", [True, False])
def test_the_questions_over_dicomweb(tmp_path, scanners):
    """Twelve studies, two codes and two months of an archive that ignores filters: each listed thrice at most."""
    files = [path for number in range(1, 13) for path in Study(number, slices=1).write(tmp_path / str(number))]
    liar = LyingArchive(says=files)
    query = ArchiveQuery(frozenset({"CTHEAD", "AAA"}), date(2024, 1, 1), date(2024, 2, 29))

    with liar.by_dicomweb() as archive:
        studies = list(archive.find(query, scanners=scanners))

    assert len(studies) == 12
    assert len([path for path in liar.asked if path != "/web/studies"]) == (24 if scanners else 0)
    assert {one.scanner for one in studies} == ({"Synthetic One CT7"} if scanners else {None})
