"""Chain heads in a second place: what a chain can't show by itself is found beside them."""

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccds_kernel.audit.events.labeling import PhraseChanged
from ccds_kernel.audit.heads import Head
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.errors import CcdsError

ENTRIES = 5


def event(number: int) -> PhraseChanged:
    """An event that is told from others by its phrase."""
    return PhraseChanged(person="ann", project="CHEST-1", change="edited", phrase_id=number)


@pytest.fixture
def sink(tmp_path) -> FileAuditSink:
    """A log of some entries whose heads are kept."""
    sink = FileAuditSink(tmp_path / "audit", tmp_path / "heads")
    for number in range(ENTRIES):
        sink.write(event(number))
    return sink


@pytest.fixture
def lines(sink) -> list[bytes]:
    """Its lines."""
    return log_of(sink).read_bytes().splitlines(keepends=True)


def log_of(sink: FileAuditSink):
    """The chain's file."""
    return sink.folder / "CHEST-1.jsonl"


def rewritten(lines: list[bytes], **changed: object) -> bytes:
    """A chain that is whole in itself, with every entry `changed`."""
    out, previous = b"", "0" * 64
    for line in lines:
        entry = json.loads(line) | changed | {"previous": previous}
        del entry["hash"]
        text = json.dumps(entry, sort_keys=True, separators=(",", ":"))
        previous = entry["hash"] = hashlib.sha256(text.encode()).hexdigest()
        out += json.dumps(entry, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    return out


def test_each_line_moves_the_head(sink):
    """Count and hash of the newest line, as `verify` says them."""
    count, head = sink.verify("CHEST-1")

    assert sink.head("CHEST-1") == Head(count, head)
    assert sink.head("NONE") is None


@pytest.mark.parametrize("left", range(ENTRIES))
def test_a_cut_off_end_is_found(sink, lines, left):
    """However many lines are left of the chain, which is whole in itself."""
    log_of(sink).write_bytes(b"".join(lines[:left]))

    with pytest.raises(CcdsError, match=f"found line {left} that is the last; there were {ENTRIES};"):
        sink.verify("CHEST-1")


def test_a_removed_chain_is_found(sink):
    """No file is not an empty chain."""
    log_of(sink).unlink()

    assert sink.has_chain("CHEST-1")
    assert sink.chains() == ["CHEST-1"]
    with pytest.raises(CcdsError, match="there were 5"):
        sink.verify("CHEST-1")


@pytest.mark.parametrize("more", [0, 3])
def test_a_chain_that_was_written_anew_is_found(sink, lines, more):
    """Whole in itself, as long as before or longer, and somebody else in it."""
    log_of(sink).write_bytes(rewritten([*lines, *lines[:more]], person="eve"))

    with pytest.raises(CcdsError, match="found line 5 that isn't the one whose hash was kept elsewhere"):
        sink.verify("CHEST-1")


@settings(deadline=None)  # each example syncs its lines to a disk that others use too
@given(left=st.integers(0, ENTRIES - 1), later=st.integers(1, 8))
def test_what_is_written_later_does_not_heal_it(tmp_path_factory, left, later):
    """The alarm lasts, also once the chain is longer than before."""
    folder = tmp_path_factory.mktemp("cut")
    sink = FileAuditSink(folder / "audit", folder / "heads")
    for number in range(ENTRIES):
        sink.write(event(number))
    kept = sink.head("CHEST-1")
    log_of(sink).write_bytes(b"".join(log_of(sink).read_bytes().splitlines(keepends=True)[:left]))

    for number in range(later):
        sink.write(event(90 + number))

    assert sink.head("CHEST-1") == Head(kept.count, kept.hash, contradicted=True)
    with pytest.raises(CcdsError, match="unbroken audit chain of CHEST-1"):
        sink.verify("CHEST-1")


def test_whoever_looked_into_it_ends_the_alarm(sink, lines):
    """Without the head's file the chain is what it is, and the next line keeps its head again."""
    log_of(sink).write_bytes(b"".join(lines[:2]))
    sink.write(event(7))
    (sink.folder.parent / "heads" / "CHEST-1.head").unlink()

    sink.write(event(8))

    count, head = sink.verify("CHEST-1")
    assert (count, sink.head("CHEST-1")) == (4, Head(4, head))


def test_a_crash_between_a_line_and_its_head_is_no_alarm(sink):
    """The line is there, the head is the one before; the next line goes on from there."""
    path = sink.folder.parent / "heads" / "CHEST-1.head"
    before = path.read_bytes()
    sink.write(event(6))
    path.write_bytes(before)

    between = sink.verify("CHEST-1")[0]
    sink.write(event(7))

    assert between == ENTRIES + 1
    assert sink.verify("CHEST-1")[0] == ENTRIES + 2 == sink.head("CHEST-1").count


def test_whoever_writes_keeps_the_head_that_a_crash_left_behind(sink):
    """When it starts: no line has to come first."""
    path = sink.folder.parent / "heads" / "CHEST-1.head"
    before = path.read_bytes()
    sink.write(event(6))
    path.write_bytes(before)
    with log_of(sink).open("ab") as log:
        log.write(b"torn")

    sink.catch_up()

    assert sink.head("CHEST-1") == Head(*sink.verify("CHEST-1"))


def test_starting_heals_nothing(sink, lines):
    """What was cut off stays an alarm."""
    log_of(sink).write_bytes(b"".join(lines[:2]))

    sink.catch_up()

    with pytest.raises(CcdsError, match="there were 5"):
        sink.verify("CHEST-1")


def test_a_torn_line_is_no_alarm(sink, lines):
    """It never was an entry, so no head was kept of it."""
    log_of(sink).write_bytes(b"".join(lines) + lines[-1][:20])

    sink.write(event(7))

    assert sink.verify("CHEST-1")[0] == ENTRIES + 1 == sink.head("CHEST-1").count


def test_a_log_from_before_heads_were_kept_gets_one(sink):
    """From its next line on."""
    (sink.folder.parent / "heads" / "CHEST-1.head").unlink()

    sink.write(event(7))

    assert sink.head("CHEST-1").count == ENTRIES + 1


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"5", b'{"count": 0, "hash": ""}', b'{"count": true, "hash": ""}', b"\xff", b'{"count"'],
)
def test_what_is_no_head_is_told_and_stays(sink, content):
    """A head that was tampered with is an alarm too; writing goes on and doesn't mend it."""
    path = sink.folder.parent / "heads" / "CHEST-1.head"
    path.write_bytes(content)

    sink.write(event(7))

    assert path.read_bytes() == content
    with pytest.raises(CcdsError, match=r"expected the kept chain head in .*CHEST-1.head; found something else"):
        sink.verify("CHEST-1")


def test_without_the_second_place_nothing_is_done(sink):
    """A head that can't be kept is an error: an end that is cut off there would show nowhere."""
    heads = sink.folder.parent / "heads"
    (heads / "CHEST-1.head").unlink()
    heads.rmdir()
    heads.write_text("a file")

    with pytest.raises(CcdsError, match="expected to write the audit log"):
        sink.write(event(7))
