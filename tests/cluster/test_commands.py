"""`ccds cluster publish | show` from end to end."""

import json
from datetime import UTC, datetime

import pytest

from ccds_kernel.cli import main
from ccds_kernel.cluster.publication import read_report
from ccds_kernel.cluster.publish import publish
from ccds_kernel.cluster.report import compute
from ccds_kernel.demo.cluster import pretend_cluster, pretended
from ccds_kernel.settings import Settings
from support.site import ADMINISTRATOR, act_as

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def run(*arguments: str) -> int:
    """Runs `ccds cluster`."""
    return main(["cluster", *arguments])


@pytest.mark.usefixtures("settings")
def test_publish_and_show(capsys, monkeypatch) -> None:
    """An administrator publishes; leadership reads; an empty site says so."""
    published = run("publish")
    act_as(monkeypatch, "lea")
    shown = run("show")

    lines = capsys.readouterr().out.splitlines()
    assert (published, shown) == (0, 0)
    assert lines[0] == "cluster: computed from 0 sessions on nodes and 0 trainings"
    assert lines[1].endswith("published/cluster/report.json")
    assert lines[3] == "nothing was recorded yet: no node was asked for, and no training held a GPU"


def test_show_has_months_or_the_last_days(capsys, settings: Settings) -> None:
    """Each with GPU-hours by class, waits and idle share; then who held them."""
    report = compute(*pretended(3, NOW), NOW, pretended=True)
    publish(report, person=ADMINISTRATOR, settings=settings)

    assert run("show") == 0
    months = capsys.readouterr().out.splitlines()
    assert run("show", "--days", "2") == 0
    days = capsys.readouterr().out.splitlines()

    assert months[0].endswith("UTC, pretended")
    assert [line.split("  ")[0] for line in months if "  GPU-hours: " in line] == [
        "2026-08 from 08-27", "2026-09", "2026-10", "2026-11 so far",
    ]  # fmt: skip
    assert "GPU-hours by project, 2026-08 to 2026-11" in months
    assert [line.split("  ")[0] for line in days if "  GPU-hours: " in line] == ["2026-11-25", "2026-11-26 so far"]
    assert "GPU-hours by person, 2026-11-25 to 2026-11-26" in days
    assert len([line for line in months if line.startswith("  sam ")]) == 1


@pytest.mark.usefixtures("settings")
def test_json_is_the_published_report(capsys) -> None:
    """One document, from both verbs."""
    documents = []
    for verb in ("publish", "show"):
        assert run(verb, "--json") == 0
        documents.append(json.loads(capsys.readouterr().out))

    assert documents[0] == documents[1]
    assert documents[0]["schema"] == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("show",), "expected a published report on the cluster; found none; ask an administrator"),
        (("show", "--days", "0"), "expected --days from 1 to 31; found 0"),
        (("show", "--days", "32"), "expected --days from 1 to 31; found 32"),
    ],
)
@pytest.mark.usefixtures("settings")
def test_what_cannot_be_shown_is_one_line(capsys, arguments: tuple[str, ...], line: str) -> None:
    """On stderr; exit status 1."""
    assert run(*arguments) == 1

    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert line in told.err


@pytest.mark.parametrize("verb", ["publish", "show"])
def test_a_stranger_is_turned_away(capsys, monkeypatch, settings: Settings, verb: str) -> None:
    """Fay is on a roster and nothing more."""
    act_as(monkeypatch, "fay")

    assert run(verb) == 1
    assert "found fay" in capsys.readouterr().err
    assert read_report(settings.paths.published) is None


def test_the_demo_s_pretended_report_says_so_and_never_takes_the_place_of_a_real_one(settings: Settings) -> None:
    """It is made anew at each start until somebody publishes, also over one that can't be read."""
    pretend_cluster(3, person=ADMINISTRATOR, settings=settings)
    (settings.paths.published / "cluster" / "report.json").write_text("{}")
    pretend_cluster(3, person=ADMINISTRATOR, settings=settings)
    first = read_report(settings.paths.published)
    pretend_cluster(3, person=ADMINISTRATOR, settings=settings)
    run("publish")
    pretend_cluster(3, person=ADMINISTRATOR, settings=settings)
    real = read_report(settings.paths.published)

    assert first is not None
    assert first.pretended
    assert len(first.periods) > 31
    assert real is not None
    assert not real.pretended


def test_a_pretended_day_that_is_over_stays_the_same() -> None:
    """A demo that is started again the next day shows the same past."""
    later = compute(*pretended(3, NOW.replace(day=27)), NOW)

    same = {one.name: one for one in compute(*pretended(3, NOW), NOW).periods}
    assert [one.held for one in later.periods if one.name == "2026-11-20"] == [same["2026-11-20"].held]
