"""A dataset snapshot as a value and as text: it says the same when it is read, and is refused when it was changed."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccds_kernel.dataset.made import Answers
from ccds_kernel.dataset.sides import SIDES, By, Split
from ccds_kernel.dataset.snapshot import Basis, ChangedSnapshotError, DatasetSnapshot, Item
from ccds_kernel.errors import CcdsError

BASIS = Basis("ab" * 32, "hemorrhage", Answers(), "normalized/" + "cd" * 32, Split(By.RANDOM, (70, 15, 15), 3))
AT = datetime(2026, 11, 26, 12, tzinfo=UTC)

people = st.dictionaries(st.integers(0, 2**64 - 1), st.sampled_from(SIDES), min_size=1, max_size=8)


@st.composite
def snapshots(draw) -> DatasetSnapshot:
    """Any dataset: some patients, each on one side, with some volumes."""
    sides = draw(people)
    volumes = draw(st.lists(st.tuples(st.sampled_from(sorted(sides)), st.floats(0, 1)), min_size=1, max_size=12))
    items = tuple(
        item(number, f"{patient:016x}", sides[patient], chance) for number, (patient, chance) in enumerate(volumes)
    )
    return DatasetSnapshot("heads", BASIS, items, "sam", AT)


def item(number: int, patient: str = "0" * 16, side: str = "training", chance: float = 1.0) -> Item:
    """The volume of that number."""
    return Item(f"normalized/x/study{number:03}/1.nii.gz", "ef" * 32, f"study{number:03}", patient, 1, chance, side)


@settings(deadline=None)  # no timings in tests
@given(snapshots())
def test_it_reads_back_as_it_was(snapshot):
    """All of it, each float to the last bit."""
    assert DatasetSnapshot.from_text(snapshot.to_text()) == snapshot


@settings(deadline=None)  # no timings in tests
@given(snapshots(), st.data())
def test_a_change_is_found_out(snapshot, data):
    """Of any volume, field by field."""
    said = json.loads(snapshot.to_text())
    one = data.draw(st.sampled_from(said["volumes"]))
    field = data.draw(st.sampled_from(sorted(one)))
    one[field] = {"label": 1 - one["label"], "chance": abs(one["chance"] - 0.5), "side": "test"}.get(field, "0" * 16)
    changed = json.dumps(said)

    same = json.loads(snapshot.to_text()) == json.loads(changed)

    if not same:
        with pytest.raises(ChangedSnapshotError):
            DatasetSnapshot.from_text(changed)


def test_whoever_takes_it_it_is_the_same_dataset():
    """Neither name, person nor time is hashed; what it is made of is."""
    one = DatasetSnapshot("heads", BASIS, (item(0), item(1)), "sam", AT)

    same = DatasetSnapshot("other-name", BASIS, (item(0), item(1)), "eli", AT.replace(year=2027))
    others = (
        replace(one, items=(item(0),)),
        replace(one, items=(item(0), item(1, chance=0.5))),
        replace(one, basis=replace(BASIS, split=Split(seed=4))),
    )

    assert one.digest == same.digest
    assert len({one.digest, *(other.digest for other in others)}) == 4


def test_a_patient_on_two_sides_makes_none():
    """Not even where the digest would be right."""
    with pytest.raises(CcdsError, match="each patient on one side"):
        DatasetSnapshot("heads", BASIS, (item(0), item(1, side="test")), "sam", AT)


@pytest.mark.parametrize("items", [(), (item(1), item(0)), (item(0), item(0))])
def test_each_volume_stands_once_and_in_order(items):
    """So that the same volumes are always the same text."""
    with pytest.raises(CcdsError, match="each once"):
        DatasetSnapshot("heads", BASIS, items, "sam", AT)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"format": 1}', "[" * 100_000])
def test_what_is_no_snapshot_is_refused(text):
    """In one line."""
    with pytest.raises(ChangedSnapshotError):
        DatasetSnapshot.from_text(text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("image", "/etc/passwd"),
        ("image", "../other/1.nii.gz"),
        ("sha256", "ab"),
        ("label", True),
        ("chance", float("nan")),
    ],
)
def test_a_volume_is_one_of_the_project(field, value):
    """No path that leads out of it, and no field of another kind."""
    with pytest.raises(CcdsError, match="a volume of a dataset snapshot"):
        replace(item(0), **{field: value})
