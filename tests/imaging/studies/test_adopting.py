"""Volumes that lie in a project and of which it has no verdict are taken in as they are."""

import pytest
from sqlalchemy import delete

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.studies.adopting import adopt_volumes, without_verdict
from ccds_kernel.imaging.studies.tables import series_verdict
from support.image_studies import KEY, RULES

pytestmark = pytest.mark.usefixtures("study")


@pytest.fixture
def project(studies_of, open_as):
    """For eve, with a volume of the study's thin series that nobody knows of."""
    studies = studies_of("eve")
    studies.keep_rules(RULES)
    studies.make_volumes(KEY)
    opened = open_as("eve")
    with opened.store.writing() as connection:
        connection.execute(delete(series_verdict))
    return opened


@pytest.fixture
def sidecar(project):
    """The volume's."""
    [path] = (project.folder / "nifti" / KEY).glob("*.json")
    return path


def test_a_volume_without_a_verdict_gets_one(project) -> None:
    """Once: then nothing is left to take in."""
    assert without_verdict(project) == [KEY]

    adopt_volumes(project, KEY)

    assert without_verdict(project) == []


@pytest.mark.parametrize(
    ("content", "found"), [(None, "none"), ("{", "one that can't be read"), ("[]", "one that can't be read")]
)
def test_a_sidecar_that_is_missing_or_damaged_is_told_in_one_line(project, sidecar, content, found) -> None:
    """With its name and the study's key; the study stays without a verdict."""
    sidecar.unlink()
    if content is not None:
        sidecar.write_text(content)

    with pytest.raises(CcdsError) as refused:
        adopt_volumes(project, KEY)

    assert str(refused.value) == (
        f"expected the sidecar {sidecar.name} beside a volume of study {KEY}; found {found}; "
        f"move that volume away, then 'ccds imaging volumes --study {KEY}' makes it anew"
    )
    assert without_verdict(project) == [KEY]
