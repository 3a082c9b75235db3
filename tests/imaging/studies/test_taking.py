"""Which volumes of a project may be worked on: a conversion that broke off leaves files that nobody has judged."""

import pytest

from ccds_kernel.imaging.studies import rows
from ccds_kernel.imaging.studies.converting import make_study
from ccds_kernel.imaging.studies.rows import Verdict
from ccds_kernel.imaging.studies.taking import takes_of
from ccds_kernel.imaging.verdict import Reason, Status
from support.image_studies import KEY, RULES, name_of

OTHER = "b" * 16


@pytest.fixture
def volume(study) -> tuple[str, str]:
    """The volume that rules choose, by study key and series."""
    return KEY, name_of(study["thin"])


def test_a_volume_is_taken_once_its_verdict_is_kept(studies_of, open_as, folder, volume) -> None:
    """Its file appears before: who died between the two left it there. A later verdict that refuses it takes it back."""
    project, studies = open_as("eve"), studies_of("eve")
    studies.keep_rules(RULES)
    brief = studies.brief(KEY)
    made = make_study(folder, project.folder / "nifti", KEY, brief)
    there = (project.folder / "nifti" / KEY / f"{volume[1]}.nii.gz").exists()
    before = takes_of(project)(*volume)
    studies.keep_made(KEY, brief, made)
    after = takes_of(project)(*volume)

    with project.store.writing() as connection:
        refused = Verdict(made.read[0].facts, Status.QUARANTINED, Reason("missing-slices", "a slice is missing"), 3)
        rows.replace_verdicts(connection, KEY, [refused], "eve")

    assert (there, before, after, takes_of(project)(*volume)) == (True, False, True, False)


def test_what_conversions_don_t_look_after_is_taken_as_it_is(studies_of, open_as, volume) -> None:
    """Before rules are kept, for nobody chose; what somebody put there without a study's files, also afterwards."""
    project, studies = open_as("eve"), studies_of("eve")
    before = takes_of(project)(*volume)

    studies.keep_rules(RULES)

    takes = takes_of(project)
    assert (before, takes(*volume), takes(OTHER, "mine")) == (True, False, True)


def test_what_bears_no_name_of_a_conversion_is_taken_as_it_is(studies_of, open_as, volume) -> None:
    """Somebody made it from an accepted one, say: conversions neither judge it nor take it away."""
    project, studies = open_as("eve"), studies_of("eve")
    studies.keep_rules(RULES)
    studies.make_volumes(KEY)

    takes = takes_of(project)

    assert (takes(*volume), takes(KEY, "t1_registered"), takes(KEY, "series-another")) == (True, True, False)


def test_without_rules_a_person_s_choice_makes_it_the_conversions_affair(studies_of, open_as, volume) -> None:
    """Of that study alone."""
    project = open_as("eve")

    studies_of("eve").overrule(*volume, "it is the thin one")

    takes = takes_of(project)
    assert (takes(*volume), takes(OTHER, "mine")) == (False, True)
