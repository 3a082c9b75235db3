"""The run page's rules, on runs that are as a test says: what a page sees of each, and what it may ask for."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.workflow.progress import SILENT, Progress, RunState
from ccds_widgets.normalization.runs.model import RunsModel
from ccds_widgets.normalization.runs.ports import Begun, Failed, Seen, Where
from ccds_widgets.normalization.saved_recipes import SavedRecipe

RECIPE = Recipe.from_yaml("name: head CT\nsteps:\n- window: {center: 40, width: 80}\n")
DIGEST = RECIPE.digest()
OTHER = "ab" * 32


def progress(state: RunState = RunState.RUNNING, **changed) -> Progress:
    """A run of ten volumes, four of them done, that shows signs of life."""
    now = datetime.now(UTC)
    one = Progress(
        operator="normalization", digest=DIGEST, engine="local", person="sam", state=state,
        begun_at=now - timedelta(minutes=1), seen_at=now, total=10, done=4, running=2, waiting=4, workers=2,
    )  # fmt: skip
    return replace(one, **changed)


@dataclass
class ToldRuns:
    """Runs as a test tells them; what is asked of them is kept."""

    seen: list[Seen] = field(default_factory=list)
    starting: dict[str, Begun] = field(default_factory=dict)
    asked: list[tuple] = field(default_factory=list)

    def volumes(self) -> int:
        """As of the port."""
        return 10

    def recipes(self) -> Sequence[SavedRecipe]:
        """As of the port."""
        return [SavedRecipe("head-ct.yaml", RECIPE)]

    def look(self) -> Sequence[Seen]:
        """As of the port."""
        return self.seen

    def begun(self) -> dict[str, Begun]:
        """As of the port."""
        return self.starting

    def failed(self, digest: str, most: int) -> Sequence[Failed]:
        """As of the port."""
        self.asked.append(("failed", digest))
        return [Failed("k/1", "read: an image", "none", "convert it", is_quarantined=True)][:most]

    def begin(self, file: str, where: Where) -> str:
        """As of the port."""
        self.asked.append(("begin", file, where))
        return DIGEST

    def go_on(self, digest: str, where: Where, *, again: bool) -> None:
        """As of the port."""
        self.asked.append(("go_on", digest, where, again))

    def stop(self, digest: str) -> None:
        """As of the port."""
        self.asked.append(("stop", digest))


def page(runs: ToldRuns, *, may_write: bool = True) -> RunsModel:
    """The page of somebody who may write, or may not."""

    def permit_writing() -> None:
        if not may_write:
            raise CcdsError(expected="somebody who may write images", found="another", do="ask")

    return RunsModel(
        runs,
        project="HEAD-1",
        permit=lambda: None,
        permit_writing=permit_writing,
        may_write=lambda: may_write,
    )


def only(answer):
    """The one run that is told."""
    (run,) = answer["runs"]
    return run


@pytest.mark.parametrize(
    ("now", "state", "offers"),
    [
        (progress, "running", {"may_stop"}),
        (lambda: progress(RunState.WAITING), "waiting", {"may_stop"}),
        (lambda: progress(RunState.STOPPED), "stopped", {"may_go_on"}),
        (lambda: progress(RunState.BROKEN, failed=1, quarantined=1), "broken", {"may_go_on", "may_try_again"}),
        (lambda: progress(seen_at=datetime.now(UTC) - 2 * SILENT), "interrupted", {"may_go_on"}),
        (lambda: progress(RunState.ENDED, done=10, running=0, waiting=0), "ended", set()),
        (lambda: progress(RunState.ENDED, failed=2, quarantined=2), "ended", {"may_try_again"}),
        (lambda: progress(RunState.ENDED, failed=2, quarantined=0), "ended", {"may_go_on"}),
    ],
)
def test_each_state_offers_what_makes_sense(now, state, offers):
    """Stopping what lives, going on with what has a rest, trying what is in quarantine; nothing to who may only look."""
    runs = ToldRuns([Seen(DIGEST, "head CT", now())])

    run = only(page(runs).start())
    looked_at = only(page(runs, may_write=False).start())

    assert run["state"] == state
    assert {name for name in run if name.startswith("may_") and run[name]} == offers
    assert not any(looked_at[name] for name in looked_at if name.startswith("may_"))


@pytest.mark.parametrize("state", [RunState.WAITING, RunState.RUNNING])
def test_a_run_whose_controller_s_job_is_gone_can_be_gone_on_with(state):
    """Also where it waited and said nothing: nobody would ever come to it."""
    runs = ToldRuns([Seen(DIGEST, "head CT", progress(state, engine="cluster"), lost="failed: exit code 1")])

    run = only(page(runs).start())

    assert (run["state"], run["live"], run["may_stop"], run["may_go_on"]) == ("interrupted", False, False, True)
    assert "(failed: exit code 1)" in run["why"]


def test_a_run_that_is_starting_is_shown_before_it_has_files():
    """And why it didn't start, where its command ended without a file."""
    runs = ToldRuns(starting={DIGEST: Begun("head CT")})
    model = page(runs)

    starting = only(model.start())
    runs.starting[DIGEST] = Begun("head CT", "expected volumes of HEAD-1; found none; make some")
    broken = only(model.answer({"kind": "look"}))

    assert (starting["state"], starting["live"], starting["name"]) == ("starting", True, "head CT")
    assert (broken["state"], broken["live"]) == ("broken", False)
    assert broken["why"] == "Expected volumes of HEAD-1; found none; make some."


def test_a_run_that_is_begun_again_is_starting_until_its_files_say_more():
    """It keeps what the earlier one did."""
    runs = ToldRuns([Seen(DIGEST, "head CT", progress(RunState.STOPPED))], {DIGEST: Begun("head CT")})

    run = only(page(runs).start())

    assert (run["state"], run["live"], run["done"]) == ("starting", True, 4)
    assert not run["may_go_on"]


def test_what_is_asked_for_is_done():
    """Begin, go on, stop: with the file or hash that was chosen, and where."""
    runs = ToldRuns([Seen(DIGEST, "head CT", progress())])
    model = page(runs)
    model.start()

    model.answer({"kind": "begin", "file": "head-ct.yaml", "where": "cluster"})
    model.answer({"kind": "go_on", "run": DIGEST, "where": "local", "again": True})
    stopping = only(model.answer({"kind": "stop", "run": DIGEST}))
    runs.seen = [Seen(DIGEST, "head CT", progress(begun_at=datetime.now(UTC)))]
    anew = only(model.answer({"kind": "look"}))

    assert runs.asked == [
        ("begin", "head-ct.yaml", Where.CLUSTER),
        ("go_on", DIGEST, Where.LOCAL, True),
        ("stop", DIGEST),
    ]
    assert stopping["stopping"]
    assert not anew["stopping"]


@pytest.mark.parametrize(
    "content",
    [
        {"kind": "begin", "file": "head-ct.yaml", "where": "local"},
        {"kind": "go_on", "run": DIGEST, "where": "local", "again": False},
        {"kind": "stop", "run": DIGEST},
    ],
)
def test_who_may_only_look_begins_and_stops_nothing(content):
    """Whatever the page sends."""
    runs = ToldRuns([Seen(DIGEST, "head CT", progress())])
    model = page(runs, may_write=False)
    model.start()

    with pytest.raises(CcdsError, match="somebody who may write"):
        model.answer(content)

    assert runs.asked == []


@pytest.mark.parametrize(
    "content",
    [
        None,
        {},
        {"kind": "look", "more": 1},
        {"kind": "choose", "run": "../x"},
        {"kind": "begin", "file": "a.yaml", "where": "elsewhere"},
        {"kind": "go_on", "run": DIGEST, "where": "local", "again": 1},
    ],
)
def test_what_is_no_request_is_refused(content):
    """Unknown keys, kinds, places; a hash that is none."""
    with pytest.raises(CcdsError):
        page(ToldRuns()).answer(content)


def test_the_chosen_run_tells_what_failed():
    """Only of that one the records are read; the live one is chosen first."""
    runs = ToldRuns(
        [Seen(OTHER, "other", progress(RunState.ENDED, failed=1)), Seen(DIGEST, "head CT", progress(failed=1))]
    )
    model = page(runs)

    first = model.start()
    chosen = model.answer({"kind": "choose", "run": OTHER})

    assert (first["chosen"], chosen["chosen"]) == (DIGEST, OTHER)
    assert runs.asked == [("failed", DIGEST), ("failed", OTHER)]
    assert chosen["failed"] == [
        {"key": "k/1", "reason": "read: an image", "found": "none", "do": "convert it", "quarantined": True}
    ]
