"""The split: by patient, by the patient alone, and about three to one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ccds_kernel.dataset.entry import SPLITS, TRAINING
from ccds_kernel.dataset.made import Answers, Study, make
from ccds_kernel.dataset.split import patient_key, split_of

secrets = st.binary(min_size=16, max_size=32)
patients = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
studies = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["present", "absent"]), st.integers(1, 3)), max_size=60
)


@settings(deadline=None)  # no timings in tests
@given(secrets, studies)
def test_no_patient_is_on_two_sides(secret, listed):
    """Whatever studies a patient has, with whatever labels and however many volumes."""
    labels = {f"study{number}": label for number, (_, label, _) in enumerate(listed)}
    there = {
        f"study{number}": Study(
            tuple(f"{number}-{series}" for series in range(volumes)), patient_key(secret, str(patient))
        )
        for number, (patient, _, volumes) in enumerate(listed)
    }

    made = make(labels, there, Answers())

    sides: dict[int, set[str]] = {}
    for entry in made.entries:
        sides.setdefault(listed[int(entry.image.split("-")[0])][0], set()).add(entry.split)
    assert len(made.entries) == sum(volumes for _, _, volumes in listed)
    assert all(len(found) == 1 for found in sides.values())


@settings(deadline=None)  # no timings in tests
@given(secrets, studies, studies)
def test_who_comes_later_moves_nobody(secret, before, later):
    """A patient's side stays when the project grows."""

    def splits(listed):
        there = {
            f"study{number}": Study((str(number),), patient_key(secret, str(patient)))
            for number, (patient, _, _) in enumerate(listed)
        }
        labels = {f"study{number}": label for number, (_, label, _) in enumerate(listed)}
        return {entry.image: entry.split for entry in make(labels, there, Answers()).entries}

    old, new = splits(before), splits([*before, *later])

    assert old.items() <= new.items()


@settings(deadline=None)  # no timings in tests
@given(secrets, patients)
def test_a_patient_has_one_side(secret, patient):
    """White space around the id, which archives add, makes nobody another one."""
    assert split_of(patient_key(secret, patient)) == split_of(patient_key(secret, f" {patient} ")) in SPLITS


def test_three_in_four_are_for_training():
    """Of many patients, whatever the secret: within five standard deviations of a throw of dice."""
    for secret in (b"a" * 32, b"b" * 32):
        sides = [split_of(patient_key(secret, f"PAT{number}")) for number in range(4000)]

        assert abs(sides.count(TRAINING) - 3000) < 5 * (4000 * 0.75 * 0.25) ** 0.5


def test_another_project_splits_otherwise():
    """Sides depend on the project's secret: two projects don't agree on them all."""
    sides = [[split_of(patient_key(secret, f"PAT{n}")) for n in range(100)] for secret in (b"a" * 32, b"b" * 32)]

    assert sides[0] != sides[1]
