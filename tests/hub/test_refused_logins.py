"""Refused logins in the audit log."""

from pathlib import Path

from ccds_hub.refused_logins import EVENTS_PER_MINUTE, Reason, RefusedLogins
from ccds_kernel.audit.log import FileAuditSink


def test_a_storm_is_summed_up(tmp_path: Path) -> None:
    """Thirty a minute are written one by one, and what is refused for another reason; the next event counts what was left out."""
    log, now = FileAuditSink(tmp_path), 0.0
    refused = RefusedLogins(log, lambda: now)

    for _ in range(500):
        refused.note("ann", Reason.WRONG)
    refused.note("bob", Reason.NOT_LISTED)
    now = 60.0
    refused.note("", Reason.WRONG)

    *stormy, other, last = log.entries()
    assert len(stormy) == EVENTS_PER_MINUTE
    assert stormy[-1]["detail"] == {"reason": "wrong name or password", "others": 0}
    assert (other["person"], other["detail"]) == ("bob", {"reason": "on no roster", "others": 500 - EVENTS_PER_MINUTE})
    assert (last["person"], last["detail"]) == ("", {"reason": "wrong name or password", "others": 0})
