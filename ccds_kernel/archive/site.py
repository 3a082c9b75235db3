"""The archive that a site's settings name."""

from __future__ import annotations

from pathlib import Path

from ccds_kernel.archive.archive import Archive
from ccds_kernel.archive.associations import Peer
from ccds_kernel.archive.dicomweb import DicomwebArchive
from ccds_kernel.archive.dimse import DimseArchive
from ccds_kernel.archive.exam_code import ExamCodeAttribute
from ccds_kernel.archive.storage_service import StorageService
from ccds_kernel.archive.tls import tls_of
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import kept_password
from ccds_kernel.settings import ArchiveSettings, Settings


def archive_of(settings: Settings) -> Archive:
    """The adapter to the site's archive; nothing is asked of it yet.

    Raises:
        CcdsError: the settings name none, its password or a certificate can't be read, or the exam code's attribute isn't one.
    """
    site = settings.archive
    attribute = exam_code_of(site)
    if site.protocol == "none":
        raise CcdsError(
            expected="an archive to ask",
            found="archive.protocol none in ccds.toml",
            do="set it up as docs/archive.md says",
        )
    if site.protocol == "dicomweb":
        login = (site.user, _password(settings)) if site.user else None
        return DicomwebArchive(
            site.url, attribute, login=login, certificate=site.certificate, timeout_s=site.timeout_seconds
        )
    own = (site.own_certificate, site.own_key) if site.own_certificate and site.own_key else None
    tls = tls_of(site.certificate, own) if site.tls else None
    peer = Peer(site.host, site.port, site.ae_title, site.own_ae_title, site.timeout_seconds, tls)
    service = StorageService(peer, site.move_address, site.move_port) if site.protocol == "c-move" else None
    return DimseArchive(peer, attribute, service)


def exam_code_of(site: ArchiveSettings) -> ExamCodeAttribute:
    """Where a study's exam code is at this site.

    Raises:
        CcdsError: the settings name no such attribute.
    """
    try:
        return ExamCodeAttribute.parse(site.exam_code)
    except ValueError as error:
        raise CcdsError(
            expected="archive.exam_code in ccds.toml to name an attribute", found=site.exam_code, do=f"it {error}"
        ) from None


def staging_of(settings: Settings) -> Path:
    """The folder in which studies of all projects are staged."""
    return settings.archive.staging or settings.paths.state / "staging"


def _password(settings: Settings) -> str:
    path = settings.paths.state / settings.archive.password_file
    return kept_password(path, "the archive user's password", "write it there, or run this as the service account")
