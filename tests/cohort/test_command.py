"""`ccds cohort` from end to end, on a site's project."""

import json

import pytest

from ccds_kernel.cli import main
from support.site import act_as


@pytest.fixture
def folder(tmp_path, monkeypatch, settings, load):
    """A folder with the site's `ccds.toml`, in which fay runs the command; the project's reports are loaded."""
    lines = [f'{name} = "{path}"' for name, path in settings.paths.model_dump().items()]
    (tmp_path / "ccds.toml").write_text("\n".join(["[paths]", *lines]), encoding="utf-8")
    monkeypatch.setenv("CCDS_CONFIG", str(tmp_path / "ccds.toml"))
    load()
    act_as(monkeypatch, "fay", "CXR-1")
    return tmp_path


def cohort(verb: str, *more: str) -> int:
    """Runs `ccds cohort VERB` in CXR-1."""
    return main(["cohort", verb, "--project", "CXR-1", *more])


@pytest.mark.usefixtures("folder")
def test_query_draws_what_there_is(capsys):
    """Everything that the application covers, where nothing is named."""
    status = cohort("query")

    assert status == 0
    assert capsys.readouterr().out.splitlines() == [
        "4 reports of CXR1, CXR2, 2020-01-01 to 2020-12-31",
        "month    reports",
        "2020-01        1  ████████████████████",
        "2020-02        1  ████████████████████",
        "2020-03        0",
        "2020-04        2  ████████████████████████████████████████",
        "exam code  reports",
        "CXR1             3  ████████████████████████████████████████",
        "CXR2             1  █████████████",
        "        1  left out: without an exam code",
        "        1  left out: without a study date",
        "        2  left out: without exam code and study date",
    ]


@pytest.mark.usefixtures("folder")
def test_query_prints_one_json_document(capsys):
    """What was asked for, the numbers, and what is left out; no report."""
    status = cohort("query", "--codes", "CXR1", "--from", "2020-04-01", "--to", "2020-04-30", "--json")

    assert status == 0
    assert json.loads(capsys.readouterr().out) == {
        "project": "CXR-1",
        "exam_codes": ["CXR1"],
        "study_dates": ["2020-04-01", "2020-04-30"],
        "reports": 2,
        "months": [{"month": "2020-04", "reports": 2, "codes": {"CXR1": 2}}],
        "codes": {"CXR1": 2},
        "left_out": {"without_code": 1, "without_date": 1, "without_both": 2, "others": 2},
    }


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--codes", "CXR1", "CT1"], "found CT1; name what it covers, or ask the principal investigator, Dr. Reed"),
        (["--from", "2019-12-01"], "found 2019-12-01 to 2019-12-31;"),
        (["--to", "2021-01-01", "--codes", "CT1"], "found CT1 and 2021-01-01;"),
        (["--from", "2021-01-01"], "expected a first study date that isn't after the last one, 2020-12-31"),
        (["--from", "May"], "expected a day such as 2020-01-31 after --from; found 'May'"),
        (["--to", ""], "expected a day such as 2020-01-31 after --to; found ''"),
        (["--codes"], "--codes: expected at least one argument"),
    ],
)
def test_what_cannot_be_asked_is_one_line(capsys, asked, told):
    """Exit status 1, nothing on stdout."""
    status = cohort("query", *asked)

    out, err = capsys.readouterr()
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert told in err


@pytest.mark.usefixtures("folder")
def test_a_cohort_is_kept_listed_and_shown_with_its_snapshots(capsys):
    """From criteria to a snapshot; the second one is the first."""
    assert cohort("keep", "spring", "--codes", "CXR1", "--from", "2020-04-01", "--to", "2020-04-30") == 0
    assert cohort("snapshot", "spring", "--json") == 0
    kept, taken = capsys.readouterr().out.splitlines()
    snapshot = json.loads(taken)

    assert kept == "cohort spring: 2 reports of CXR1, 2020-04-01 to 2020-04-30"
    assert (snapshot["reports"], snapshot["taken_by"], snapshot["new"]) == (2, "fay", True)
    assert cohort("snapshot", "spring") == cohort("list") == cohort("show", "spring") == 0
    again, listed, count, *shown = capsys.readouterr().out.splitlines()
    assert again == f"snapshot {snapshot['snapshot']} of cohort spring: 2 reports, known already"
    assert listed.startswith("spring               CXR1, 2020-04-01 to 2020-04-30, by fay on ")
    assert count == "1 cohort"
    assert shown[0] == "2 reports of CXR1, 2020-04-01 to 2020-04-30"
    assert shown[-2] == "snapshots (1)"
    assert shown[-1].startswith(f"  {snapshot['snapshot']}  2 reports, by fay on ")


@pytest.mark.usefixtures("folder")
def test_one_report_is_told_as_one(capsys):
    """Wherever a cohort's reports are counted in words."""
    assert cohort("keep", "one", "--codes", "CXR2") == 0
    assert cohort("snapshot", "one") == cohort("show", "one") == 0

    kept, taken, shown, *_, listed = capsys.readouterr().out.splitlines()
    assert kept == "cohort one: 1 report of CXR2, 2020-01-01 to 2020-12-31"
    assert taken.endswith(" of cohort one: 1 report")
    assert shown == "1 report of CXR2, 2020-01-01 to 2020-12-31"
    assert "  1 report, by fay on " in listed


@pytest.mark.usefixtures("folder")
def test_list_and_show_print_json(capsys):
    """One document each."""
    cohort("keep", "every-report")
    cohort("snapshot", "every-report")
    capsys.readouterr()

    assert cohort("list", "--json") == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert cohort("show", "every-report", "--json") == 0
    shown = json.loads(capsys.readouterr().out)

    assert (listed["name"], listed["exam_codes"], listed["created_by"]) == ("every-report", ["CXR1", "CXR2"], "fay")
    assert (shown["project"], shown["name"], shown["reports"]) == ("CXR-1", "every-report", 4)
    assert [one["reports"] for one in shown["snapshots"]] == [4]


@pytest.mark.usefixtures("folder")
def test_somebody_else_is_turned_away(capsys, monkeypatch):
    """Who isn't on the roster gets no number."""
    act_as(monkeypatch, "eve", "CXR-1")

    status = cohort("query")

    out, err = capsys.readouterr()
    assert (status, out) == (1, "")
    assert "expected eve on the roster of CXR-1" in err
