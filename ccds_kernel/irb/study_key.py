"""Study keys: the only id of a study that appears in paths, URLs and logs.

A study key is a keyed pseudonym of an accession number: HMAC-SHA256 under a secret that never leaves the project's
database, cut to 80 bits and written in base 32. Two projects give one accession different keys, so that nobody can join
projects by them; without the secret a key can't be guessed from an accession number, of which there are few.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from sqlalchemy import Connection, insert, select

from ccds_kernel.store.store import Store
from ccds_kernel.store.tables import setting

_NAME = "study_key_secret"
_BYTES = 10


def study_key(secret: bytes, accession: str) -> str:
    """The study key of `accession`: 16 characters of a–z and 2–7."""
    digest = hmac.digest(secret, accession.encode(), hashlib.sha256)
    return base64.b32encode(digest[:_BYTES]).decode().lower()


def study_key_secret(store: Store) -> bytes:
    """The project's secret; made when it is first asked for, then always the same."""
    with store.reading() as connection:
        known = _known(connection)
    if known is None:
        with store.writing() as connection:
            known = keep_study_key_secret(connection)
    return bytes.fromhex(known)


def keep_study_key_secret(connection: Connection) -> str:
    """The secret, in hexadecimal, as the rows have it after this writing transaction: made where there was none."""
    known = _known(connection)
    if known is None:
        known = secrets.token_hex(32)
        connection.execute(insert(setting).values(name=_NAME, value=known))
    return known


def _known(connection: Connection) -> str | None:
    return connection.scalar(select(setting.c.value).where(setting.c.name == _NAME))
