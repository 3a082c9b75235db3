"""DIMSE over TLS: whom we take for the archive, and who we are to it.

The archive proves by its certificate that it is the host that was named. Where it sends to us (C-MOVE) it calls, and has to
show a certificate as well: an AE title proves nothing.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.settings.certificate import read_certificate

OLDEST = ssl.TLSVersion.TLSv1_2


@dataclass(frozen=True)
class Tls:
    """What connections are secured with.

    Attributes:
        calling: for those that we open.
        called: for those that the archive opens; None where we have no certificate.
    """

    calling: ssl.SSLContext
    called: ssl.SSLContext | None


def tls_of(vouches: Path | None, own: tuple[Path, Path] | None) -> Tls:
    """Reads the files.

    Args:
        vouches: the certificates of whoever vouches for the archive (PEM); None: whom this machine trusts.
        own: our certificate and its key (PEM); None where the archive asks for none.

    Raises:
        CcdsError: one of them can't be used.
    """
    if own is not None:
        read_certificate(*own, settings=("archive.own_certificate", "archive.own_key"))
    try:
        calling = ssl.create_default_context(cafile=vouches)
        called = None
        if own is not None:
            calling.load_cert_chain(*own)
            called = _LateHandshake(ssl.PROTOCOL_TLS_SERVER)
            called.load_cert_chain(*own)
            called.verify_mode = ssl.CERT_REQUIRED
            if vouches is None:
                called.load_default_certs(ssl.Purpose.CLIENT_AUTH)
            else:
                called.load_verify_locations(vouches)
            called.minimum_version = OLDEST
    except OSError as error:
        # OpenSSL's own errors have a number of its own there, and no words of the operating system's.
        found = "no PEM" if isinstance(error, ssl.SSLError) else error.strerror or "an error"
        raise CcdsError(
            expected=f"certificates in {vouches}", found=found, do="mend archive.certificate in ccds.toml, or the file"
        ) from None
    calling.minimum_version = OLDEST
    return Tls(calling, called)


class _LateHandshake(ssl.SSLContext):
    """Leaves the handshake to whoever reads first, a thread of that connection alone.

    The service's one thread that takes connections would do it otherwise, and wait for one that says nothing.
    """

    def wrap_socket(self, sock: socket.socket, *_: object, **__: object) -> ssl.SSLSocket:
        """A server's side of `sock`."""
        return super().wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
