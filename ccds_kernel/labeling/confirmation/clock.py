"""What time it is where leases are kept: several hosts must agree about when one is over.

On a server that is the server's own time, asked within the transaction (`clock_timestamp`: `now()` would be the time at which
it began to wait for the write lock). A SQLite file is written from one host only, whose time it is. Where that is set back,
leases that were given before are cut to the usual term (`lease_rows.bound`); where it is set forward, they are over, and an
answer under one still counts as long as nobody else has taken the study.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection, DateTime, func, select

Clock = Callable[[Connection], datetime]
"""The time (UTC, aware) within a transaction."""


def site_clock(connection: Connection) -> datetime:
    """The time of the database."""
    if connection.dialect.name == "postgresql":
        return (
            connection.execute(select(func.clock_timestamp(type_=DateTime(timezone=True)))).scalar_one().astimezone(UTC)
        )
    return datetime.now(UTC)
