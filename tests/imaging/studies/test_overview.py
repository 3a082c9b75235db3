"""A project's studies as a whole: what was read is kept, which series is chosen, what other rules would change."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert

from ccds_kernel.cohort.tables import report
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.studies.overview import StudiesOverview
from ccds_kernel.imaging.studies.thumbnail import NoThumbnail
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.rules import ProjectAccessDenied
from support.dicom import SR, Stack, write_object, write_stack
from support.image_studies import KEY, RULES, name_of
from support.postgresql import each_engine
from support.site import ADMINISTRATOR, application, on_roster

pytestmark = pytest.mark.usefixtures("study")

OTHER = "bbbbbbbbbbbbbbbb"
THICK = RULES.replace("most-images", "thickest").replace("[axial]", "[coronal]")
NONE = RULES.replace("CTHEAD", "OTHER")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path) -> Iterator[dict[str, Any]]:
    """What the site's [database] says: each engine in turn."""
    yield from each_engine(request, tmp_path / "site" / "state", schema="head-1")


@pytest.fixture
def overview_of(open_as):
    """The overview, for a person."""
    return lambda person: StudiesOverview(open_as(person))


@pytest.fixture
def studies(studies_of):
    """The project's studies for eve, an engineer, with rules."""
    found = studies_of("eve")
    found.keep_rules(RULES)
    return found


@pytest.fixture
def overview(studies, overview_of):  # noqa: ARG001 - with rules
    """The overview for eve."""
    return overview_of("eve")


def test_what_was_read_is_kept_for_everybody(overview, overview_of, study) -> None:
    """Until then nobody knows what is made of a study."""
    before = overview.outlines()
    overview.read_all()

    [after] = overview_of("fay").outlines()
    assert [(one.study_key, one.choice) for one in before] == [(KEY, None)]
    assert (after.exam_codes, after.choice.chosen, len(after.read)) == (("CTHEAD",), name_of(study["thin"]), 3)


def test_what_somebody_else_reads_is_seen(overview, overview_of, folder, study) -> None:
    """By a list that was there before: studies that come, and those that are read anew."""
    overview.read_all()
    before = [len(one.read) for one in overview.outlines()]
    write_stack(folder.parent / OTHER / "one", Stack())
    write_stack(folder / "more", Stack(slices=20))
    colleague = overview_of("eve")
    colleague.read(OTHER)
    colleague.read(KEY)

    after = [(one.study_key, len(one.read), one.choice is None) for one in overview.outlines()]

    assert before == [len(study)]
    assert after == [(KEY, len(study) + 1, False), (OTHER, 1, False)]


def test_only_what_changed_is_decided_anew(overview, studies, folder, study) -> None:
    """There may be 100,000 studies, and one of them is read each second."""
    overview.read_all()
    [before] = overview.outlines()
    write_stack(folder.parent / OTHER / "one", Stack())
    overview.read(OTHER)

    [after, other] = overview.outlines()
    studies.keep_rules(THICK)
    [by_others, _] = overview.outlines()

    assert after is before
    assert other.choice is not None
    assert by_others.choice.chosen == name_of(study["coronal"])


def test_how_far_it_is_is_told_where_there_is_much_to_do(overview) -> None:
    """Not of what is known already."""
    overview.read_all()
    told: list[float] = []

    overview.outlines(told.append)
    known = list(told)
    overview.read_all()
    overview.outlines(told.append)

    assert known == told == sorted(told)


def test_a_report_that_comes_later_says_the_exam_code(overview, open_as, folder) -> None:
    """Also where nothing else changed."""
    write_stack(folder.parent / OTHER / "one", Stack())
    overview.read_all()
    before = [one.exam_codes for one in overview.outlines()]

    with open_as("eve").store.writing() as connection:
        connection.execute(insert(report).values(accession="A-2", study_key=OTHER, exam_code="CTHEAD"))

    assert before == [("CTHEAD",), ()]
    assert [one.exam_codes for one in overview.outlines()] == [("CTHEAD",)] * 2


def test_who_may_not_write_reads_for_themselves(overview, overview_of, study) -> None:
    """A fellow's look changes nothing in the project."""
    fay = overview_of("fay")

    fay.read_all()

    assert fay.outlines()[0].choice.chosen == name_of(study["thin"])
    assert overview.outlines()[0].choice is None


def test_a_study_is_read_anew_when_files_come(overview, folder) -> None:
    """Not otherwise: what is kept is what was read."""
    first = overview.read(KEY)
    again = overview.read(KEY)
    write_stack(folder / "more", Stack(slices=20))

    after = overview.read(KEY)

    assert first == again
    assert [len(first), len(after)] == [3, 4]


def test_reading_all_finds_what_came_since(overview, folder, study) -> None:
    """Studies that weren't there, and series of those that were."""
    overview.read_all()
    write_stack(folder / "more", Stack(slices=20))
    write_stack(folder.parent / OTHER / "one", Stack())

    overview.read_all()

    assert [len(one.read) for one in overview.outlines()] == [len(study) + 1, 1]


def test_what_is_no_folder_keeps_no_study_back(overview, folder) -> None:
    """It stays unread; the others are read."""
    (folder.parent / ("a" * 16)).write_text("a file in the place of a study")

    overview.read_all()

    assert [one.choice is None for one in overview.outlines()] == [True, False]


def test_a_list_follows_what_is_said_and_kept(overview, studies, study) -> None:
    """At once: rules, a person's word, and studies that come."""
    overview.read_all()
    chosen = [overview.outlines()[0].choice.chosen]
    studies.overrule(KEY, name_of(study["coronal"]), "why")
    chosen.append(overview.outlines()[0].choice.chosen)
    studies.overrule(KEY, None, "why")
    chosen.append(overview.outlines()[0].choice.chosen)

    assert chosen == [name_of(study["thin"]), name_of(study["coronal"]), None]
    assert overview.outlines()[0].choice.by == "eve"
    assert [(said.series, said.note, said.person) for said in overview.said(KEY)] == [
        (None, "why", "eve"),
        (name_of(study["coronal"]), "why", "eve"),
    ]


def test_the_archive_s_word_counts_for_many_studies_at_once(overview, folder) -> None:
    """More than one statement takes: keys without a report have no exam code."""
    for number in range(600):
        letters = "abcdefghijklmnopqrstuvwxyz"
        (folder.parent / f"{'a' * 14}{letters[number // 26]}{letters[number % 26]}").mkdir()

    outlines = overview.outlines()

    assert len(outlines) == 601
    assert [one.study_key for one in outlines if one.exam_codes] == [KEY]


def test_a_study_without_anything_readable_is_known_as_such(overview, folder) -> None:
    """It was read, and has no series."""
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "image").write_bytes(b"")

    overview.read_all()

    [one] = overview.outlines()
    assert (one.read, one.choice.chosen, one.choice.series) == ((), None, ())


@pytest.mark.parametrize(
    ("text", "counts"),
    [(RULES, (0, 0, 0)), (THICK, (1, 0, 0)), (NONE, (0, 0, 1))],
)
def test_what_other_rules_would_change_is_told_before(overview, text, counts) -> None:
    """Of the studies that were read; nothing is kept."""
    overview.read_all()

    changes = overview.would_change(text)

    assert (changes.other, changes.first, changes.none) == counts
    assert (changes.read, changes.unread) == (1, 0)
    assert changes.examples == ((KEY,) if any(counts) else ())
    assert len(overview.kept_rules()) == 1


def test_a_person_s_word_is_above_other_rules_too(overview, studies, study) -> None:
    """Nothing changes for that study."""
    studies.overrule(KEY, name_of(study["coronal"]), "why")
    overview.read_all()

    assert overview.would_change(NONE).examples == ()


def test_studies_that_were_not_read_are_counted_apart(overview, folder) -> None:
    """Nobody knows what rules make of them."""
    overview.read_all()
    (folder.parent / OTHER).mkdir()

    changes = overview.would_change(THICK)

    assert (changes.read, changes.unread) == (1, 1)


def test_rules_are_kept_in_place_of_those_that_were_seen(overview, studies) -> None:
    """Not of others that somebody kept meanwhile."""
    [seen] = overview.kept_rules()
    studies.keep_rules(THICK, seen=seen.digest)

    with pytest.raises(CcdsError, match="others, which eve kept meanwhile"):
        studies.keep_rules(NONE, seen=seen.digest)

    assert [kept.text for kept in overview.kept_rules()] == [THICK, RULES]


def test_a_series_has_a_picture_of_its_middle(overview, study) -> None:
    """A small PNG in the proportions of the body."""
    picture = overview.thumbnail(KEY, name_of(study["thin"]))

    assert picture.startswith(b"\x89PNG")


def test_what_has_no_slices_has_no_picture(overview, folder) -> None:
    """And says so."""
    write_object(folder / "report", SR)
    report = next(one.facts.name for one in overview.read(KEY) if one.facts.excluded)

    with pytest.raises(NoThumbnail, match="no slices"):
        overview.thumbnail(KEY, report)
    with pytest.raises(NoThumbnail, match="not among"):
        overview.thumbnail(KEY, "series-0")


def test_the_quarantine_comes_in_pages(studies, overview, folder) -> None:
    """By reason and scanner; counted in all."""
    keys = [f"{'a' * 15}{letter}" for letter in "abc"]
    for key in keys:
        (folder.parent / key).mkdir()
        (folder.parent / key / "image").write_bytes(b"")
        studies.make_volumes(key)

    first, total = overview.quarantined(code=None, scanner=None, begin=0, most=2)
    second, _ = overview.quarantined(code="unreadable", scanner="", begin=2, most=2)
    none, nothing = overview.quarantined(code="gantry-tilt", scanner=None, begin=0, most=2)

    assert [one.study_key for one in (*first, *second)] == keys
    assert [one.files for one in first] == [1, 1]
    assert (total, none, nothing) == (3, [], 0)


def test_nobody_looks_after_their_right_is_gone(settings, overview, study) -> None:
    """Every look asks anew."""
    ended = application(id="HEAD-1", exam_codes=["CTHEAD"], data=["images", "reports"], roster=on_roster(fay="fellow"))
    apply_application(ended, person=ADMINISTRATOR, settings=settings)

    for look in (
        overview.outlines,
        overview.read_all,
        lambda: overview.read(KEY),
        lambda: overview.study(KEY),
        lambda: overview.said(KEY),
        lambda: overview.volumes(KEY),
        lambda: overview.thumbnail(KEY, name_of(study["thin"])),
        overview.kept_rules,
        lambda: overview.would_change(RULES),
        lambda: overview.quarantined(code=None, scanner=None, begin=0, most=2),
        overview.quarantine_counts,
    ):
        with pytest.raises(ProjectAccessDenied):
            look()
