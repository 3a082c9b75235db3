"""What the processes of one run know each other by: a key and its certificate, made for the run and good for nothing else.

Who has the key is of the run, who hasn't is not: the certificate is its own authority, and every side must show it. Names
and addresses say nothing here: a worker starts on whatever host the scheduler chose. So the files are all that there is to
protect: their owner alone may read them. Rejected: a site's authority (a second thing to run, for processes that live for
hours), and dask's temporary keys (they live in one process's memory; ours have to reach jobs on other hosts).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from distributed.security import Security

from ccds_kernel.files import write_whole

NO_PAGES: dict[str, list[str]] = {f"distributed.{side}.http.routes": [] for side in ("scheduler", "worker")}
"""Dask's configuration without what it tells everybody by HTTP, unencrypted: its pages, its metrics, its health."""

_DAYS = 366
"""No job may run for longer; see `LONGEST_WALL_MINUTES`."""
_CLOCKS = timedelta(hours=1)
"""By how much the clocks of hosts may differ."""


def make_credentials(folder: Path) -> None:
    """Writes a new key and certificate into `folder`, readable by their owner only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a run of ccds")])
    public, now = key.public_key(), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS)
        .not_valid_after(now + timedelta(days=_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_whole(folder / "key.pem", secret.decode(), 0o600)
    write_whole(folder / "certificate.pem", certificate.public_bytes(serialization.Encoding.PEM).decode(), 0o600)


def credentials_in(folder: Path) -> Security:
    """What a scheduler, worker or client of dask needs to speak with the others of the run, and with nobody else."""
    key, certificate = str(folder / "key.pem"), str(folder / "certificate.pem")
    return Security(
        require_encryption=True,
        tls_ca_file=certificate,
        **{
            f"tls_{side}_{part}": path
            for side in ("client", "scheduler", "worker")
            for part, path in (("key", key), ("cert", certificate))
        },
    )
