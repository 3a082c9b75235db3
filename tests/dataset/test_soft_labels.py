"""A study's soft label is that of the first phrase that matches its report."""

import pytest

from ccds_kernel.dataset.soft_labels import soft_labels
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.phrase import Phrase


def test_the_first_phrase_that_matches_gives_the_label(hospital):
    """Its place in the file counts, not its place in the text; a report that none matches has no label."""
    texts = ("Hemorrhage. No hemorrhage elsewhere.", "Hemorrhage.", "Motion.", "Normal.")
    keys = [hospital.add(text, None) for text in texts]

    labels = soft_labels(hospital.project, phrases=hospital.phrases)

    assert labels == dict(zip(keys, ("absent", "present", "unclear", None), strict=True))


def test_without_a_file_the_project_s_own_list_counts(hospital, open_as):
    """What the fellows made in the labelling app; an empty list labels nothing."""
    key = hospital.add("Hemorrhage.", None)
    before = soft_labels(hospital.project)
    fellow = type(hospital.repository)(open_as("fay", Action.OPEN_LABELING))
    fellow.insert_phrase(Phrase("hemorrhage", "bleeding"), 0)

    after = soft_labels(hospital.project)

    assert (before, after) == ({key: None}, {key: "bleeding"})


def test_a_file_that_is_no_phrase_file_is_told_in_one_line(hospital, tmp_path):
    """As everywhere."""
    (tmp_path / "wrong.csv").write_text("a,b\n1,2\n")

    with pytest.raises(CcdsError, match="the columns phrase, label"):
        soft_labels(hospital.project, phrases=tmp_path / "wrong.csv")


def test_who_was_taken_off_the_roster_reads_nothing(hospital, tmp_path):
    """Though the project is open."""
    (tmp_path / "site" / "registry" / "HEAD-1" / "irb.yaml").write_text(
        hospital.project.application.to_yaml().replace("eli", "ann")
    )

    with pytest.raises(ProjectAccessDenied, match="eli on the roster"):
        soft_labels(hospital.project, phrases=hospital.phrases)
