"""What somebody may do with a run in the launcher, and what becomes of it."""

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.training.state import RunState
from support.training_model import FORM, as_json, look, only_run, open_model, run_id, seen, start, trainings

__all__ = ["open_model", "trainings"]


@pytest.mark.parametrize(
    ("state", "job", "may"),
    [
        ("pending", "7", (True, False, "")),
        ("running", "7", (True, False, "")),
        ("suspended", "7", (True, False, "")),
        ("finished", "7", (False, False, "All epochs are done: train again for a new run.")),
        ("stopped", "7", (False, True, "")),
        ("cancelled", "7", (False, True, "")),
        ("killed", "7", (False, True, "")),
        ("failed", "7", (False, True, "")),
        ("unknown", "7", (True, False, "It counts as alive: sam can restart it once it is certain that it ended.")),
        ("unknown", None, (False, True, "")),
    ],
)
def test_what_can_be_done_with_one_s_own_run(open_model, trainings, state, job, may):
    """Cancel while it is alive, restart when it surely ended without being finished; else why not."""
    trainings.runs = [seen(1, RunState(state), job=job)]

    run = only_run(start(open_model()))

    assert (run["can_cancel"], run["can_restart"], run["why_not"]) == may


@pytest.mark.parametrize("state", list(RunState))
def test_somebody_else_s_run_is_seen_and_left_alone(open_model, trainings, state):
    """Its owner is named."""
    trainings.runs = [seen(1, state, person="lee")]

    run = only_run(start(open_model()))

    assert (run["mine"], run["can_cancel"], run["can_restart"]) == (False, False, False)
    assert run["why_not"] == "A run of lee: only lee can cancel or restart it."


def test_a_run_that_is_told_to_end_says_so_until_it_has(open_model, trainings):
    """Cancelling takes a while; a restart afterwards is another start."""
    trainings.runs = [seen(1, RunState.RUNNING)]
    model = open_model()

    told = only_run(as_json(model.answer({"kind": "cancel", "run": run_id(1)})))
    questions = list(trainings.questions)
    trainings.runs = [seen(1, RunState.CANCELLED)]
    ended = only_run(look(model))
    trainings.runs = [seen(1, RunState.RUNNING, starts=2)]
    again = only_run(look(model))

    assert trainings.asked == [("cancel", run_id(1))]
    assert questions == ["look"]
    assert [one["ending"] for one in (told, ended, again)] == [True, False, False]


@pytest.mark.parametrize(
    "request_",
    [
        {"kind": "look", "run": None, "offset": 0},
        {"kind": "follow", "run": None, "offset": 0},
        {"kind": "choose", "run": run_id(1)},
        {"kind": "keep", "form": FORM},
        {"kind": "launch", "form": FORM},
        {"kind": "cancel", "run": run_id(1)},
        {"kind": "restart", "run": run_id(1)},
    ],
)
def test_each_request_is_permitted_anew(open_model, trainings, request_):
    """Who was taken off the roster sees and does nothing more, though the notebook is open."""
    allowed = [True]

    def permit() -> None:
        if not allowed[0]:
            raise CcdsError(expected="sam on the roster", found="somebody else's names", do="ask Dr. Reed")

    trainings.runs = [seen(1, RunState.RUNNING)]
    model = open_model(permit=permit)
    model.start()
    allowed[0] = False

    for ask in (lambda: model.answer(request_), model.start):
        with pytest.raises(CcdsError, match="sam on the roster"):
            ask()
    allowed[0] = True

    assert trainings.asked == []
    assert start(model)["form"] == FORM


def test_a_refused_action_reaches_the_page_in_one_line(open_model, trainings):
    """And the run stays what it is."""
    trainings.runs = [seen(1, RunState.KILLED)]
    trainings.refusal = CcdsError(expected="a", found="b", do="c")
    model = open_model()

    for kind in ("cancel", "restart"):
        with pytest.raises(CcdsError, match="expected a; found b; c"):
            model.answer({"kind": kind, "run": run_id(1)})

    assert only_run(look(model))["ending"] is False
