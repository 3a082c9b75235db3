"""The password file of a site that has no directory: the demo's and a laptop's way to let people in.

A hospital uses `pam` instead, behind which its directory stands. Passwords are kept as salted scrypt hashes (RFC 7914) in
the site's state folder, readable by its owner only.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole
from ccds_kernel.settings import Settings

_N, _R, _P, _BYTES = 2**14, 8, 1, 32
_NOBODY_S = f"{'00' * 16}:{'00' * _BYTES}"
"""A hash that no password has: an unknown person is checked against it."""


def password_file(settings: Settings) -> Path:
    """Where the password file of a site lies."""
    return settings.paths.state / "passwords.json"


def write_passwords(path: Path, passwords: Mapping[str, str]) -> None:
    """Writes the hashes of `passwords` (person → password) to `path`, whole."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, json.dumps({person: hashed(word) for person, word in passwords.items()}, indent=1), 0o600)


def is_password(path: Path, person: str, password: str) -> bool:
    """Whether `password` is `person`'s. False for an unknown person, after the same work as for a wrong password.

    Raises:
        CcdsError: the file can't be read, or is damaged.
    """
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return matches(password, kept.get(person) or _NOBODY_S)
    except OSError as error:
        raise CcdsError(
            expected=f"the site's password file {path}", found=error.strerror or "an error", do="write it anew"
        ) from None
    except (ValueError, AttributeError):
        raise CcdsError(
            expected=f"hashes of passwords in {path}", found="something else", do="write the file anew"
        ) from None


def hashed(password: str) -> str:
    """`password` as it is kept: a random salt and the hash, both in hexadecimal."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}:{_scrypt(password, salt).hex()}"


def matches(password: str, kept: str) -> bool:
    """Whether `password` is the one that `kept` was made from; takes the same time either way."""
    salt, _, digest = kept.partition(":")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)).hex(), digest)


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_N, r=_R, p=_P, dklen=_BYTES)
