"""The site's TLS certificate and its key, as they lie on disk: whether a browser would take them, and until when.

Read where they are used, by the proxy and the doctor, not with the settings: a session reads those too, and can't read the key.
"""

from __future__ import annotations

import os
import ssl
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from ccds_kernel.errors import CcdsError

EXPIRES_SOON = timedelta(days=21)


@dataclass(frozen=True)
class Certificate:
    """What a certificate says: the host names that it is for, and until when (UTC)."""

    names: tuple[str, ...]
    begins: datetime
    expires: datetime

    def is_for(self, host: str) -> bool:
        """Whether a browser that went to `host` would take it; `*.` stands for one part of a name."""
        _, _, parent = host.lower().partition(".")
        return host.lower() in self.names or (bool(parent) and f"*.{parent}" in self.names)

    def expires_soon(self, now: datetime) -> bool:
        """Whether it is time to renew it."""
        return now + EXPIRES_SOON > self.expires


def read_certificate(
    certificate: Path,
    key: Path,
    *,
    now: datetime | None = None,
    settings: tuple[str, str] = ("hub.certificate", "hub.key"),
) -> Certificate:
    """Reads a certificate (PEM, its chain behind it) and makes sure that it can be used with `key` at `now`.

    Args:
        certificate: its file.
        key: the key's file.
        now: a moment at which it is to be valid.
        settings: the names of the settings that say where the two are.

    Raises:
        CcdsError: a file is missing or isn't what it should be, the key is another one's, has a password or can be read by
            others, or the certificate isn't valid now.
    """
    now = now or datetime.now(UTC)
    _require_closed(key, settings[1])
    do = f"mend {settings[0]} and {settings[1]} in ccds.toml, or the files"
    try:
        # Loads both as a server would: that the key is the certificate's is OpenSSL's to say.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_no_password)
        first, *_ = x509.load_pem_x509_certificates(certificate.read_bytes())
    except FileNotFoundError:
        missing = next(path for path in (certificate, key, certificate) if not path.exists())
        raise _wrong(certificate, f"no file {missing}", do) from None
    except ssl.SSLError as error:
        mismatch = error.reason == "KEY_VALUES_MISMATCH"
        found = f"another key in {key}" if mismatch else f"no PEM, there or in {key}"
        raise _wrong(certificate, found, do) from None
    except OSError as error:
        raise _wrong(certificate, (error.strerror or "an error").lower(), do) from None
    except ValueError:
        raise _wrong(certificate, f"no certificate, or a key with a password in {key}", do) from None
    read = Certificate(_names(first), first.not_valid_before_utc, first.not_valid_after_utc)
    if not read.begins <= now <= read.expires:
        raise _wrong(certificate, f"one that is valid from {read.begins:%Y-%m-%d} to {read.expires:%Y-%m-%d}", do)
    return read


def _require_closed(key: Path, setting: str) -> None:
    try:
        mode = key.stat().st_mode
    except OSError as error:
        raise CcdsError(
            expected=f"the private key {key}",
            found=(error.strerror or "an error").lower(),
            do=f"mend {setting} in ccds.toml, or run this as the service account",
        ) from None
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise CcdsError(
            expected=f"a private key {key} that only its owner writes and reads",
            found=f"mode {mode & 0o777:03o}",
            do=f"chmod 600 {key}, and think of renewing it",
        )
    if not os.access(key, os.R_OK):
        raise CcdsError(
            expected=f"to read the private key {key}",
            found="it is closed to this user",
            do="run this as the service account of the site",
        )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    hosts = alternative.get_values_for_type(x509.DNSName)
    addresses = alternative.get_values_for_type(x509.IPAddress)
    return tuple(str(name).lower() for name in (*hosts, *addresses))


def _no_password() -> str:
    """Asked for the key's password: there is nobody at a service's start who could type it."""
    raise ValueError


def _wrong(certificate: Path, found: str, do: str) -> CcdsError:
    return CcdsError(expected=f"a TLS certificate {certificate} with its key", found=found, do=do)
