"""`ccds monitoring load | publish | show` from end to end."""

import json

import pytest

from ccds_kernel.cli import main
from support.site import ADMINISTRATOR, act_as, write_settings

PREDICTIONS = "accession,time,release,score,device,software_version,protocol\n" + "".join(
    f"SECRET{number},2024-0{1 + number % 2}-05T10:00:00+01:00,1.2.0,{'0.9' if number % 3 == 0 else '0.1'},CT1,1.0,HEAD\n"
    for number in range(40)
)
REPORTS = "accession,report_time,findings,impression\n" + "".join(
    f"SECRET{number},2024-0{1 + number % 2}-05 12:00,Head.,{'Acute hemorrhage.' if number % 3 == 0 else 'No acute hemorrhage.'}\n"
    for number in range(40)
)
PHRASES = "phrase,label\nno acute hemorrhage,absent\nacute hemorrhage,present\n"
RELEASE = ("--model", "ich-triage", "--version", "1.2.0")
TEXTS = ("--text-column", "findings", "--text-column", "impression")
EVERYTHING = (*RELEASE, "--predictions", "p.csv", "--reports", "r.csv", *TEXTS, "--phrases", "l.csv")


@pytest.fixture(autouse=True)
def site(tmp_path, monkeypatch):
    """A folder with the three files and a site's settings, in which the administrator runs the command."""
    path = write_settings(tmp_path)
    path.write_text(path.read_text() + 'leadership = ["lea"]\n')
    for name, text in {"p.csv": PREDICTIONS, "r.csv": REPORTS, "l.csv": PHRASES}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("CCDS_CONFIG", str(path))
    act_as(monkeypatch, ADMINISTRATOR)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> int:
    """Runs `ccds monitoring`."""
    return main(["monitoring", *arguments])


def test_load_publish_show(capsys, monkeypatch):
    """An administrator loads and publishes; leadership reads the numbers."""
    loaded = run("load", *EVERYTHING, "--title", "Head CT")
    again = run("load", *RELEASE, "--predictions", "p.csv")
    published = run("publish", *RELEASE)
    act_as(monkeypatch, "lea")
    shown = run("show")

    lines = capsys.readouterr().out.splitlines()
    assert (loaded, again, published, shown) == (0, 0, 0, 0)
    assert lines[:4] == [
        "40 predictions: 40 added, 0 known already",
        "40 final reports: 40 added, 0 known already",
        "40 predictions: 0 added, 40 known already",
        "ich-triage-1.2.0: computed from 40 studies, their predictions and final reports",
    ]
    assert lines[5] == "ich-triage-1.2.0  Head CT"
    assert "Sensitivity 2024-02: 100 % (95 % CI 65–100 %), was 100 % in 2024-01. Only 7 positive studies: " in lines[7]
    assert "  CT1 1.0                  40 studies  sensitivity 100 % (95 % CI 78–100 %)" in lines


def test_json_is_one_document(capsys):
    """Counts of a load, the publication, a list of what is published."""
    documents = []
    for arguments in (("load", *EVERYTHING), ("publish", *RELEASE), ("show",)):
        assert run(*arguments, "--json") == 0
        documents.append(json.loads(capsys.readouterr().out))

    added = {"added": 40, "known": 0, "conflicting": 0, "empty": 0}
    assert documents[0] == {
        "release": "ich-triage-1.2.0", "predictions": added, "final_reports": added, "of_other_releases": 0,
    }  # fmt: skip
    assert documents[1]["numbers"]["total"]["studies"] == 40
    assert documents[2] == [documents[1]]


def test_what_is_left_out_is_counted_and_not_named(capsys, site):
    """Conflicts, empty reports, other releases: how many and why."""
    run("load", *EVERYTHING)
    (site / "p.csv").write_text(
        PREDICTIONS.replace("SECRET1,2024-02", "SECRET1,2024-01") + "SECRET99,2024-01-01,9.9,0.5,,,\n"
    )
    (site / "r.csv").write_text(
        REPORTS.replace("SECRET2,2024-01-05 12:00,Head.", "SECRET2,2024-01-05 12:00,Skull.")
        + "SECRET99,2024-01-01, ,\n"
    )
    capsys.readouterr()

    status = run("load", *RELEASE, "--predictions", "p.csv", "--reports", "r.csv", *TEXTS)

    out = capsys.readouterr().out
    assert status == 0
    assert out.splitlines() == [
        "40 predictions: 0 added, 39 known already",
        "        1  left out: that say something else than the record's of that accession number",
        "        1  left out: of other releases",
        "41 final reports: 0 added, 39 known already",
        "        1  left out: that say something else than the record's of that accession number",
        "        1  left out: without any text",
    ]


@pytest.mark.parametrize("name", ["1.2.0", "ich-triage-1.2.0", "ich-triage 1.2.0"])
def test_a_release_is_named_by_its_version_or_in_full(capsys, site, name):
    """As whoever exported the predictions wrote it."""
    (site / "p.csv").write_text(PREDICTIONS.replace("1.2.0", name))

    run("load", *EVERYTHING)

    assert capsys.readouterr().out.startswith("40 predictions: 40 added")


WRONG = {
    "nothing to load": (RELEASE, {}, "expected something to load; found nothing; name --predictions"),
    "no phrases": (
        (*RELEASE, "--predictions", "p.csv"),
        {},
        "found none of that name; register it with 'ccds monitoring load … --phrases",
    ),
    "no such label": (
        (*EVERYTHING, "--positive", "bleeding"),
        {},
        "expected a phrase of the positive label 'bleeding'",
    ),
    "threshold beyond 1": (
        (*EVERYTHING, "--threshold", "50"),
        {},
        "expected threshold in release ich-triage-1.2.0 to be right",
    ),
    "empty title": ((*EVERYTHING, "--title", ""), {}, "expected title in release ich-triage-1.2.0 to be right"),
    "model is a path": (("--model", "../x", *EVERYTHING[2:]), {}, "expected a model's name of lower-case letters"),
    "no such file": (EVERYTHING, {"p.csv": None}, "expected the CSV file p.csv; found No such file"),
    "no column": (
        EVERYTHING,
        {"p.csv": "accession,time,release\nSECRET1,2024-01-01,1.2.0\n"},
        "expected one column 'score' in p.csv",
    ),
    "column twice": (
        EVERYTHING,
        {"p.csv": PREDICTIONS.replace("protocol", "device")},
        "expected one column 'device' in p.csv",
    ),
    "other release": (EVERYTHING, {"p.csv": PREDICTIONS.replace("1.2.0", "1.3.0")}, "found 40 of other releases"),
    "no number": (
        EVERYTHING,
        {"p.csv": PREDICTIONS.replace(",0.9,", ",SECRET,", 1)},
        "found something that is no number in the row that begins at line 2 of p.csv",
    ),
    "no probability": (
        EVERYTHING,
        {"p.csv": PREDICTIONS.replace(",0.1,", ",7,", 1)},
        "expected a score from 0 to 1; found another one in the row that begins at line 3 of p.csv",
    ),
    "no time": (
        EVERYTHING,
        {"p.csv": PREDICTIONS.replace("2024-01-05T", "SECRET", 1)},
        "expected a time as 2026-01-31T13:45:00",
    ),
    "no accession": (
        EVERYTHING,
        {"p.csv": PREDICTIONS.replace("SECRET0", "", 1)},
        "expected an accession number of 1 to 64",
    ),
    "half a row": (EVERYTHING, {"p.csv": PREDICTIONS + "SECRET99,\n"}, "expected 7 cells in each row of p.csv"),
    "no report time": (
        EVERYTHING,
        {"r.csv": REPORTS.replace("report_time", "time")},
        "expected one column 'report_time' in r.csv",
    ),
    "bad report time": (
        EVERYTHING,
        {"r.csv": REPORTS.replace("2024-01-05 12:00", "SECRET", 1)},
        "found something else in the row that begins at line 2 of r.csv",
    ),
    "no report accession": (
        EVERYTHING,
        {"r.csv": REPORTS.replace("SECRET0", "")},
        "expected an accession number of 1 to 64 characters",
    ),
    "no text column": (
        (*RELEASE, "--reports", "r.csv", "--phrases", "l.csv"),
        {},
        "expected text columns, each named once",
    ),
    "accession as text": (
        (*EVERYTHING, "--text-column", "accession"),
        {},
        "expected text columns, each named once, beside accession",
    ),
    "phrases twice": (
        EVERYTHING,
        {"l.csv": PHRASES + "Acute  Hemorrhage,absent\n"},
        "expected each phrase once in l.csv",
    ),
}


@pytest.mark.parametrize(("arguments", "files", "line"), WRONG.values(), ids=WRONG.keys())
def test_bad_input_gets_one_line_and_loads_nothing(capsys, site, arguments, files, line):
    """What was expected, what came, where, what to do; no value of a row; there is no record."""
    for name, text in files.items():
        (site / name).unlink() if text is None else (site / name).write_text(text)

    status = run("load", *arguments)

    out, err = capsys.readouterr()
    assert (status, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert line in err
    assert "SECRET" not in err
    assert not (site / "clinical").exists()
    assert run("publish", *RELEASE) == 1
    assert "found none of that name" in capsys.readouterr().err


def test_a_first_load_that_fails_leaves_no_record(capsys, site):
    """What was wrong is mended, and the next load isn't told that the release is registered as something else, or half made."""
    failed = run("load", *EVERYTHING, "--positive", "bleeding")
    left = sorted(path.name for path in site.iterdir())
    capsys.readouterr()
    without = run("load", *RELEASE, "--predictions", "p.csv")
    told = capsys.readouterr().err
    mended = run("load", *EVERYTHING)

    assert (failed, without, mended) == (1, 1, 0)
    assert "clinical" not in left
    assert "register it with 'ccds monitoring load … --phrases" in told


@pytest.mark.parametrize("person", ["lea", "fay", "sam"])
@pytest.mark.parametrize("verb", [("load", *EVERYTHING), ("publish", *RELEASE)], ids=["load", "publish"])
def test_only_administrators_load_and_publish(capsys, monkeypatch, site, verb, person):
    """Neither leadership nor anybody on a roster; nothing is made."""
    act_as(monkeypatch, person)

    status = run(*verb)

    assert status == 1
    assert capsys.readouterr().err == (
        f"ccds: expected an administrator of this site; found {person}; ask one of [hub] administrators in ccds.toml\n"
    )
    assert not (site / "clinical").exists()


def test_only_leadership_and_administrators_see(capsys, monkeypatch):
    """A fellow is told whom to ask."""
    act_as(monkeypatch, "fay")

    status = run("show")

    assert status == 1
    assert "expected somebody of this site's leadership; found fay" in capsys.readouterr().err


def test_show_says_what_there_is(capsys):
    """Nothing yet, too few to show, or no such model and which there are."""
    first = run("show")
    run("load", *EVERYTHING)
    run("publish", *RELEASE)
    capsys.readouterr()
    unknown = run("show", "--model", "nodule")
    told = capsys.readouterr().err
    known = run("show", "--model", "ich-triage")

    assert (first, unknown, known) == (0, 1, 0)
    assert "expected a model of which something is published (ich-triage-1.2.0); found 'nodule'" in told
    assert "ich-triage-1.2.0  ich-triage 1.2.0" in capsys.readouterr().out


def test_show_without_enough_studies_says_so(capsys, site):
    """Nine studies make no rate and aren't counted out, but for who loads them."""
    (site / "p.csv").write_text("\n".join(PREDICTIONS.splitlines()[:10]) + "\n")
    run("load", *EVERYTHING, "--simulated")
    capsys.readouterr()
    run("publish", *RELEASE)
    told = capsys.readouterr().out

    run("show")

    assert told.endswith("        9  not counted: of months that aren't over, or have too few studies as yet\n")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ich-triage-1.2.0  ich-triage 1.2.0, simulated scores"
    assert lines[1].startswith("computed from fewer than 10 studies, their predictions and final reports, published ")
    assert lines[2:] == [
        "fewer than 10 studies with a labelled final report in months that are over: nothing to show yet"
    ]


def test_what_comes_too_late_is_told_to_who_publishes(capsys, site):
    """As is what awaits its report: counts for the administrator, who has the rows anyway; the publication stays."""
    run("load", *EVERYTHING)
    capsys.readouterr()
    run("publish", *RELEASE, "--json")
    before = json.loads(capsys.readouterr().out)
    more = "".join(f"SECRET{number},2024-01-06,1.2.0,0.9,CT1,1.0,HEAD\n" for number in (97, 98, 99))
    (site / "p.csv").write_text(PREDICTIONS + more)
    (site / "r.csv").write_text(REPORTS + "SECRET97,2024-01-07,,Acute hemorrhage.\n")
    run("load", *RELEASE, "--predictions", "p.csv", "--reports", "r.csv", *TEXTS)
    capsys.readouterr()

    run("publish", *RELEASE)

    assert capsys.readouterr().out.splitlines()[2:] == [
        "        2  not counted: without a final report",
        "        1  not counted: loaded after their month was published",
    ]
    run("show", "--json")
    (after,) = json.loads(capsys.readouterr().out)
    assert after["numbers"] == before["numbers"]
    assert after["digest"] != before["digest"]
