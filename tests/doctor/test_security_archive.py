"""What the doctor says of how a site speaks with its archive."""

from pathlib import Path

import pytest

from ccds_kernel.doctor.finding import Verdict
from ccds_kernel.doctor.security.archive import examine_archive
from ccds_kernel.settings import Paths, Settings
from support.certificates import self_signed

DIMSE = {"protocol": "c-get", "ae_title": "VNA", "host": "vna.hospital.org"}
WEB = {"protocol": "dicomweb"}


def site(folder: Path, **archive: object) -> Settings:
    """A site whose [archive] says that."""
    paths = {name: str(folder / name) for name in Paths.model_fields}
    return Settings.model_validate({"paths": paths, "archive": archive})


@pytest.mark.parametrize(
    ("archive", "verdict"),
    [
        ({}, Verdict.OK),
        (DIMSE, Verdict.WEAK),
        (DIMSE | {"host": "127.0.0.1"}, Verdict.OK),
        (DIMSE | {"tls": True}, Verdict.OK),
        (WEB | {"url": "http://vna.hospital.org/web"}, Verdict.WEAK),
        (WEB | {"url": "http://localhost:8042/web"}, Verdict.OK),
        (WEB | {"url": "https://vna.hospital.org/web"}, Verdict.OK),
    ],
)
def test_an_archive_that_is_asked_in_the_clear_is_weak(tmp_path, archive, verdict):
    """Not where it is on this machine."""
    (finding,) = examine_archive(site(tmp_path, **archive))

    assert finding.verdict is verdict


@pytest.mark.parametrize(
    ("days", "mode", "told"),
    [
        (90, 0o600, "vna.hospital.org is asked over TLS"),
        (10, 0o600, "our certificate for the archive expires on"),
        (90, 0o644, "found mode 644"),
    ],
)
def test_our_own_certificate_is_looked_at(tmp_path, days, mode, told):
    """Whether it can be used, and for how long."""
    pem, key = self_signed(tmp_path, "ours", days=(-1, days))
    key.chmod(mode)

    (finding,) = examine_archive(site(tmp_path, **DIMSE, tls=True, own_certificate=str(pem), own_key=str(key)))

    assert told in finding.found
    assert (finding.verdict is Verdict.OK) == (days == 90 and mode == 0o600)
