"""What the page of the airlock's app gets to see, and what it may ask."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.airlock.submission import Kind, State
from ccds_kernel.errors import CcdsError
from ccds_widgets.airlock.messages import parse
from ccds_widgets.airlock.model import AirlockModel
from support.airlock import NOTEBOOK, PROJECT, REASON, SECRET, WHY, safetensors


@pytest.fixture
def model_of(as_):
    """The app for somebody."""
    return lambda person: AirlockModel(as_(person), project=PROJECT)


def test_an_airlock_without_submissions_says_so(model_of):
    """Who looks, and an empty list."""
    assert model_of("sue").start() == {"project": PROJECT, "person": "sue", "fewest_signs": 10, "submissions": []}


def test_a_reviewer_sees_whose_turn_it_is(submit, approve, model_of):
    """Theirs, as long as they can review; in words."""
    submission = submit().submission

    turns = {person: model_of(person).start()["submissions"][0] for person in ("sam", "sue")}
    approve(submission, "sue", "cher")
    after = {person: model_of(person).start()["submissions"][0] for person in ("sue", "eve")}

    assert {person: (row["mine"], row["turn"]) for person, row in turns.items()} == {
        "sam": (False, "waits for 2 approvals"),
        "sue": (True, "your turn: waits for 2 approvals"),
    }
    assert {person: (row["mine"], row["state"], row["turn"]) for person, row in after.items()} == {
        "sue": (False, "approved", "waits for an administrator to release it"),
        "eve": (True, "approved", "waits for an administrator to release it"),
    }


def test_a_submission_is_shown_whole(submit, results, model_of):
    """Reason, files, findings with their places, reviews, and what this person can do."""
    (results / "table.csv").write_text("scanner,studies\nA,7\n")
    submission = submit().submission

    shown = model_of("sue").answer({"kind": "show", "submission": submission.id})["shown"]

    assert (shown["reason"], shown["digest"], shown["withdrawable"], shown["mine"]) == (
        REASON,
        submission.digest,
        False,
        True,
    )
    assert shown["files"] == [{"name": "table.csv", "size": "20 bytes"}]
    assert shown["findings"] == [
        {
            "severity": "warn",
            "what": "a count below 10: is it the size of a group?",
            "where": "table.csv, line 2, column 2",
        }
    ]
    assert model_of("sam").answer({"kind": "show", "submission": submission.id})["shown"]["withdrawable"] is True


def test_a_verdict_counts_for_what_was_shown(submit, model_of, as_):
    """Given with the digest; the answer says what comes next."""
    submission = submit().submission
    model = model_of("sue")
    look = {"kind": "open", "submission": submission.id, "name": "table.csv"}
    eve = model_of("eve")
    for one in (model, eve):
        one.answer(look)

    answer = model.answer(asked(submission))

    assert answer["said"] == "You said approve. The submission waits for 1 approval."
    with pytest.raises(CcdsError, match="expected one review of each person"):
        model.answer(asked(submission))
    with pytest.raises(CcdsError, match="expected a review of what is submitted"):
        eve.answer(asked(submission, digest="0" * 64))
    with pytest.raises(CcdsError, match="expected a reviewer other than the author"):
        model_of("sam").answer(asked(submission))
    with pytest.raises(CcdsError, match="expected a reason of 10 to"):
        eve.answer(asked(submission, reason="ok"))
    assert len(as_("sam").get(submission.id).reviews) == 1


def test_an_author_takes_it_back(submit, model_of, as_):
    """And nobody else."""
    submission = submit().submission
    with pytest.raises(CcdsError, match="expected its author"):
        model_of("sue").answer({"kind": "withdraw", "submission": submission.id})

    model_of("sam").answer({"kind": "withdraw", "submission": submission.id})

    assert as_("sam").get(submission.id).state is State.WITHDRAWN


@pytest.mark.parametrize("name", ["../table.csv", "/etc/passwd", "other.csv", "", "TABLE.CSV", "table.csv/"])
def test_only_a_sealed_file_is_opened(submit, model_of, name):
    """What the page sends never becomes a path."""
    submission = submit().submission

    with pytest.raises(CcdsError, match="expected a file of the submission; found none of that name"):
        model_of("sue").answer({"kind": "open", "submission": submission.id, "name": name})


def test_a_fellow_can_not_look_at_what_others_submit(submit, model_of):
    """She submits and doesn't review: neither list nor file nor detail."""
    submission = submit().submission
    model = model_of("fay")

    assert model.start()["submissions"] == []
    for asked in ({"kind": "show"}, {"kind": "open", "name": "table.csv"}, {"kind": "withdraw"}):
        with pytest.raises(CcdsError, match="expected the id of a submission of this project"):
            model.answer(asked | {"submission": submission.id})


def test_a_notebook_s_source_is_shown(submit, results, model_of):
    """Cell by cell, without what it printed."""
    (results / "a.ipynb").write_text(NOTEBOOK)
    submission = submit("a.ipynb", kind=Kind.NOTEBOOK).submission

    answer = model_of("sue").answer({"kind": "open", "submission": submission.id, "name": "a.ipynb"})

    assert answer["cells"] == [
        {"number": 1, "kind": "code", "source": "x = 1\nprint(x)"},
        {"number": 2, "kind": "markdown", "source": "# Sensitivity"},
    ]
    assert SECRET not in json.dumps(answer)


def asked(submission, **more) -> dict:
    """What the page sends to approve a submission."""
    return {
        "kind": "review", "submission": submission.id, "digest": submission.digest, "verdict": "approve", "reason": WHY, **more,
    }  # fmt: skip


def test_nobody_approves_what_they_were_not_shown(submit, results, model_of, as_):
    """Every page of every file, by the one who approves; a refusal needs no look."""
    (results / "notes.md").write_text("a line\n" * 500)
    submission = submit("table.csv", "notes.md").submission
    model, other = model_of("sue"), model_of("eve")
    opened = {"kind": "open", "submission": submission.id}

    shown = model.answer({"kind": "show", "submission": submission.id})["shown"]
    assert shown["unseen"] == ["table.csv", "notes.md"]
    assert model.answer(opened | {"name": "table.csv"})["unseen"] == ["notes.md"]
    assert model.answer(opened | {"name": "notes.md"})["unseen"] == ["notes.md"]
    with pytest.raises(
        CcdsError, match=r"expected every file shown to its last page .* found 1 that weren't, first notes\.md"
    ):
        model.answer(asked(submission))
    assert model.answer(opened | {"name": "notes.md", "page": 1})["unseen"] == []
    model.answer(asked(submission))
    with pytest.raises(CcdsError, match="found 2 that weren't"):
        other.answer(asked(submission))
    other.answer(asked(submission, verdict="refuse"))

    assert as_("sam").get(submission.id).state is State.REFUSED
    assert [review.reason for review in as_("sam").get(submission.id).reviews] == [WHY, WHY]


def test_who_looked_in_another_way_says_so(submit, results, model_of, as_):
    """Weights are never shown; what the reviewer says of them stands in the review. It makes no reason of a word."""
    (results / "model.safetensors").write_bytes(safetensors(("w", "F32", (3, 4), 48)))
    submission = submit("model.safetensors", kind=Kind.MODEL).submission
    model = model_of("sue")
    answer = model.answer({"kind": "open", "submission": submission.id, "name": "model.safetensors"})

    assert (answer["as"], answer["unseen"]) == ("nothing", ["model.safetensors"])
    with pytest.raises(CcdsError, match="expected every file shown to its last page"):
        model.answer(asked(submission))
    with pytest.raises(CcdsError, match="expected a reason of 10 to"):
        model.answer(asked(submission, otherwise=True, reason="ok"))
    model.answer(asked(submission, otherwise=True))

    (review,) = as_("sam").get(submission.id).reviews
    assert review.reason == f"{WHY} (Looked at in another way: model.safetensors.)"


@pytest.mark.parametrize(
    "content",
    [
        None, [], "list", {}, {"kind": "drop"}, {"kind": "show"}, {"kind": "show", "submission": "SECRET"},
        {"kind": "show", "submission": "../../secret"}, {"kind": "show", "submission": "0" * 13}, {"kind": "list", "all": True},
        {"kind": "review", "submission": "0" * 12, "digest": "0" * 64, "verdict": "release", "reason": "x"},
        {"kind": "review", "submission": "0" * 12, "digest": "0" * 64, "verdict": "approve", "reason": "SECRET" * 2000},
        {"kind": "review", "submission": "0" * 12, "verdict": "approve", "reason": "x", "digest": "0" * 64, "reviewer": "eve"},
        {"kind": "open", "submission": "0" * 12, "name": "x" * 201},
        {"kind": "open", "submission": "0" * 12, "name": "x", "page": -1},
        {"kind": "open", "submission": "0" * 12, "name": "x", "page": "1"},
    ],
)  # fmt: skip
def test_a_wrong_request_is_refused_unquoted(content):
    """One line, the way out, nothing of what was sent."""
    with pytest.raises(CcdsError, match="reload the page") as raised:
        parse(content)

    assert "SECRET" not in str(raised.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


KEYS = st.sampled_from(["kind", "submission", "name", "digest", "verdict", "reason", "more"])
VALUES = st.sampled_from(["list", "show", "open", "review", "withdraw", "approve", "0" * 12, "0" * 64])


@given(st.dictionaries(KEYS, JSON | VALUES))
def test_any_json_is_a_request_or_a_refusal(content):
    """No message, however odd, raises anything but a CcdsError."""
    try:
        request = parse(content)
    except CcdsError:
        return

    assert request.kind == content["kind"]
