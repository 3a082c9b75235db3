"""What the page of the monitoring app gets to see, and what it may ask."""

import json
import shutil
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.site import SiteAccessDenied
from ccds_kernel.monitoring.aggregate import aggregate
from ccds_kernel.monitoring.join import Joined, Outcome
from ccds_kernel.monitoring.publication import Publication
from ccds_kernel.monitoring.publish import compute
from ccds_kernel.monitoring.reading import PublishedNumbers
from ccds_kernel.monitoring.record import Rows
from ccds_widgets.monitoring.messages import parse
from ccds_widgets.monitoring.model import MonitoringModel
from ccds_widgets.monitoring.screen import screen
from support.monitoring import CHANGED, DEVICES, TEXTS, release, year

NOW = datetime(2025, 2, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def model(settings) -> MonitoringModel:
    """What lea, who leads the site, looks at."""
    return MonitoringModel(PublishedNumbers("lea", lambda: settings))


@pytest.fixture(scope="module")
def shown():
    """The screen of a year."""
    made = year()
    rows = Rows(made.release, made.phrases, tuple(made.predictions), tuple(made.reports), b"secret")
    return screen(compute(rows, published_at=NOW)[0])


def test_nothing_published_is_told(model):
    """Neither a name nor a screen."""
    assert model.start() == {"releases": [], "screen": None}


def test_the_only_release_is_shown_at_once(model, publish_it, entries):
    """With where its numbers come from; that it was shown is in the log."""
    publish_it(year(400))

    found = model.start()

    assert found["releases"] == [{"name": "ich-triage-1.2.0", "model": "ich-triage", "version": "1.2.0"}]
    assert found["screen"]["release"]["title"] == "Head CT: acute hemorrhage"
    assert found["screen"]["release"]["simulated"] is True
    assert found["screen"]["source"].endswith(" studies, their predictions and final reports")
    assert entries()[-1] == ("lea", "PublishedRead", {"release": "ich-triage-1.2.0"})


def test_one_of_several_is_chosen(model, publish_it, entries):
    """The page gets the names first; what is shown is what was asked for."""
    publish_it(year(100))
    other = year(100, seed=8)
    other.release = release(model="nodule", version="0.9", title="Chest CT: nodules")
    publish_it(other)

    first = model.start()
    second = model.answer({"kind": "show", "release": "nodule-0.9"})

    assert ([one["name"] for one in first["releases"]], first["screen"]) == (["ich-triage-1.2.0", "nodule-0.9"], None)
    assert second["screen"]["release"]["title"] == "Chest CT: nodules"
    assert [event for _, event, _ in entries()].count("PublishedRead") == 1


@pytest.mark.parametrize("name", ["nodule-0.9", "", "../clinical/ich-triage", "ich-triage", "ich-triage-1.2.0.json"])
def test_only_a_published_release_is_shown(model, publish_it, name):
    """What the page sends never becomes a path."""
    publish_it(year(100))

    with pytest.raises(CcdsError, match="expected a release of which something is published; found none of that name"):
        model.answer({"kind": "show", "release": name})


def test_only_what_is_published_is_read(model, publish_it, settings):
    """Without the clinical folder, the projects and the registry the app shows the same."""
    publish_it(year(100))
    before = model.start()

    for folder in (settings.paths.clinical, settings.paths.projects, settings.paths.registry):
        shutil.rmtree(folder, ignore_errors=True)

    assert not settings.paths.clinical.exists()
    assert model.start() == before


def test_permission_is_asked_before_each_answer(publish_it, settings):
    """Whoever leaves the leadership sees no more of a page that is open, whatever it asks."""
    publish_it(year(100))
    now = [settings]
    model = MonitoringModel(PublishedNumbers("lea", lambda: now[0]))
    model.start()
    now[0] = settings.model_copy(update={"hub": settings.hub.model_copy(update={"leadership": ()})})

    for ask in (
        model.start,
        lambda: model.answer({"kind": "show", "release": "ich-triage-1.2.0"}),
        lambda: model.answer("junk"),
    ):
        with pytest.raises(SiteAccessDenied):
            ask()


@pytest.mark.parametrize(
    "content",
    [
        None, [], "show", {}, {"kind": "show"}, {"kind": "drop", "release": "a"}, {"kind": "show", "release": 1},
        {"kind": "show", "release": None}, {"kind": "show", "release": "SECRET" * 20},
        {"kind": "show", "release": "a", "path": "SECRET"},
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
)


@given(st.dictionaries(st.sampled_from(["kind", "release", "more"]), JSON | st.just("show")))
def test_any_json_is_a_request_or_a_refusal(content):
    """No message, however odd, raises anything but a CcdsError."""
    try:
        request = parse(content)
    except CcdsError:
        return

    assert (request.kind, request.release) == ("show", content["release"])


def test_nothing_of_a_patient_is_on_the_screen(shown):
    """Everything that is sent to the page, as it is sent."""
    sent = json.dumps(shown, ensure_ascii=False)

    assert [word for word in ("SECRET", *TEXTS.values()) if word in sent] == []
    assert "CT4" in sent


def test_each_metric_has_its_line_its_points_and_its_scanners(shown):
    """Five metrics, twelve months, five scanners; the line of each is what `ccds monitoring show` prints."""
    sensitivity, *others = shown["metrics"]

    assert [metric["name"] for metric in others] == [
        "Specificity",
        "Positive predictive value",
        "Prevalence",
        "Alert rate",
    ]
    assert sensitivity["sentence"] == (
        f"Sensitivity 2024-12: {sensitivity['value']} ({sensitivity['interval']}), {sensitivity['before']}."
    )
    for metric in shown["metrics"]:
        assert [point["when"] for point in metric["points"]] == shown["months"]
        assert [device["name"] for device in metric["devices"]] == list(DEVICES)


def test_a_change_of_software_is_on_the_screen(shown):
    """Both versions with their rates, since when the newer is seen, and in words."""
    sensitivity = shown["metrics"][0]

    (changed,) = [device for device in sensitivity["devices"] if len(device["software"]) > 1]

    assert changed["name"] == CHANGED
    assert [one["version"] for one in changed["software"]] == ["20.4.SS", "21.0.SS"]
    assert changed["software"][1]["since"] == "2024-09"
    assert changed["software"][0]["rate"]["low"] > changed["software"][1]["rate"]["high"]
    # Of the old software a few last reports came in September.
    assert changed["hidden"] == [{"first": "2024-09", "last": "2024-09", "when": "2024-09"}]
    assert changed["note"] == "not shown: 2024-09 in part"
    (sentence,) = sensitivity["software"]
    assert sentence.startswith("Sensitivity on DEMOCT4 since software 21.0.SS (2024-09): ")


def test_an_axis_holds_what_is_drawn_on_it(shown):
    """From its lowest interval to its highest, with few marks, from 0 to 100 %."""
    for metric in shown["metrics"]:
        scanners = [one for device in metric["devices"] for one in device["software"]]
        for ticks, points in (
            (metric["ticks"], metric["points"]),
            (metric["device_ticks"], [*scanners, *(point for one in scanners for point in one["points"])]),
        ):
            rates = [point["rate"] for point in points if point["rate"]]
            assert ticks[0] <= min(one["low"] for one in rates)
            assert ticks[-1] >= max(one["high"] for one in rates)
            assert 2 <= len(ticks) <= 6
            assert 0 <= ticks[0] < ticks[-1] <= 1
    assert max(one["reported"] for one in shown["periods"]) <= shown["volume_ticks"][-1]
    assert len(shown["volume_ticks"]) <= 7


def test_a_month_without_positives_is_a_gap():
    """No rate is drawn there, and the words say why."""
    made = year(400, prevalence=0)
    rows = Rows(made.release, made.phrases, tuple(made.predictions), tuple(made.reports), b"secret")

    sensitivity, specificity, *_ = screen(compute(rows, published_at=NOW)[0])["metrics"]

    assert {point["rate"] for point in sensitivity["points"]} == {None}
    assert sensitivity["points"][0]["text"].startswith("2024-01: no positive studies among ")
    assert (sensitivity["value"], sensitivity["remark"]) == ("–", "no positive studies")
    assert all(point["rate"] for point in specificity["points"])


def test_a_scanner_of_which_nothing_is_shown_is_named():
    """Few studies, or many beside a scanner with few: which of the two isn't told."""
    studies = [*many("B", 200, "2024-01"), *many("A", 4, "2024-01"), *many("C", 300, "2024-01")]

    first, second, third = devices_of(studies)

    assert [device["name"] for device in (first, second, third)] == ["A", "B", "C"]
    reason = "not shown: too few studies, or so that a small group can’t be worked out"
    assert [device["note"] for device in (first, second, third)] == [reason, reason, ""]


def test_what_is_not_shown_is_counted_in_calendar_months():
    """More than three periods aren't named; five of two months are ten. A month of which one software is shown is so in part."""
    studies = [
        one
        for month in range(1, 11)
        for one in (*many("A", 4, f"2024-{month:02d}"), *many("B", 3, f"2024-{month:02d}"))
    ]
    studies += [*many("A", 40, "2024-11"), *many("A", 4, "2024-11", version="2"), *many("B", 30, "2024-11")]
    studies += many("B", 30, "2024-12")

    first, second = devices_of(studies)

    assert len(first["hidden"]) == len(second["hidden"]) == 6
    assert first["note"] == "not shown: 11 months, 1 month in part"
    assert second["note"] == "not shown: 11 months"


def many(device: str, count: int, month: str, version: str = "1") -> list[Joined]:
    """Negative studies that were reported in that month."""
    time = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    return [Joined(time, time, device, version, Outcome.TN)] * count


def devices_of(studies: list[Joined]) -> list[dict]:
    """The scanners on the screen."""
    numbers = aggregate(studies, until="2025-01")
    publication = Publication(schema=1, release=release(), published_at=NOW, digest="0" * 64, numbers=numbers)
    return screen(publication)["metrics"][0]["devices"]


def test_months_that_were_put_together_are_said():
    """Those after a month with fewer than ten studies; the last month waits where it has fewer."""
    made = year(150)
    rows = Rows(made.release, made.phrases, tuple(made.predictions), tuple(made.reports), b"secret")

    found = screen(compute(rows, published_at=NOW)[0])

    together = [point["when"] for point in found["metrics"][0]["points"] if " to " in point["when"]]
    assert together
    assert found["merged"] == (
        f"Months with fewer than 10 studies are counted with those after them: {'; '.join(together)}."
    )
    assert found["months"] == [f"2024-{month:02d}" for month in range(1, 13)]
