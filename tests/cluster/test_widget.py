"""What the page of the cluster app gets to see, and what it may ask."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.batch import JobId, PriorityClass
from ccds_kernel.cluster.period import Grain
from ccds_kernel.cluster.publish import publish
from ccds_kernel.cluster.reading import PublishedCluster
from ccds_kernel.cluster.record import HowEnded, SessionRecord
from ccds_kernel.cluster.report import ClusterReport, compute
from ccds_kernel.cluster.use import Training, Use
from ccds_kernel.cluster.wording import SILENT
from ccds_kernel.demo.cluster import pretended
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.site import SiteAccessDenied
from ccds_kernel.settings import Settings
from ccds_kernel.training.record import Outcome
from ccds_widgets.cluster.app import cluster_app
from ccds_widgets.cluster.axes import hour_ticks, period_labels, wait_place, wait_ticks
from ccds_widgets.cluster.messages import parse
from ccds_widgets.cluster.model import ClusterModel
from ccds_widgets.cluster.screen import screen
from support.site import ADMINISTRATOR, act_as

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def report() -> ClusterReport:
    """Three pretended months."""
    return compute(*pretended(3, NOW), NOW, pretended=True)


class Shelf:
    """A port that has one report, or none."""

    def __init__(self, report: ClusterReport | None) -> None:
        self.report = report

    def read(self) -> ClusterReport | None:
        """That."""
        return self.report


def session(day: int, *, started: bool = True, idle_s: float | None = None, gpus: int = 2) -> SessionRecord:
    """Two hours on a day of November, or a node that was called off after as long."""
    asked = datetime(2026, 11, day, 8, tzinfo=UTC)
    return SessionRecord(
        person="sam",
        project="CHEST-1",
        session="chest-1-lab",
        job=JobId("1"),
        submitted=asked,
        classes=((asked, PriorityClass.FIRST),),
        gpus=gpus,
        started=asked if started else None,
        ended=asked + timedelta(hours=2),
        how=HowEnded.STOPPED if started else HowEnded.CANCELLED,
        idle_s=idle_s,
        gpus_measured=True,
    )


@pytest.mark.parametrize(
    ("outcomes", "total", "ways"),
    [
        ([Outcome.FINISHED, None], "1 training ended, 1 may have", ["All epochs done", SILENT.capitalize()]),
        ([None], "no training ended, 1 may have", [SILENT.capitalize()]),
        ([], "no training ended", []),
    ],
)
def test_a_training_without_a_word_of_its_end_is_counted_apart(
    outcomes: list[Outcome | None], total: str, ways: list[str]
) -> None:
    """It may wait to begin anew: nobody says that it ended."""
    began = datetime(2026, 11, 9, 8, tzinfo=UTC)
    ended = began + timedelta(hours=1)
    use = Use(project="CHEST-1", person="sam", priority_class=PriorityClass.BATCH, gpus=1, begin=began, end=ended)
    trainings = [
        Training(project="CHEST-1", person="sam", uses=(use,), seen=ended, outcome=outcome) for outcome in outcomes
    ]

    shown = screen(compute([session(9)], trainings, NOW), Grain.MONTH, "2026-11")

    (told,) = (ends for ends in shown["chosen"]["ends"] if ends["title"] == "Trainings")
    assert told["total"] == total
    assert [row["name"] for row in told["rows"]] == ways


def test_it_opens_with_the_newest_month_that_is_over(report: ClusterReport) -> None:
    """The running one is in the charts, and says that it runs."""
    shown = ClusterModel(Shelf(report)).start()["screen"]

    assert [one["when"] for one in shown["periods"]] == ["2026-08 from 08-27", "2026-09", "2026-10", "2026-11 so far"]
    assert (shown["grain"], shown["chosen"]["name"], shown["chosen"]["days"]) == (
        "month",
        "2026-10",
        "2026-10-01 to 2026-10-31",
    )
    assert shown["pretended"] is True


def test_another_length_and_period_are_shown_when_they_are_asked_for(report: ClusterReport) -> None:
    """A period that isn't in the report any more gives way to the newest that is over."""
    model = ClusterModel(Shelf(report))

    week = model.answer({"kind": "show", "grain": "week", "period": "2026-W45"})["screen"]
    day = model.answer({"kind": "show", "grain": "day", "period": "2025-01-01"})["screen"]

    assert (len(week["periods"]), week["chosen"]["name"]) == (13, "2026-W45")
    assert (len(day["periods"]), day["chosen"]["name"]) == (31, "2026-11-25")


def test_what_the_page_gets_adds_up(report: ClusterReport) -> None:
    """By class, by project and by person: the same GPU-hours; each person once; bars no longer than the longest."""
    shown = screen(report, Grain.MONTH, "2026-10")

    (month,) = (one for one in report.of(Grain.MONTH) if one.name == "2026-10")
    total = sum(one.gpu_hours for one in month.held)
    (placed,) = (one for one in shown["periods"] if one["name"] == "2026-10")
    assert sum(placed["hours"]) == pytest.approx(total)
    for group in shown["chosen"]["groups"]:
        names = [row["name"] for row in group["rows"]]
        assert len(names) == len(set(names))
        assert sum(group["rows"][0]["shares"]) == pytest.approx(1)
        most = max(sum(row["shares"]) for row in group["rows"])
        assert most == pytest.approx(1)
    assert shown["hour_ticks"][-1] >= total


def test_nothing_recorded_and_nothing_published_are_told_apart() -> None:
    """A report without periods has words; without a report there is no screen."""
    empty = ClusterModel(Shelf(compute([], [], NOW))).start()["screen"]

    assert (empty["chosen"], empty["periods"]) == (None, [])
    assert empty["nothing"].startswith("Nothing was recorded yet: no node was asked for")
    assert ClusterModel(Shelf(None)).start() == {"screen": None}


def test_idle_that_was_not_measured_is_neither_zero_nor_a_bar() -> None:
    """It says so in the chart, the tile and the tables; a session that was measured and never idle is zero."""
    report = compute([session(9), session(10, idle_s=0), session(11, gpus=0)], [], NOW)

    days = {one["name"]: one["idle"] for one in screen(report, Grain.DAY, None)["periods"]}
    tile = screen(report, Grain.DAY, "2026-11-09")["chosen"]["tiles"][-1]

    assert (days["2026-11-09"]["share"], days["2026-11-09"]["cells"][0]) == (None, "not measured")
    assert (days["2026-11-10"]["share"], days["2026-11-10"]["cells"][0]) == (0, "0 %")
    assert (days["2026-11-11"]["share"], days["2026-11-11"]["cells"][0]) == (None, "–")
    assert (tile["value"], tile["lines"]) == ("not measured", ["1 session not measured (4.0 GPU-hours)"])


def test_waits_of_nobody_have_no_mark_and_say_why() -> None:
    """A node that was called off has no median."""
    (day, *_) = screen(compute([session(9, started=False)], [], NOW), Grain.DAY, None)["periods"]

    waits = day["waits"]["first"]
    assert (waits["median"], waits["low"], waits["lasting"]) == (None, None, False)
    assert waits["lines"] == ["0 of 1 came", "1 ended before it came, after 2 h"]
    assert day["waits"]["second"]["lines"] == ["none was asked for"]


def test_labels_name_the_year_once_and_months_that_have_room(report: ClusterReport) -> None:
    """Days have their month below them where it begins."""
    labels = period_labels(report.of(Grain.DAY))

    assert labels[0] == ("27", "Oct 2026")
    assert [label for label in labels if label[1]] == [("27", "Oct 2026"), ("1", "Nov 2026")]
    assert period_labels(report.of(Grain.MONTH))[:2] == [("Aug", "2026"), ("Sep", "")]
    assert period_labels(report.of(Grain.WEEK))[0] == ("W36", "2026")
    first_of_november = compute([session(1)], [], datetime(2026, 12, 1, tzinfo=UTC))
    assert period_labels(first_of_november.of(Grain.DAY))[0] == ("1", "Nov 2026")
    last_of_october = compute(*pretended(3, datetime(2026, 11, 30, tzinfo=UTC)), datetime(2026, 11, 30, tzinfo=UTC))
    assert period_labels(last_of_october.of(Grain.DAY))[:2] == [("31", ""), ("1", "Nov 2026")]


@given(st.lists(st.just(0.0) | st.floats(1e-6, 1e6), max_size=5))
def test_an_axis_of_hours_holds_them_all(totals: list[float]) -> None:
    """From zero, with few marks, each higher than the one before."""
    ticks = hour_ticks(totals)

    assert ticks[0] == 0
    assert ticks[-1] >= max(totals, default=0) * (1 - 1e-6)
    assert ticks == sorted(set(ticks))
    assert 2 <= len(ticks) <= 8


@given(st.lists(st.floats(0, 1e9), max_size=5))
def test_an_axis_of_waits_holds_them_all(lengths: list[float]) -> None:
    """At least two marks; what lies beyond the last mark lies on it."""
    places = [tick["place"] for tick in wait_ticks(lengths)]

    assert len(places) >= 2
    assert places == sorted(set(places))
    assert all(places[0] <= wait_place(one) <= places[-1] for one in lengths)


@pytest.mark.parametrize(
    "content",
    [
        None, {}, {"kind": "show"}, {"kind": "show", "grain": "year", "period": None},
        {"kind": "show", "grain": "day", "period": 1}, {"kind": "show", "grain": "day", "period": "x" * 11},
        {"kind": "show", "grain": "day", "period": None, "path": "/etc"},
    ],
)  # fmt: skip
def test_anything_else_is_refused(content: object) -> None:
    """In one line that quotes nothing."""
    with pytest.raises(CcdsError, match="expected a request that this app knows"):
        parse(content)


def test_each_answer_is_permitted_anew(settings: Settings, report: ClusterReport) -> None:
    """Whoever is taken off the list sees nothing more."""
    publish(report, person=ADMINISTRATOR, settings=settings)
    now = [settings]
    model = ClusterModel(PublishedCluster("lea", lambda: now[0]))
    model.start()

    now[0] = settings.model_copy(update={"hub": settings.hub.model_copy(update={"leadership": ()})})

    with pytest.raises(SiteAccessDenied):
        model.answer({"kind": "show", "grain": "day", "period": None})


def test_the_app_takes_site_and_person_from_the_session(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, report: ClusterReport
) -> None:
    """What the hub set in the environment decides; there is no project. Answers are JSON."""
    publish(report, person=ADMINISTRATOR, settings=settings)
    act_as(monkeypatch, "fay")
    with pytest.raises(CcdsError, match="expected somebody of this site's leadership; found fay"):
        cluster_app().answer({"kind": "ready"})
    act_as(monkeypatch, "lea")

    answer = cluster_app().answer({"kind": "ready"})

    assert json.loads(json.dumps(answer))["screen"]["chosen"]["name"] == "2026-10"
