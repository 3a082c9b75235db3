"""The audit log's chain: what was written is read back, and what was tampered with is found."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.audit.events.access import AccessDenied, ProjectOpened
from ccds_kernel.audit.events.labeling import PhraseChanged
from ccds_kernel.audit.line import GENESIS
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.errors import CcdsError

ENTRIES = 6


def event(number: int = 0, **changed: object) -> PhraseChanged:
    """An event that is told from others by its phrase."""
    fields = {"person": "ann", "project": "CHEST-1", "change": "edited", "phrase_id": number}
    return PhraseChanged(**{**fields, **changed})


@pytest.fixture
def sink(tmp_path) -> FileAuditSink:
    """A log in a folder that isn't there yet."""
    return FileAuditSink(tmp_path / "site" / "audit")


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> FileAuditSink:
    """A log of some entries; a test that spoils it works on copies."""
    sink = FileAuditSink(tmp_path_factory.mktemp("written"))
    for number in range(ENTRIES):
        sink.write(event(number))
    return sink


@pytest.fixture(scope="module")
def lines(written) -> list[bytes]:
    """Its lines."""
    return (written.folder / "CHEST-1.jsonl").read_bytes().splitlines(keepends=True)


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory):
    """A log whose file holds these bytes."""
    folder = tmp_path_factory.mktemp("spoiled")

    def write(content: bytes) -> FileAuditSink:
        (folder / "CHEST-1.jsonl").write_bytes(content)
        return FileAuditSink(folder)

    return write


def test_an_entry_says_who_when_where_and_what(sink):
    """What comes out is what went in, with the time in UTC."""
    before = datetime.now(UTC) - timedelta(seconds=1)

    sink.write(ProjectOpened(person="ann", project="CHEST-1", action="read reports", role="fellow"))
    (entry,) = sink.entries("CHEST-1")

    assert (entry["person"], entry["project"], entry["event"]) == ("ann", "CHEST-1", "ProjectOpened")
    assert entry["detail"] == {"action": "read reports", "role": "fellow"}
    assert before <= datetime.fromisoformat(entry["time"]) <= datetime.now(UTC)
    assert entry["time"].endswith("+00:00")
    assert entry["previous"] == GENESIS


def test_each_project_and_the_site_have_a_chain(sink):
    """An event without a project goes into the site's chain."""
    sink.write(event(1))
    sink.write(event(2, project="HEAD-1"))
    sink.write(AccessDenied(person="eve", action="read reports", reason="no such project"))

    counts = {project: sink.verify(project)[0] for project in ("CHEST-1", "HEAD-1", "", "NONE")}

    assert counts == {"CHEST-1": 1, "HEAD-1": 1, "": 1, "NONE": 0}
    assert [sink.has_chain(project) for project in ("CHEST-1", "", "NONE")] == [True, True, False]
    assert list(sink.entries("NONE")) == []


def test_the_newest_hash_stands_for_everything_before(written, lines):
    """`verify` returns the hash of the last entry, which is SHA-256 of that entry without it."""
    last = json.loads(lines[-1])
    claimed = last.pop("hash")

    count, head = written.verify("CHEST-1")

    text = json.dumps(last, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert (count, head) == (ENTRIES, claimed)
    assert head == hashlib.sha256(text.encode()).hexdigest()


@given(st.data())
def test_any_changed_byte_is_found(spoiled, lines, data):
    """One byte that is another, anywhere, breaks the chain; only the end of the last line looks like a torn one."""
    content = b"".join(lines)
    place = data.draw(st.integers(0, len(content) - 2), "place")
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[place]), "byte")
    sink = spoiled(content[:place] + bytes([byte]) + content[place + 1 :])

    with pytest.raises(CcdsError, match=r"expected an unbroken audit chain of CHEST-1; found line \d "):
        sink.verify("CHEST-1")


@given(st.data())
def test_any_byte_put_in_is_found(spoiled, lines, data):
    """Also white space, which changes nothing of what the line says."""
    content = b"".join(lines)
    place = data.draw(st.integers(0, len(content) - 1), "place")
    byte = data.draw(st.sampled_from([b" ", b"\n", b"\t", b"x", b'"', b"}"]), "byte")
    sink = spoiled(content[:place] + byte + content[place:])

    with pytest.raises(CcdsError, match="unbroken audit chain"):
        sink.verify("CHEST-1")


@given(st.integers(0, ENTRIES - 2))
def test_any_removed_line_is_found(spoiled, lines, place):
    """The line that comes to stand in its place doesn't follow."""
    sink = spoiled(b"".join(lines[:place] + lines[place + 1 :]))

    with pytest.raises(CcdsError, match=f"found line {place + 1} that doesn't follow the one before it"):
        sink.verify("CHEST-1")


@given(st.integers(0, ENTRIES - 1), st.integers(0, ENTRIES))
def test_any_line_put_in_again_is_found(spoiled, lines, source, place):
    """A copy of an honest line doesn't follow anywhere."""
    sink = spoiled(b"".join([*lines[:place], lines[source], *lines[place:]]))

    with pytest.raises(CcdsError, match="that doesn't follow the one before it"):
        sink.verify("CHEST-1")


@given(st.permutations(range(ENTRIES)).filter(lambda order: order != list(range(ENTRIES))))
def test_another_order_is_found(spoiled, lines, order):
    """Lines that changed places break the chain."""
    sink = spoiled(b"".join(lines[place] for place in order))

    with pytest.raises(CcdsError, match="that doesn't follow the one before it"):
        sink.verify("CHEST-1")


def test_a_line_forged_with_its_hash_is_found_by_the_next(spoiled, lines):
    """Whoever rewrites an entry and its hash would have to rewrite all that come after it."""
    forged = json.loads(lines[2]) | {"person": "eve"}
    del forged["hash"]
    text = json.dumps(forged, sort_keys=True, separators=(",", ":"))
    forged["hash"] = hashlib.sha256(text.encode()).hexdigest()
    line = json.dumps(forged, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    sink = spoiled(b"".join([*lines[:2], line, *lines[3:]]))

    with pytest.raises(CcdsError, match="found line 4 that doesn't follow the one before it"):
        sink.verify("CHEST-1")


def test_a_key_that_stands_twice_is_found(spoiled, lines):
    """JSON readers differ in which of two equal keys they show; a line has each once."""
    twice = lines[1].replace(b'"person":"ann"', b'"person":"eve","person":"ann"')
    sink = spoiled(b"".join([lines[0], twice, *lines[2:]]))

    with pytest.raises(CcdsError, match="found line 2 that isn't as it was written"):
        sink.verify("CHEST-1")


@pytest.mark.parametrize("line", [b"\n", b"{}\n", b"[]\n", b"null\n", b"no json\n", b"\xff\n", b"[" * 100_000 + b"\n"])
def test_a_line_that_is_no_entry_is_told(spoiled, lines, line):
    """Reading and verifying both name the line; neither falls over it."""
    sink = spoiled(lines[0] + line + lines[1])

    with pytest.raises(CcdsError, match="found line 2 that"):
        sink.verify("CHEST-1")
    with pytest.raises(CcdsError, match="found line 2 that is no entry"):
        list(sink.entries("CHEST-1"))


def test_lines_cut_off_the_end_show_beside_an_earlier_hash(spoiled, lines):
    """The rest is a whole chain; that its newest hash isn't the one kept elsewhere gives it away."""
    count, head = spoiled(b"".join(lines)).verify("CHEST-1")

    shorter_count, shorter_head = spoiled(b"".join(lines[:-1])).verify("CHEST-1")

    assert shorter_count == count - 1
    assert shorter_head != head


@pytest.mark.parametrize("project", ["../x", "a/b", "_site", ".", "CHEST-1.jsonl", "a\x00b", "é"])
def test_a_project_is_no_path(sink, tmp_path, project):
    """Whatever an id is, the log stays in its folder."""
    for act in (
        lambda: sink.write(event(project=project)),
        lambda: sink.verify(project),
        lambda: list(sink.entries(project)),
        lambda: sink.has_chain(project),
    ):
        with pytest.raises(CcdsError, match="expected a project's id of letters, digits and hyphens"):
            act()

    assert list(tmp_path.iterdir()) == []
