"""What a session left in its spool when it ended: written down by the hub, if it is what the daemon would have taken."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ccds_kernel.audit.events.access import DownloadRefused, ProjectOpened
from ccds_kernel.audit.events.session import SessionEnded
from ccds_kernel.audit.line import Origin
from ccds_kernel.audit.site import audit_log
from ccds_kernel.audit.spool import Spool
from ccds_kernel.audit.wire import message
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import Settings
from ccds_spawners.left_events import MOST_BYTES, deliver_left
from support.site import ADMINISTRATOR, application, site_settings


@pytest.fixture
def settings(tmp_path) -> Settings:
    """A site with project CHEST-1, in which ann is a fellow."""
    settings = site_settings(tmp_path)
    apply_application(application(), person=ADMINISTRATOR, settings=settings)
    return settings


def wait_in(folder, *events, **changed) -> Path:
    """Lets events of a session wait in the folder of its server, as while the daemon is away, `changed` at will."""
    spool = Spool(folder / "audit-spool")
    with spool.locked():
        for event in events:
            spool.append(message(event, happened=datetime.now(UTC)) | changed)
    return folder / "audit-spool"


def refusal_of(person="ann", **changed) -> DownloadRefused:
    """A denial that a session's server wrote."""
    return DownloadRefused(**({"person": person, "project": "CHEST-1", "route": "files", "times": 3} | changed))


def test_what_still_waits_when_a_session_has_ended_is_written_down(settings, tmp_path):
    """By the hub, once, with the session's name and when it happened; what the daemon has written already isn't doubled."""
    known, new = refusal_of(times=1), refusal_of(times=2)
    spool = wait_in(tmp_path, known, new)
    id_of_known = json.loads((spool / "waiting.jsonl").read_text().splitlines()[0])["id"]
    audit_log(settings).append(known, Origin(id_of_known, "chest-1-lab"))

    written = deliver_left(SessionName.parse("chest-1-lab"), "ann", tmp_path, settings)
    again = deliver_left(SessionName.parse("chest-1-lab"), "ann", tmp_path, settings)

    entries = [entry for entry in audit_log(settings).entries("CHEST-1") if entry["event"] == "DownloadRefused"]
    assert (written, again) == (1, 0)
    assert [entry["detail"]["times"] for entry in entries] == [1, 2]
    assert (entries[1]["person"], entries[1]["session"]) == ("ann", "chest-1-lab")
    assert entries[1]["claimed"] <= entries[1]["time"]
    assert not (spool / "waiting.jsonl").exists()


@pytest.mark.parametrize(
    ("event", "changed"),
    [
        (refusal_of("bob"), {}),
        (refusal_of(project="OTHER-1"), {}),
        (ProjectOpened(person="ann", project="CHEST-1", action="read reports", role="engineer"), {}),
        (refusal_of(), {"claimed": "2001-01-01T00:00:00+00:00"}),
        (SessionEnded(person="ann", project="CHEST-1", session="chest-1-lab", reason="by itself"), {}),
    ],
)
def test_what_somebody_laid_into_the_spool_is_not_believed(settings, tmp_path, event, changed):
    """Another person's, another project's, another role, another time: set aside, and the try stands in the log."""
    spool = wait_in(tmp_path, event, **changed)

    written = deliver_left(SessionName.parse("chest-1-lab"), "ann", tmp_path, settings)

    last = list(audit_log(settings).entries("CHEST-1"))[-1]
    assert (written, last["event"], last["person"]) == (0, "AccessDenied", "ann")
    assert len((spool / "refused.jsonl").read_text().splitlines()) == 1
    assert not (spool / "waiting.jsonl").exists()


def test_what_is_no_event_is_set_aside_and_hinders_none(settings, tmp_path):
    """Half a line, and what is no JSON."""
    spool = wait_in(tmp_path, refusal_of())
    with (spool / "waiting.jsonl").open("a") as file:
        file.write("nonsense\n{}\n")
    wait_in(tmp_path, refusal_of(times=9))

    assert deliver_left(SessionName.parse("chest-1-lab"), "ann", tmp_path, settings) == 2
    assert len((spool / "refused.jsonl").read_text().splitlines()) == 2


def test_more_than_any_session_s_events_are_left_for_somebody_to_look_at(settings, tmp_path):
    """The hub reads no gigabytes; nothing is lost."""
    spool = wait_in(tmp_path, refusal_of())
    with (spool / "waiting.jsonl").open("r+b") as file:
        file.truncate(MOST_BYTES + 1)

    with pytest.raises(CcdsError, match=f"expected at most {MOST_BYTES} bytes of waiting events"):
        deliver_left(SessionName.parse("chest-1-lab"), "ann", tmp_path, settings)

    assert (spool / "waiting.jsonl").stat().st_size == MOST_BYTES + 1
