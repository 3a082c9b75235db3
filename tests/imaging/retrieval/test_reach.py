"""Whether the archive is asked and studies are fetched from here."""

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval.reach import Where, reach_of
from ccds_kernel.settings import Paths, Settings


@pytest.fixture
def make(tmp_path):
    """A site whose [archive] says what is given; its state folder is there."""

    def made(**archive: object) -> Settings:
        paths = {name: str(tmp_path / name) for name in Paths.model_fields}
        (tmp_path / "state").mkdir(exist_ok=True)
        return Settings.model_validate({"paths": paths, "archive": archive})

    return made


WEB = {"protocol": "dicomweb", "url": "http://127.0.0.1:1/dicom-web"}


def test_nothing_is_asked_to_know_it(make):
    """An archive that isn't there is found out when it is asked; staging is made then, too."""
    for archive in (WEB, {"protocol": "c-get", "host": "127.0.0.1", "ae_title": "VNA"}):
        reach = reach_of(make(**archive))

        assert reach.where is Where.HERE
        reach.require_here()


def test_a_site_without_an_archive_has_none_to_ask(make):
    """Criteria can be kept all the same."""
    reach = reach_of(make())

    assert reach.where is Where.NOWHERE
    with pytest.raises(CcdsError, match="none in this site's settings"):
        reach.require_here()


def test_who_may_not_read_the_password_leaves_it_to_the_site(make):
    """It is the service account's."""
    reach = reach_of(make(**WEB, user="ccds"))

    assert (reach.where, "let the site ask: keep the criteria" in str(reach.why)) == (Where.SITE, True)


def test_who_can_not_write_the_staging_folder_leaves_it_to_the_site(make, tmp_path):
    """What stands in its way may be anything."""
    (tmp_path / "file").write_text("")

    reach = reach_of(make(**WEB, staging=str(tmp_path / "file" / "staging")))

    assert (reach.where, "let the site ask and fetch" in str(reach.why)) == (Where.SITE, True)
