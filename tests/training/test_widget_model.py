"""The rules of the training launcher, on trainings that a test writes down."""

import json

import pytest

from ccds_kernel.batch import JobRefusedError, SchedulerUnavailableError
from ccds_kernel.errors import CcdsError
from ccds_kernel.training.spec import TrainingSpec
from ccds_kernel.training.state import RunState
from ccds_widgets.training.model import LABELS, MOST_RUNS
from ccds_widgets.training.ports import Asked
from ccds_widgets.training.view import TrainingWidget
from support.training_model import FORM, as_json, look, only_run, open_model, run_id, seen, start, trainings

__all__ = ["open_model", "trainings"]


def test_a_project_without_runs_shows_the_form(open_model):
    """With what there is to train on, and nothing chosen."""
    shown = start(open_model())

    assert (shown["project"], shown["person"], shown["gpu_slots"]) == ("HEAD-1", "sam", 4)
    assert shown["form"] == FORM
    assert shown["bundles"] == [
        {"name": "classify3d", "options": ["image_size", "learning_rate"]},
        {"name": "mine", "options": []},
    ]
    assert shown["volumes"] == {"training": [5, 4], "validation": [2, 1]}
    assert (shown["runs"], shown["chosen"], shown["curve"]) == ([], None, None)


def test_a_launched_run_is_the_chosen_one(open_model, trainings):
    """What was asked for reaches the trainings as it stands in the form, which stays."""
    model = open_model()
    form = FORM | {"epochs": 3, "learning_rate": 0.01}

    answer = as_json(model.answer({"kind": "launch", "form": form}))

    assert trainings.asked == [Asked(**form)]
    assert only_run(answer)["state"] == "pending"
    assert answer["chosen"] == run_id(1)
    assert start(model)["form"] == form


def test_what_the_scheduler_refuses_is_told_and_the_form_stays(open_model, trainings):
    """One line; nothing else has changed."""
    model = open_model()
    trainings.refusal = JobRefusedError(expected="a job that fits", found="one of 9 GPUs", do="ask for less")

    with pytest.raises(JobRefusedError, match="ask for less"):
        model.answer({"kind": "launch", "form": FORM | {"epochs": 3}})
    trainings.refusal = None
    shown = start(model)

    assert (shown["form"]["epochs"], shown["runs"]) == (3, [])


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("learning_rate", 0.0, "expected “Learning rate” above 0, at most 10; found 0.0; correct “Learning rate”"),
        ("batch_size", 0, "expected “Batch size” as a whole number, 1 to 4096; found 0; correct “Batch size”"),
        ("gpus", 2, "expected “GPUs” as a whole number, 0 to 1; found 2; correct “GPUs”"),
        ("cpus", 0, "expected cpus as a whole number, 1 or more; found 0; correct cpus"),
    ],
)
def test_a_number_that_may_not_be_is_told_by_what_the_form_calls_it(open_model, trainings, name, value, told):
    """Of the form's fields; one that the notebook's cell sets has the name that it has there."""
    with pytest.raises(CcdsError) as refused:
        TrainingSpec(datalist="list.json", **{name: value})
    trainings.refusal = refused.value

    with pytest.raises(CcdsError) as shown:
        open_model().answer({"kind": "launch", "form": FORM})

    assert str(shown.value) == told


def test_errors_and_the_form_call_its_fields_the_same():
    """Each label stands in the page."""
    page = TrainingWidget._esm

    numbers = {name for name, label in LABELS.items() if f'{{ name: "{name}", label: "{label}", ' in page}

    assert numbers == LABELS.keys() - {"gpus"}
    assert f'"{LABELS["gpus"]}", gpus)' in page


def test_a_run_that_the_scheduler_did_not_hear_of_is_shown_and_can_be_restarted(open_model, trainings):
    """It is there: told so, nobody makes a second one of it."""
    trainings.runs = [seen(1, RunState.UNKNOWN, job=None), seen(2, RunState.RUNNING)]
    model = open_model()
    start(model)
    trainings.answers = False

    with pytest.raises(SchedulerUnavailableError, match=f"found none; restart the run {run_id(3)} when it answers"):
        model.answer({"kind": "launch", "form": FORM})
    shown = look(model)

    assert shown["chosen"] == run_id(3)
    assert [run["can_restart"] for run in shown["runs"]] == [True, False, True]


def test_a_reload_finds_form_and_chosen_run_again(open_model, trainings):
    """Both are the kernel's, not the page's."""
    trainings.runs = [seen(1, RunState.FINISHED), seen(2, RunState.RUNNING)]
    model = open_model()
    start(model)
    model.answer({"kind": "keep", "form": FORM | {"seed": 5}})
    model.answer({"kind": "choose", "run": run_id(1)})

    again = start(model)

    assert (again["form"]["seed"], again["chosen"], again["curve"]["run"]) == (5, run_id(1), run_id(1))


@pytest.mark.parametrize(
    ("runs", "chosen"),
    [
        ([(1, "running", "sam"), (2, "pending", "sam"), (3, "finished", "sam"), (4, "running", "lee")], 2),
        ([(1, "unknown", "sam"), (2, "finished", "sam")], 1),
        ([(1, "running", "lee"), (2, "finished", "sam")], 1),
        ([(1, "killed", "sam"), (2, "finished", "lee")], 1),
        ([(1, "finished", "lee"), (2, "finished", "lee")], 2),
    ],
)
def test_a_new_kernel_reattaches(open_model, trainings, runs, chosen):
    """To the person's newest run that is alive; else to anybody's, else to the person's last one, else to the last one."""
    trainings.runs = [seen(number, RunState(state), person=person) for number, state, person in runs]

    assert start(open_model())["chosen"] == run_id(chosen)


def test_two_notebooks_see_the_same(open_model):
    """What one launches the other lists; each looks at its own choice."""
    here, there = open_model(), open_model()
    start(there)

    here.answer({"kind": "launch", "form": FORM})
    shown = look(there)

    assert only_run(shown)["id"] == run_id(1)
    assert shown["chosen"] is None
    assert start(there)["chosen"] == run_id(1)


def test_reasons_are_told_as_they_are(open_model, trainings):
    """The scheduler's words while it waits, the training's when it stopped; a page gets them as sentences begin."""
    reason = "expected the loss to be finite; found nan in epoch 3, step 12; lower the learning rate"
    trainings.runs = [seen(1, RunState.STOPPED, reason=reason)]

    run = only_run(start(open_model()))

    assert run["reason"] == f"E{reason[1:]}"


def test_a_bundle_s_place_stays_in_the_kernel(open_model, trainings):
    """A page is told its name, not the path of whoever has it."""
    trainings.runs = [seen(1, RunState.RUNNING)]

    run = only_run(start(open_model()))

    assert run["asked"]["bundle"] == "mine"
    assert "somewhere" not in json.dumps(run)


def test_a_wrong_data_list_is_told_at_the_form(open_model, trainings):
    """Runs are seen all the same."""
    trainings.runs = [seen(1, RunState.RUNNING)]
    trainings.volumes_error = CcdsError(expected="a volume of 3 dimensions", found="one of 4", do="take it out")

    shown = start(open_model())

    assert shown["volumes"] == {"error": "Expected a volume of 3 dimensions; found one of 4; take it out."}
    assert only_run(shown)["state"] == "running"


def test_the_latest_runs_are_listed_and_the_chosen_one(open_model, trainings):
    """Of more it is told how many there are; damaged ones have a line each."""
    trainings.runs = [seen(number, RunState.FINISHED) for number in range(1, MOST_RUNS + 11)]
    trainings.damaged = (CcdsError(expected="run.json", found="something else", do="restore it"),)
    model = open_model()
    start(model)

    answer = as_json(model.answer({"kind": "choose", "run": run_id(3)}))

    listed = [run["id"] for run in answer["runs"]]
    assert listed == [run_id(number) for number in (*range(MOST_RUNS + 10, 10, -1), 3)]
    assert answer["unlisted"] == 9
    assert answer["damaged"] == ["Expected run.json; found something else; restore it."]


def test_a_run_that_is_gone_is_chosen_no_more(open_model, trainings):
    """Its folder was removed, or there never was one of that id."""
    trainings.runs = [seen(1, RunState.FINISHED)]
    model = open_model()
    start(model)
    trainings.runs = []

    gone, wrong = look(model), as_json(model.answer({"kind": "choose", "run": run_id(9)}))

    assert (gone["chosen"], gone["curve"], wrong["chosen"]) == (None, None, None)
