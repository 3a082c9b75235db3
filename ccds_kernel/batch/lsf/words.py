"""LSF's pending reasons in plain words.

LSF gives one or several, `reason: 3 hosts; reason; …`. What isn't in the list below is "unknown": its own words stand beside it.
The order matters: the first that is found says most about why a job waits.
"""

from __future__ import annotations

import re

from ccds_kernel.batch.states import UNKNOWN_REASON

_PLAIN = {
    r"no suitable hosts for the job": "no host of this cluster has what the job asks for, as things are set up now",
    r"Job slot limit reached": "what the job asks for is in use",
    r"per-user job slot limit|reached his/her job slot limit": "one more of the same person may not run now",
    r"[Rr]esource limit|slot limit|limit has been reached": "a limit that the site has set is reached",
    r"inactivated by the administrator|Queue has been closed": "an administrator has stopped the queue",
    r"time windows?|[Ww]indows closed|window is closed": "the queue or the hosts are closed at this time of day",
    r"suspended by the user while pending": "held by its owner",
    r"suspended by LSF admin": "held by an administrator",
    r"dependency condition": "waiting for another job",
    r"specified start time": "not to start before a given time",
    r"[Rr]equeued|Preempted job": "made room for other work, and waits to start again",
    r"switching queue|parameters have been changed|resumed by user": "changed a moment ago, and is looked at anew",
    r"New job is waiting": "submitted a moment ago, not looked at yet",
    r"(reservation|requirements) not satisfied|Not enough|not have enough": "what the job asks for is in use",
    r"exclusive": "a host that runs nothing else is needed",
    r"Load threshold|Just started a job": "the hosts are too busy at the moment",
    r"Closed by LSF administrator|Host is locked": "an administrator has closed hosts",
    r"[Uu]nreach|\bLIM\b|unavailable|not responding": "hosts don't answer at the moment",
    r"not ready for scheduling": "LSF is just being set up anew",
}


def plain(said: str) -> str:
    """What `said` means, in plain words; `UNKNOWN_REASON` where that isn't known here."""
    return next((words for pattern, words in _PLAIN.items() if re.search(pattern, said)), UNKNOWN_REASON)
