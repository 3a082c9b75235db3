"""What a page gets of a run that it follows, and how seldom the scheduler is asked for it."""

from dataclasses import replace

from ccds_kernel.training.state import RunState
from support.training_model import as_json, look, metric, only_run, open_model, run_id, seen, start, trainings

__all__ = ["open_model", "trainings"]


def test_a_page_gets_only_what_it_does_not_have(open_model, trainings):
    """From where it left off; another run from its begin."""
    trainings.runs = [seen(1, RunState.RUNNING), seen(2, RunState.RUNNING)]
    trainings.told = {run_id(2): [metric(1), metric(2)], run_id(1): [metric(1)]}
    model = open_model()
    first = start(model)["curve"]
    trainings.told[run_id(2)] += [metric(3)]

    more = look(model, run_id(2), first["offset"])["curve"]
    nothing = look(model, run_id(2), more["offset"])["curve"]
    other = look(model, run_id(1), 10)["curve"]

    assert [[one["step"] for one in curve["metrics"]] for curve in (first, more, nothing)] == [[1, 2], [3], []]
    assert (more["begin"], more["offset"], nothing["offset"]) == (first["offset"], 30, 30)
    assert (other["run"], other["begin"], len(other["metrics"])) == (run_id(2), 0, 3)


def test_following_the_chosen_run_asks_the_scheduler_nothing(open_model, trainings):
    """Its metrics come as they do with a look, also after another run was chosen."""
    trainings.runs = [seen(1, RunState.RUNNING), seen(2, RunState.RUNNING)]
    trainings.told = {run_id(1): [metric(1)], run_id(2): [metric(1), metric(2)]}
    model = open_model()
    start(model)
    model.answer({"kind": "choose", "run": run_id(1)})
    trainings.told[run_id(1)] += [metric(2)]
    trainings.questions.clear()

    answer = as_json(model.answer({"kind": "follow", "run": run_id(1), "offset": 10}))

    assert list(answer) == ["curve"]
    assert (answer["curve"]["run"], answer["curve"]["begin"], answer["curve"]["offset"]) == (run_id(1), 10, 20)
    assert [one["step"] for one in answer["curve"]["metrics"]] == [2]
    assert trainings.questions == []


def test_nothing_is_followed_where_no_run_is_chosen(open_model):
    """A page that is behind gets no curve."""
    model = open_model()
    start(model)

    assert model.answer({"kind": "follow", "run": run_id(1), "offset": 10}) == {"curve": None}


def test_only_the_chosen_run_is_asked_what_it_waits_for(open_model, trainings):
    """However many wait; and only where the scheduler hasn't said so unasked."""
    trainings.runs = [seen(number, RunState.PENDING) for number in range(1, 5)]
    trainings.runs += [seen(5, RunState.PENDING, reason="held")]
    model = open_model()
    start(model)

    held = look(model)
    trainings.questions.clear()
    shown = as_json(model.answer({"kind": "choose", "run": run_id(2)}))

    assert held["chosen"] == run_id(5)
    assert trainings.questions == ["look", run_id(2)]
    assert [run["reason"] for run in shown["runs"]] == ["Held", "", "", "A core is wanted", ""]


def test_time_is_told_when_it_is_known(open_model, trainings):
    """After the first epoch, while it runs; a run that ended has no rest."""
    trainings.runs = [seen(1, RunState.RUNNING)]
    trainings.told = {run_id(1): [metric(number) for number in range(1, 6)]}
    model = open_model()

    before = start(model)["curve"]
    trainings.told[run_id(1)] += [metric(5, closes=True)]
    running = look(model)["curve"]
    trainings.runs = [seen(1, RunState.KILLED)]
    killed = look(model)["curve"]

    assert (before["done"], before["epoch_s"], before["rest_s"]) == (0, None, None)
    assert (running["done"], running["epoch_s"], running["rest_s"]) == (1, 2.0, 18.0)
    assert (killed["done"], killed["epoch_s"], killed["rest_s"]) == (1, 2.0, None)
    assert running["metrics"][-1]["validation"] == {"auc": None}


def test_a_state_that_nobody_knows_is_shown_as_unknown(open_model, trainings):
    """A scheduler that doesn't answer loses no run and no curve."""
    trainings.runs = [replace(seen(1, RunState.UNKNOWN, reason="the scheduler doesn't answer"))]
    trainings.told = {run_id(1): [metric(1)]}

    shown = start(open_model())

    assert (only_run(shown)["state"], only_run(shown)["live"]) == ("unknown", True)
    assert only_run(shown)["reason"] == "The scheduler doesn't answer"
    assert len(shown["curve"]["metrics"]) == 1
