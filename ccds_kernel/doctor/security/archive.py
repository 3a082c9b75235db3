"""What is said between the site and its archive: whether others can read it, and whether who answers is the archive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from ccds_kernel.doctor.finding import Finding, Verdict
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import ArchiveSettings, Settings
from ccds_kernel.settings.certificate import read_certificate

_NAME = "archive"


def examine_archive(settings: Settings) -> Iterator[Finding]:
    """One finding."""
    archive = settings.archive
    if archive.own_certificate and archive.own_key:
        named = ("archive.own_certificate", "archive.own_key")
        try:
            own = read_certificate(archive.own_certificate, archive.own_key, settings=named)
        except CcdsError as error:
            verdict = Verdict.UNSEEN if "closed to this user" in error.found else Verdict.WRONG
            yield Finding(_NAME, verdict, f"expected {error.expected}; found {error.found}", error.do)
            return
        if own.expires_soon(datetime.now(UTC)):
            until = f"our certificate for the archive expires on {own.expires:%Y-%m-%d}"
            yield Finding(_NAME, Verdict.WRONG, until, "renew it, and let the archive know")
            return
    yield judge_archive(archive)


def judge_archive(archive: ArchiveSettings) -> Finding:
    """The finding by how the archive is spoken to."""
    if archive.protocol == "none":
        return Finding(_NAME, Verdict.OK, "none is set up")
    is_web = archive.protocol == "dicomweb"
    host = urlsplit(archive.url).hostname if is_web else archive.host
    if archive.tls or archive.url.startswith("https://"):
        return Finding(_NAME, Verdict.OK, f"{host} is asked over TLS, and proves by its certificate who it is")
    if host in {"localhost", "::1"} or (host or "").startswith("127."):
        return Finding(_NAME, Verdict.OK, "on this machine, and reached from here only")
    return Finding(
        _NAME,
        Verdict.WEAK,
        f"{host} is asked in the clear: whoever is on the way reads the studies, or answers in its place",
        "name an https address in archive.url"
        if is_web
        else "set archive.tls, or keep that network to the two of them",
    )
