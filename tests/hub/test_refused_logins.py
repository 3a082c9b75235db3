"""Refused logins in the audit log."""

from pathlib import Path

from ccds_hub.refused_logins import EVENTS_PER_MINUTE, Reason, RefusedLogins
from ccds_kernel.audit.log import FileAuditSink


def test_a_storm_is_summed_up(tmp_path: Path) -> None:
    """Thirty a minute are written one by one; the next minute's first event counts what was left out."""
    log, now = FileAuditSink(tmp_path), 0.0
    refused = RefusedLogins(log, lambda: now)

    for _ in range(500):
        refused.note("ann", Reason.WRONG)
    now = 60.0
    refused.note("", Reason.TOO_OFTEN)

    entries = list(log.entries())
    assert len(entries) == EVENTS_PER_MINUTE + 1
    assert entries[-2]["detail"] == {"reason": "wrong name or password", "others": 0}
    assert entries[-1]["detail"] == {"reason": "too many tries", "others": 500 - EVENTS_PER_MINUTE}
    assert [entry["person"] for entry in entries[-2:]] == ["ann", ""]
