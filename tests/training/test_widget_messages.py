"""What a page may send to the training launcher, and that everything else is refused whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_widgets.training.messages import Cancel, Follow, Keep, Launch, Look, parse
from ccds_widgets.training.ports import Asked

RUN = "20260131-142301-0a1b2c"
FORM = {
    "bundle": "classify3d", "epochs": 3, "batch_size": 4, "seed": 0, "image_size": 16, "learning_rate": 0.01, "gpus": 0,
}  # fmt: skip

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def test_requests_are_read():
    """Each kind with its fields."""
    assert parse({"kind": "look", "run": RUN, "offset": 7}) == Look(kind="look", run=RUN, offset=7)
    assert parse({"kind": "look", "run": None, "offset": 0}).run is None
    assert parse({"kind": "follow", "run": RUN, "offset": 7}) == Follow(kind="follow", run=RUN, offset=7)
    assert parse({"kind": "cancel", "run": RUN}) == Cancel(kind="cancel", run=RUN)
    assert parse({"kind": "launch", "form": FORM}).form.asked() == Asked(**FORM)
    assert isinstance(parse({"kind": "launch", "form": FORM}), Launch)
    assert isinstance(parse({"kind": "keep", "form": FORM}), Keep)


def test_a_bundle_without_these_options_is_asked_for_without_them():
    """None says that the bundle's own value holds; a whole number is a learning rate too."""
    without = parse({"kind": "launch", "form": FORM | {"image_size": None, "learning_rate": None}})
    whole = parse({"kind": "launch", "form": FORM | {"learning_rate": 1}})

    assert (without.form.image_size, without.form.learning_rate) == (None, None)
    assert whole.form.learning_rate == 1.0


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        {"kind": "launch"},
        {"kind": "run"},
        {"kind": "look", "run": RUN},
        {"kind": "follow", "run": RUN},
        {"kind": "look", "run": "../../etc", "offset": 0},
        {"kind": "look", "run": RUN, "offset": -1},
        {"kind": "look", "run": RUN, "offset": 1.0},
        {"kind": "look", "run": RUN, "offset": True},
        {"kind": "cancel", "run": f"{RUN}\n"},
        {"kind": "cancel", "run": RUN, "person": "sam"},
        {"kind": "restart", "run": None},
        {"kind": "launch", "form": FORM | {"epochs": "3"}},
        {"kind": "launch", "form": FORM | {"epochs": None}},
        {"kind": "launch", "form": FORM | {"learning_rate": float("nan")}},
        {"kind": "launch", "form": FORM | {"datalist": "/etc/passwd"}},
        {"kind": "launch", "form": {key: value for key, value in FORM.items() if key != "seed"}},
        {"kind": "keep", "form": FORM | {"bundle": ""}},
    ],
)
def test_what_is_no_request_is_refused(content):
    """In one line, without quoting it."""
    with pytest.raises(CcdsError, match="a request that this app knows"):
        parse(content)


@settings(deadline=None)  # no timings in tests
@given(json_values)
def test_anything_else_is_refused_and_nothing_worse_happens(content):
    """Whatever JSON comes."""
    with pytest.raises(CcdsError, match="a request that this app knows"):
        parse(content)
