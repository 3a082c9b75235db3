"""Which certificates a site starts with."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.settings.certificate import read_certificate
from support.certificates import self_signed


def test_a_right_one_says_for_whom_and_until_when(tmp_path: Path) -> None:
    """Its names, one of them for a whole level, and its last moment."""
    found = read_certificate(*self_signed(tmp_path))

    assert [found.is_for(host) for host in ("localhost", "fay.LOCALHOST", "127.0.0.1")] == [True] * 3
    assert [found.is_for(host) for host in ("a.fay.localhost", "evil.org", "")] == [False] * 3
    assert not found.expires_soon(datetime.now(UTC))
    assert found.expires_soon(datetime.now(UTC) + timedelta(days=80))


@pytest.mark.parametrize("days", [(-30, -1), (1, 30)])
def test_one_that_is_not_valid_now_is_refused(tmp_path: Path, days: tuple[int, int]) -> None:
    """Neither after its time nor before it; the line says from when to when it is."""
    with pytest.raises(CcdsError, match=r"found one that is valid from \d{4}-\d\d-\d\d to "):
        read_certificate(*self_signed(tmp_path, days=days))


def test_a_key_of_another_one_is_refused(tmp_path: Path) -> None:
    """A browser would be shown nothing at all."""
    certificate, _ = self_signed(tmp_path, "one")
    _, key = self_signed(tmp_path, "other")

    with pytest.raises(CcdsError, match="found another key in"):
        read_certificate(certificate, key)


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620, 0o606])
def test_a_key_that_others_reach_is_refused(tmp_path: Path, mode: int) -> None:
    """Whoever reads it can be the hub."""
    certificate, key = self_signed(tmp_path)
    key.chmod(mode)

    with pytest.raises(CcdsError, match=f"found mode {mode:o}"):
        read_certificate(certificate, key)


def test_a_key_that_its_group_reads_is_taken(tmp_path: Path) -> None:
    """As with Debian's group ssl-cert."""
    certificate, key = self_signed(tmp_path)
    key.chmod(0o640)

    assert read_certificate(certificate, key).names


def test_what_is_not_there_or_no_certificate_is_named(tmp_path: Path) -> None:
    """One line for each; a key with a password asks nobody for it."""
    certificate, key = self_signed(tmp_path)
    _, closed = self_signed(tmp_path, "closed", password="word")
    junk = tmp_path / "junk.pem"
    junk.write_text("-----BEGIN NONSENSE-----\n")
    junk.chmod(0o600)

    for pair, line in (
        ((tmp_path / "none.pem", key), "found no file .*none.pem"),
        ((certificate, tmp_path / "none.key"), "found no such file"),
        ((junk, key), "found no PEM"),
        ((certificate, junk), "found no PEM"),
        ((certificate, closed), "a key with a password in"),
    ):
        with pytest.raises(CcdsError, match=line):
            read_certificate(*pair)
