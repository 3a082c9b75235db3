"""What can be asked for, and what is refused with the name of the field."""

import copy
from pathlib import Path

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.training.spec import TrainingSpec

LIST = Path("list.json")


def test_what_is_not_said_has_a_default():
    """A data list is enough."""
    spec = TrainingSpec(datalist=LIST)

    assert (spec.bundle, spec.epochs, spec.gpus) == ("classify3d", 10, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0),
        ("epochs", 100_001),
        ("epochs", 2.0),
        ("epochs", True),
        ("batch_size", 0),
        ("seed", -1),
        ("seed", 2**32),
        ("image_size", 7),
        ("image_size", 513),
        ("image_size", 32.0),
        ("learning_rate", 0),
        ("learning_rate", 10.5),
        ("learning_rate", float("nan")),
        ("learning_rate", "0.1"),
        ("learning_rate", True),
        ("gpus", -1),
        ("gpus", 2),
        ("cpus", 0),
        ("memory_mb", 0),
        ("wall_minutes", 0),
        ("wall_minutes", float("nan")),
        ("wall_minutes", float("inf")),
        ("wall_minutes", True),
        ("bundle", ""),
        ("bundle", "a\0b"),
    ],
)
def test_a_value_outside_is_refused_by_name(field, value):
    """One line that names the field."""
    with pytest.raises(CcdsError, match=field):
        TrainingSpec(datalist=LIST, **{field: value})


def test_a_copy_of_a_refusal_keeps_its_field():
    """As one that comes from another process does."""
    with pytest.raises(CcdsError) as refused:
        TrainingSpec(datalist=LIST, epochs=0)

    again = copy.copy(refused.value)

    assert (again.name, str(again)) == ("epochs", str(refused.value))


@pytest.mark.parametrize(("field", "value"), [("epochs", 1), ("epochs", 100_000), ("gpus", 0), ("seed", 2**32 - 1)])
def test_the_limits_themselves_are_allowed(field, value):
    """Each limit, just kept."""
    assert getattr(TrainingSpec(datalist=LIST, **{field: value}), field) == value
