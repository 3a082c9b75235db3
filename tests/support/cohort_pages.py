"""What tests of the cohort app on an archive share: what it is asked for, and what they do on its page again and again."""

from datetime import date
from typing import Any

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.imaging.retrieval import rows
from ccds_kernel.imaging.retrieval.request import Outcome, State
from support.cohort_site import PROJECT
from support.waiting import until

ALL = {"codes": ["CTHEAD", "MRHEAD"], "first": "2024-01-01", "last": "2024-03-31", "consecutive": None}
HEADS = Criteria(frozenset(ALL["codes"]), date(2024, 1, 1), date(2024, 3, 31))
NO_FILE = Outcome(State.FAILED, "no file came (0 of 3)", announced=3)


def counted(page) -> dict[str, Any]:
    """What came of counting."""
    told = page("ask", "count", criteria=ALL)
    if not told["counting"]:
        return told
    return until(lambda: not (told := page("ask", "look"))["counting"] and told, "the archive to be asked")


def confirming(page) -> dict[str, Any]:
    """The archive's answer about heads-v1, to be confirmed."""
    page("fetch", "ask", named="heads-v1")
    return until(lambda: page("fetch", "look", which="waiting")["confirm"], "the archive to be asked")


def tried(project, outcome: Outcome) -> str:
    """One try of the next study; its key."""
    with project.store.writing() as connection:
        request = rows.claim(connection)
        assert request is not None
        rows.settle(connection, request.id, outcome)
    return request.study_key


def events(site, kind: str) -> list[dict[str, Any]]:
    """What the project's chain says of such events."""
    return [one for one in FileAuditSink(site.settings.paths.audit).entries(PROJECT) if one["event"] == kind]
