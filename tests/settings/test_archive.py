"""`[archive]`: each protocol has what it needs, and staging lies apart from what members read."""

import re
import tomllib

import pytest
from pydantic import ValidationError

from ccds_kernel.archive.dicomweb import DicomwebArchive
from ccds_kernel.archive.dimse import DimseArchive
from ccds_kernel.archive.site import archive_of, staging_of
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Paths, Settings
from support.certificates import self_signed
from support.checkout import ROOT

DIMSE = {"protocol": "c-get", "host": "vna", "ae_title": "VNA"}
OWN = {"own_certificate": "/c", "own_key": "/k"}
EXAMPLES = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/archive.md").read_text(encoding="utf-8"), re.DOTALL)


def site(folder, **archive) -> Settings:
    """A site whose [archive] says that."""
    paths = {name: str(folder / name) for name in Paths.model_fields}
    return Settings.model_validate({"paths": paths, "archive": archive})


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_of_the_document_is_an_archive(tmp_path, example):
    """Put into a site's settings as it stands, but for where certificates lie; the password lies where it says."""
    archive = tomllib.loads(example)["archive"]
    pem, key = map(str, self_signed(tmp_path, "ours"))
    files = {"certificate": pem, "own_certificate": pem, "own_key": key}
    settings = site(tmp_path, **archive | {name: path for name, path in files.items() if name in archive})
    settings.paths.state.mkdir()
    password = settings.paths.state / "archive_password"
    password.write_text("a word\n", encoding="utf-8")
    password.chmod(0o600)

    assert isinstance(archive_of(settings), DicomwebArchive | DimseArchive)


def test_there_are_examples_of_all_protocols():
    """Or the test above would pass without any."""
    archives = [tomllib.loads(one)["archive"] for one in EXAMPLES]

    assert {one["protocol"] for one in archives} == {"dicomweb", "c-get", "c-move"}
    assert any(one.get("tls") for one in archives)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"protocol": "dicomweb"}, "protocol is dicomweb, and url says nothing"),
        ({"protocol": "c-get", "host": "vna"}, "protocol is c-get, and ae_title says nothing"),
        ({"protocol": "c-move", "host": "vna", "ae_title": "VNA"}, "protocol is c-move, and move_address says nothing"),
        (DIMSE | {"tls": True, "own_key": "/k"}, "own_certificate and own_key need each other"),
        (DIMSE | OWN, "own_certificate is for tls, which is off"),
        (DIMSE | {"protocol": "c-move", "move_address": "10.0.0.1", "tls": True}, "and own_certificate says nothing"),
        ({"protocol": "dicomweb", "url": "https://vna", "tls": True}, "for dicomweb url says https"),
        ({"ae_title": "SEVENTEEN-LETTERS"}, "ae_title"),
        ({"ae_title": "back\\slash"}, "ae_title"),
        ({"own_ae_title": ""}, "own_ae_title"),
        ({"url": "ftp://vna"}, "url"),
        ({"url": "https://me:word@vna"}, "url"),
        ({"url": "http://vna/web", "user": "ccds"}, "the password would cross the network in the clear"),
        ({"exam_code": "procedure code"}, "exam_code"),
        ({"password_file": "../password"}, "password_file"),
        ({"threads": 17}, "threads"),
        ({"timetable": [{"days": [], "begin": "07:00:00", "end": "08:00:00", "threads": 1}]}, "days"),
        ({"timetable": [{"days": ["mon"], "begin": "07:00:00", "end": "06:00:00", "threads": 1}]}, "over midnight"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, said, told):
    """The key, or what is missing for the protocol."""
    with pytest.raises(ValidationError, match=re.escape(told)):
        site(tmp_path, **said)


@pytest.mark.parametrize("place", ["projects", "projects/HEAD-1", "registry/staging", "state", ""])
def test_staging_lies_apart(tmp_path, place):
    """Not where members read, nor around it; in a folder of its own of the state folder, or elsewhere."""
    with pytest.raises(ValidationError, match=r"archive\.staging and paths\."):
        site(tmp_path, staging=str(tmp_path / place))

    assert staging_of(site(tmp_path)) == tmp_path / "state" / "staging"
    assert staging_of(site(tmp_path, staging=str(tmp_path / "state" / "s"))) == tmp_path / "state" / "s"


def test_an_archive_that_is_not_set_up_is_told(tmp_path):
    """With where to read how; likewise an attribute that is none."""
    with pytest.raises(CcdsError, match=r"set it up as docs/archive\.md says"):
        archive_of(site(tmp_path))
    with pytest.raises(CcdsError, match=r"archive\.exam_code in ccds\.toml to name an attribute; found Nonsense"):
        archive_of(site(tmp_path, exam_code="Nonsense"))


@pytest.mark.parametrize(
    ("mode", "told"),
    [(0o644, "closed to others; found mode 0644"), (0o600, "found an empty file"), (None, "No such file")],
)
def test_a_password_that_others_read_or_nobody(tmp_path, mode, told):
    """It is the service account's alone."""
    settings = site(tmp_path, protocol="dicomweb", url="https://vna", user="ccds")
    settings.paths.state.mkdir()
    if mode is not None:
        (settings.paths.state / "archive_password").touch(mode)

    with pytest.raises(CcdsError, match=told):
        archive_of(settings)
