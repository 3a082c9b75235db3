"""Records are kept whole, one for each item, and what isn't one counts as none."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.workflow.manifest import Cause, Failure, Manifest, Record, State, told
from ccds_kernel.workflow.operator import Item
from support.workflow import Capitals

NAMES = st.from_regex(r"[a-zA-Z0-9_][a-zA-Z0-9_-]{0,20}", fullmatch=True)
WORDS = st.text(max_size=40)
FAILURES = st.builds(Failure, cause=st.sampled_from(Cause), step=WORDS, expected=WORDS, found=WORDS, do=WORDS)
RECORDS = st.builds(
    Record,
    key=st.lists(NAMES, min_size=1, max_size=3).map("/".join),
    state=st.sampled_from(State),
    operator=WORDS,
    code_version=WORDS,
    input_version=WORDS,
    tries=st.integers(1, 9),
    at=WORDS,
    seconds=st.floats(0, 1e6),
    input_sha256=WORDS,
    output_sha256=WORDS,
    files=st.dictionaries(WORDS, st.integers(0, 1 << 40), max_size=3),
    failure=st.none() | FAILURES,
)  # fmt: skip
DONE = Record(
    key="study/a",
    state=State.DONE,
    operator="d1",
    code_version="1",
    input_version="v1",
    tries=1,
    at="2026-01-01T00:00:00+00:00",
    seconds=0.5,
    files={"a.txt": 3},
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Manifest:
    """One for many examples."""
    return Manifest(tmp_path_factory.mktemp("manifest"))


@given(record=RECORDS)
def test_a_record_is_read_as_it_was_written(shared, record):
    """Whatever is in it."""
    shared.put(record)

    assert shared.get(record.key) == record


def test_the_newest_record_is_the_only_one(tmp_path):
    """An item is in the manifest once."""
    manifest = Manifest(tmp_path)

    manifest.put(DONE)
    manifest.put(newer := replace(DONE, tries=2))

    assert list(manifest.records()) == [newer]
    assert list(manifest.keys()) == ["study/a"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"key": "study/a"}', "\xff" * 100, '{"tries": ' + "9" * 5000])
def test_what_is_no_record_counts_as_none(tmp_path, text):
    """A file that somebody cut or wrote by hand: the item is done again."""
    manifest = Manifest(tmp_path)
    manifest.put(DONE)
    (tmp_path / "study" / "a.json").write_text(text, encoding="utf-8")

    assert manifest.get("study/a") is None
    assert list(manifest.records()) == []


def test_a_file_that_is_being_written_is_no_record(tmp_path):
    """Who reads meanwhile sees whole ones only."""
    manifest = Manifest(tmp_path)
    manifest.put(DONE)
    (tmp_path / "study" / ".b.json.abc").write_text("{", encoding="utf-8")

    assert [record.key for record in manifest.records()] == ["study/a"]


def test_a_pipe_is_no_record_and_holds_nobody_up(tmp_path):
    """A pipe in a record's place, which nobody ever writes to, counts as none."""
    manifest = Manifest(tmp_path)
    (tmp_path / "study").mkdir()
    os.mkfifo(tmp_path / "study" / "a.json")

    found = manifest.get("study/a"), list(manifest.records())

    assert found == (None, [])


def test_a_manifest_that_isn_t_there_is_empty(tmp_path):
    """Nothing was run yet."""
    assert list(Manifest(tmp_path / "none").records()) == []


@pytest.mark.parametrize(
    ("changed", "is_of"),
    [({}, True), ({"input_version": "v2"}, False), ({"operator": "d2"}, False), ({"code_version": "2"}, False)],
)
def test_a_record_is_of_one_input_operator_and_code(changed, is_of):
    """Another of these is another work."""
    item = Item("study/a", Path("a"), "v1", 1)

    assert replace(DONE, **changed).is_of(item, Capitals()) is is_of


@pytest.mark.parametrize("key", ["", "/", "a/../b", ".a", "a//b", "/a", "a/b/c/d/e", "a\nb", "a" * 201, "a/.run"])
def test_a_key_is_a_path_below_the_folder(key):
    """Nothing else comes into paths."""
    with pytest.raises(ValueError, match="names with slashes"):
        Item(key, Path("a"), "v1", 1)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("read: finite voxels", "2 at read: expected finite voxels"),
        ("2 resample: a spacing", "2 at 2 resample: expected a spacing"),
        ("a worker that survives the volume", "2: expected a worker that survives the volume"),
    ],
)
def test_a_reason_is_told_by_what_was_expected(reason, words):
    """What should have been there isn't taken for what was wrong."""
    assert told(reason, 2) == words
