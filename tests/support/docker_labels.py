"""What the container of ann's session has on it: one side of the tests compares what is written there, the other reads it."""

from datetime import UTC, datetime

NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
"""When it was asked for."""
LABELS = {
    "org.ccds.name": "session-ann-chest-1-lab",
    "org.ccds.owner": "ann",
    "org.ccds.class": "first",
    "org.ccds.submitted": "2026-03-01T08:30:00+00:00",
    "org.ccds.seconds": "5400",
    "org.ccds.gpus": "1,3",
    "org.ccds.cpus": "2",
    "org.ccds.memory": "4096",
}
