"""What a page may send: everything else is refused whole, and never quoted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_widgets.labeling.annotate.messages import Insert, Move, Window, parse

SEEN = {"text": "t", "label": "l"}
MOVE = {"kind": "move", "phrase": 3, "by": -1, "seen": SEEN, "order": [2, 3], "report": 0}
INSERT = {"kind": "insert", "report": 0, "key": "k", "section": 0, "text": "t", "label": "l", "place": "last"}

WRONG = {
    "no map": "window",
    "nothing": None,
    "no kind": {"report": 0},
    "unknown kind": {"kind": "drop table", "report": 0},
    "unknown key": {"kind": "window", "report": 0, "path": "/etc"},
    "number as text": {"kind": "window", "report": "0"},
    "truth as number": {"kind": "window", "report": True},
    "fraction": {"kind": "window", "report": 0.5},
    "not a number": {"kind": "window", "report": float("nan")},
    "negative": {"kind": "window", "report": -1},
    "huge": {"kind": "window", "report": 10**30},
    "among unknown": {"kind": "window", "report": 0, "among": {"by": "magic"}},
    "among too much": {"kind": "window", "report": 0, "among": {"by": "words", "text": "secret" * 200}},
    "phrase out of range": {"kind": "remove", "phrase": 2**63, "seen": SEEN, "report": 0},
    "phrase zero": {"kind": "remove", "phrase": 0, "seen": SEEN, "report": 0},
    "missing key": {"kind": "remove", "phrase": 1, "report": 0},
    "another list": MOVE | {"order": [1, 2]},
    "text as list": INSERT | {"text": ["secret"]},
    "text too long": INSERT | {"text": "secret" * 1000},
    "no text": INSERT | {"text": ""},
    "label too long": INSERT | {"label": "secret" * 100},
    "place unknown": INSERT | {"place": "third"},
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_request_is_refused_in_one_line_without_its_content(content):
    """A refusal says what to do; it repeats nothing that the page sent."""
    with pytest.raises(CcdsError) as refusal:
        parse(content)

    assert "reload the page" in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_right_requests_are_values():
    """What is right comes as a frozen value of its own class."""
    requests = [
        parse(INSERT),
        parse(MOVE),
        parse({"kind": "window", "report": 4}),
    ]

    assert [type(request) for request in requests] == [Insert, Move, Window]
    assert requests[2] == Window(kind="window", report=4, among=None, revision=-1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    st.dictionaries(
        st.sampled_from([*INSERT, "phrase", "by", "among", "revision"]),
        JSON | st.sampled_from(["insert", "window", "undo"]),
    )
)
def test_any_json_is_a_request_or_a_refusal(content):
    """No message, however odd, raises anything but a CcdsError."""
    try:
        request = parse(content)
    except CcdsError:
        return

    assert request.kind == content["kind"]
