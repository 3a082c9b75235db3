"""The rules of the training launcher, on trainings that a test writes down."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ccds_kernel.batch import JobRefusedError, SchedulerUnavailableError
from ccds_kernel.errors import CcdsError
from ccds_kernel.training.metrics import Metric
from ccds_kernel.training.record import RunRecord
from ccds_kernel.training.run import RunStatus
from ccds_kernel.training.spec import TrainingSpec
from ccds_kernel.training.state import RunState
from ccds_widgets.training.app import FIRST
from ccds_widgets.training.model import MOST_RUNS, TrainingModel
from ccds_widgets.training.ports import Asked, Look, Seen

FORM = vars(FIRST)


def run_id(number: int) -> str:
    """The id of run `number`: a later one has a higher number."""
    return f"20260131-{number:06d}-0a1b2c"


def seen(number: int, state: RunState, *, person: str = "sam", job: str | None = "7", **status: object) -> Seen:
    """A run as the site sees it."""
    spec = TrainingSpec(datalist=Path("list.json"), bundle="/somewhere/mine", epochs=10, image_size=24)
    record = RunRecord(
        id=run_id(number), project="HEAD-1", person=person, made=datetime(2026, 1, 31, 14, 23, tzinfo=UTC), spec=spec,
        bundle_sha256="", datalist_sha256="", versions={},
    )  # fmt: skip
    values = {"reason": "", "epoch": 4, "epochs": 10, "starts": 1, "requeues": 0} | status
    return Seen(record, RunStatus(state=state, job=job, **values))


def metric(step: int, *, closes: bool = False) -> Metric:
    """One line of a run; five steps are an epoch."""
    return Metric(
        step=step, epoch=1 + (step - 1) // 5, loss=1 / step, lr=0.1, seconds=2.0, closes_epoch=closes,
        validation={"auc": None} if closes else {},
    )  # fmt: skip


@dataclass
class FakeTrainings:
    """Trainings by hand: a list of runs, what each of them told, and what was asked for."""

    runs: list[Seen] = field(default_factory=list)
    told: dict[str, list[Metric]] = field(default_factory=dict)
    asked: list[object] = field(default_factory=list)
    volumes_error: CcdsError | None = None
    refusal: CcdsError | None = None
    answers: bool = True
    questions: list[str] = field(default_factory=list)
    damaged: tuple[CcdsError, ...] = ()

    def look(self) -> Look:
        """The latest first; noted, since it is a question to the scheduler."""
        self.questions.append("look")
        return Look(tuple(sorted(self.runs, key=lambda one: one.record.id, reverse=True)), self.damaged)

    def waits_for(self, run: str) -> str:
        """A core; noted, for the same reason."""
        self.questions.append(run)
        return "a core is wanted"

    def metrics(self, run: str, offset: int) -> tuple[list[Metric], int]:
        """Ten bytes a line."""
        lines = self.told.get(run, [])
        return lines[offset // 10 :], 10 * len(lines)

    def volumes(self) -> dict[str, tuple[int, int]]:
        """A small list."""
        if self.volumes_error:
            raise self.volumes_error
        return {"training": (5, 4), "validation": (2, 1)}

    def bundles(self) -> dict[str, tuple[str, ...]]:
        """Ours, and one that knows no option."""
        return {"classify3d": ("image_size", "learning_rate"), "mine": ()}

    def gpu_slots(self) -> int | None:
        """Four."""
        return 4

    def launch(self, asked: Asked) -> str:
        """The next run; without a job where the scheduler doesn't answer."""
        self._note(asked)
        if not self.answers:
            self.runs.append(seen(len(self.runs) + 1, RunState.UNKNOWN, job=None))
            raise SchedulerUnavailableError(expected="an answer of the scheduler", found="none", do="try again")
        self.runs.append(seen(len(self.runs) + 1, RunState.PENDING))
        return run_id(len(self.runs))

    def cancel(self, run: str) -> None:
        """Noted; the run ends when the test says so."""
        self._note(("cancel", run))

    def restart(self, run: str) -> None:
        """Noted."""
        self._note(("restart", run))

    def _note(self, what: object) -> None:
        if self.refusal:
            raise self.refusal
        self.asked.append(what)


@pytest.fixture
def trainings() -> FakeTrainings:
    """No run yet."""
    return FakeTrainings()


@pytest.fixture
def open_model(trainings) -> Callable[..., TrainingModel]:
    """The launcher of one notebook; each call is another notebook, or the same after a kernel restart."""

    def open_it(person: str = "sam", permit: Callable[[], None] = lambda: None) -> TrainingModel:
        return TrainingModel(trainings, project="HEAD-1", person=person, permit=permit, form=FIRST)

    return open_it


def as_json(answer: dict) -> dict:
    """What a page gets; it must be JSON."""
    return json.loads(json.dumps(answer, allow_nan=False))


def start(model: TrainingModel) -> dict:
    """What a page shows first."""
    return as_json(model.start())


def look(model: TrainingModel, run: str | None = None, offset: int = 0) -> dict:
    """A page asks how things stand."""
    return as_json(model.answer({"kind": "look", "run": run, "offset": offset}))


def only_run(answer: dict) -> dict:
    """The only run that is listed."""
    (run,) = answer["runs"]
    return run


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


def test_two_notebooks_see_the_same(open_model):
    """What one launches the other lists; each looks at its own choice."""
    here, there = open_model(), open_model()
    start(there)

    here.answer({"kind": "launch", "form": FORM})
    shown = look(there)

    assert only_run(shown)["id"] == run_id(1)
    assert shown["chosen"] is None
    assert start(there)["chosen"] == run_id(1)


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


def test_a_state_that_nobody_knows_is_shown_as_unknown(open_model, trainings):
    """A scheduler that doesn't answer loses no run and no curve."""
    trainings.runs = [replace(seen(1, RunState.UNKNOWN, reason="the scheduler doesn't answer"))]
    trainings.told = {run_id(1): [metric(1)]}

    shown = start(open_model())

    assert (only_run(shown)["state"], only_run(shown)["live"]) == ("unknown", True)
    assert only_run(shown)["reason"] == "The scheduler doesn't answer"
    assert len(shown["curve"]["metrics"]) == 1
