"""What time it is where leases are kept."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from ccds_kernel.labeling.confirmation.clock import site_clock


def test_it_is_the_time_of_the_moment_in_utc(either):
    """On a server of another time zone too; and not that at which the transaction began, which may have waited for others."""
    with either.project.store.reading() as connection:
        now = site_clock(connection)
        later = site_clock(connection)
        is_server = connection.dialect.name == "postgresql"
        begun = connection.scalar(select(func.transaction_timestamp())) if is_server else now

    assert now.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - now) < timedelta(minutes=1)
    assert later >= now >= begun
    assert later > begun
