"""Writing the audit log: many at once, crashes half way, and folders that can't be written."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccds_kernel.audit.events.labeling import PhraseChanged
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.errors import CcdsError
from support.processes import READY, at_once
from support.unix import need_root

WRITER = f"""
from pathlib import Path
from ccds_kernel.audit.events.labeling import PhraseChanged
from ccds_kernel.audit.log import FileAuditSink
sink = FileAuditSink(Path(sys.argv[1]))
{READY}for number in range(int(sys.argv[3])):
    sink.write(PhraseChanged(person=sys.argv[2], project="CHEST-1", change="edited", phrase_id=number))
"""

LITTLE_ROOM = """
import resource, sys
from pathlib import Path
from ccds_kernel.audit.events.labeling import PhraseChanged
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.errors import CcdsError
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    FileAuditSink(Path(sys.argv[1])).write(PhraseChanged(person="ann", project="CHEST-1", change="edited", phrase_id=2))
except CcdsError as error:
    print(error)
"""
"""A writer for whom the disk is full at that many bytes of one file."""


def event(number: int = 0, person: str = "ann") -> PhraseChanged:
    """An event that is told from others by its phrase."""
    return PhraseChanged(person=person, project="CHEST-1", change="edited", phrase_id=number)


@pytest.fixture
def sink(tmp_path) -> FileAuditSink:
    """A log in a folder that isn't there yet."""
    return FileAuditSink(tmp_path / "audit")


def test_processes_that_write_at_once_keep_one_chain(sink):
    """Nothing is lost, nothing doubled, each writer's entries are in its order, and the chain holds."""
    people, each = ("ann", "bob", "cy", "dee"), 25

    ends = at_once(WRITER, *((str(sink.folder), person, str(each)) for person in people))

    assert ends == [0] * len(people)
    assert sink.verify("CHEST-1")[0] == len(people) * each
    entries = list(sink.entries("CHEST-1"))
    for person in people:
        assert [entry["detail"]["phrase_id"] for entry in entries if entry["person"] == person] == list(range(each))


def test_threads_that_write_at_once_keep_one_chain_which_can_be_read_meanwhile(sink):
    """A reader sees whole entries of an unbroken chain at every moment."""
    with ThreadPoolExecutor(8) as pool:
        writes = [pool.submit(sink.write, event(number)) for number in range(60)]
        counts = [sink.verify("CHEST-1")[0]]
        while not all(write.done() for write in writes):
            counts.append(sink.verify("CHEST-1")[0])

    assert [write.exception() for write in writes] == [None] * 60
    assert counts == sorted(counts)
    assert sink.verify("CHEST-1")[0] == 60


@settings(deadline=None)  # each example syncs its lines to a disk that others use too
@given(st.data())
def test_a_torn_last_line_is_set_aside_and_the_chain_goes_on(tmp_path_factory, data):
    """However much of the last line a crash left: it is no entry, it isn't lost, and the next entry follows."""
    sink = FileAuditSink(tmp_path_factory.mktemp("torn"))
    whole = data.draw(st.integers(0, 2), "whole entries")
    for number in range(whole + 1):
        sink.write(event(number))
    path = sink.folder / "CHEST-1.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    torn = lines[-1][: data.draw(st.integers(1, len(lines[-1]) - 1), "bytes left")]
    path.write_bytes(b"".join(lines[:-1]) + torn)

    before = sink.verify("CHEST-1")[0], len(list(sink.entries("CHEST-1")))
    sink.write(event(99))

    assert before == (whole, whole)
    assert (sink.folder / "CHEST-1.torn").read_bytes() == torn + b"\n"
    assert sink.verify("CHEST-1")[0] == whole + 1
    assert [entry["detail"]["phrase_id"] for entry in sink.entries("CHEST-1")] == [*range(whole), 99]


def test_a_long_entry_is_followed_too(sink):
    """The end of the log is found whatever the length of its last line."""
    sink.write(event(1))
    sink.write(PhraseChanged(person="ann", project="CHEST-1", change="x" * 200_000, phrase_id=2))
    sink.write(event(3))

    assert sink.verify("CHEST-1")[0] == 3


def test_writing_after_a_forgery_does_not_heal_it(sink):
    """Whoever writes next neither falls over a damaged line nor makes it look right."""
    sink.write(event(1))
    path = sink.folder / "CHEST-1.jsonl"
    path.write_bytes(b"not an entry\n")

    sink.write(event(2))

    with pytest.raises(CcdsError, match="found line 1 that isn't as it was written"):
        sink.verify("CHEST-1")


@pytest.mark.parametrize("person", ["j\u00fcrgen", "a\nb", '"', "\udcff\udc80", "\u2028", "\\ud800"])
def test_whatever_somebody_is_called_is_one_line(sink, person):
    """Names from the environment may hold anything; it comes back as it was and the chain holds."""
    sink.write(event(1, person))
    sink.write(event(2))

    assert sink.verify("CHEST-1")[0] == 2
    assert next(sink.entries("CHEST-1"))["person"] == person


def test_only_the_owner_reads_the_log(sink):
    """Folder, log and what was torn are closed to others."""
    sink.write(event(1))

    modes = [path.stat().st_mode & 0o077 for path in (sink.folder, sink.folder / "CHEST-1.jsonl")]

    assert modes == [0, 0]


def test_a_log_that_cannot_be_written_is_told(tmp_path):
    """A folder that can't be made is one line, which says that nothing was done."""
    (tmp_path / "file").touch()
    sink = FileAuditSink(tmp_path / "file" / "audit")

    with pytest.raises(CcdsError) as raised:
        sink.write(event())

    assert str(raised.value) == (
        "expected to write the audit log; found Not a directory; "
        "mend the audit folder; nothing is done that can't be logged"
    )


def test_a_full_disk_is_told(sink):
    """No room for the entry is one line too, and what fitted of it spoils nothing once there is room again."""
    sink.write(event(1))
    size = (sink.folder / "CHEST-1.jsonl").stat().st_size

    ended = subprocess.run(
        [sys.executable, "-c", LITTLE_ROOM, str(sink.folder), str(size + 100)],
        capture_output=True,
        text=True,
        check=False,
    )
    sink.write(event(3))

    assert ended.stdout == (
        "expected to write the audit log; found File too large; mend the audit folder; nothing is done that can't be logged\n"
    )
    assert [entry["detail"]["phrase_id"] for entry in sink.entries("CHEST-1")] == [1, 3]
    assert sink.verify("CHEST-1")[0] == 2


def test_a_link_in_the_log_s_place_is_not_followed(sink, tmp_path):
    """Root writes too: it must not be led to another file."""
    other = tmp_path / "other"
    other.write_text("")
    sink.folder.mkdir()
    (sink.folder / "CHEST-1.jsonl").symlink_to(other)

    with pytest.raises(CcdsError, match="expected to write the audit log"):
        sink.write(event())

    assert other.read_text() == ""


def test_what_root_writes_belongs_to_the_folder_s_owner(tmp_path):
    """An administrator's command under sudo doesn't lock the service account out of its own log."""
    need_root()
    site = tmp_path / "site"
    site.mkdir()
    os.chown(site, 12345, 12346)
    sink = FileAuditSink(site / "audit", site / "heads")

    sink.write(event(1))
    sink.write(event(2))

    owners = {str(path.relative_to(site)): path.stat().st_uid for path in site.rglob("*")}
    assert owners == dict.fromkeys(["audit", "audit/CHEST-1.jsonl", "heads", "heads/CHEST-1.head"], 12345)


def test_a_log_that_cannot_be_read_is_told(sink):
    """Something else in the log's place is one line."""
    (sink.folder / "CHEST-1.jsonl").mkdir(parents=True)

    with pytest.raises(CcdsError, match="expected to read the audit log; found Is a directory"):
        sink.verify("CHEST-1")
