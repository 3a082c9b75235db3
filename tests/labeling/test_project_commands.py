"""`ccds labeling load | import | export` from end to end, on a site's project."""

import json
from pathlib import Path

import pytest

from ccds_kernel.cli import main
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from support.site import act_as

REPORTS = (
    "mrn,accession,findings,impression,code,date\n"
    '1, A1 ,"No\n effusion.",Normal.,CXR1,2020-05-01\n'
    "2,A2,Effusion.,,CXR1,2020-05-01 10:11:12\n"
    "2,A2,Effusion.,,CXR1,2020-05-01 10:11:12\n"
    "3,A3, ,,CXR2,2020-05-02\n"
    "4,A4,Head.,,CT1,2020-05-02\n"
    "5,A5,Late.,,CXR1,2021-05-02\n"
    "6,A6,Unknown.,,,\n"
    "7,A1,Something else.,Normal.,CXR1,2020-05-01\n"
)


@pytest.fixture
def folder(tmp_path, monkeypatch, settings) -> Path:
    """A folder with `r.csv` and the site's `ccds.toml`, in which fay runs the command."""
    lines = [f'{name} = "{path}"' for name, path in settings.paths.model_dump().items()]
    (tmp_path / "ccds.toml").write_text("\n".join(["[paths]", *lines]), encoding="utf-8")
    (tmp_path / "r.csv").write_text(REPORTS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CCDS_CONFIG", str(tmp_path / "ccds.toml"))
    act_as(monkeypatch, "fay", "CHEST-1")
    return tmp_path


@pytest.fixture
def repository(open_as) -> LabelingRepository:
    """What the commands leave in the database."""
    return LabelingRepository(open_as("fay", Action.OPEN_LABELING))


def load(*more: str, columns=("findings", "impression"), reports="r.csv", project="CHEST-1") -> int:
    """Runs `ccds labeling load`."""
    named = [word for column in columns for word in ("--text-column", column)]
    return main(
        ["labeling", "load", "--project", project, "--reports", reports, "--id-column", "accession", *named, *more]
    )


EARLIER = "that say something else than an earlier one of their accession number in the file"
CHECKED = ("--exam-code-column", "code", "--date-column", "date")


@pytest.mark.usefixtures("folder")
def test_load_takes_in_what_is_new_and_covered(capsys, repository):
    """The counts of every verdict add up to the rows; the texts are in the database as they were in the file."""
    status = load(*CHECKED, "--json")

    counts = json.loads(capsys.readouterr().out)
    of_messages = {"preliminary": 0, "withdrawn": 0, "superseded": 0, "rejected": 0, "commented": 0}
    assert (status, counts) == (
        0,
        {
            "added": 2,
            "known": 1,
            "empty": 1,
            "conflicting": 0,
            "contradicting": 1,
            "beyond": 3,
            "repeated": 1,
            **of_messages,
        },
    )
    assert [(stored.report.accession, stored.report.texts) for stored in repository.reports()] == [
        ("A1", ("No\n effusion.", "Normal.")),
        ("A2", ("Effusion.", "")),
    ]


@pytest.mark.usefixtures("folder")
def test_load_tells_what_it_left_out_without_naming_it(capsys):
    """A person reads how many and why, never an accession number or a text."""
    load(*CHECKED)

    assert capsys.readouterr().out.splitlines() == [
        "8 reports: 2 added, 1 known already",
        "        1  left out: without any text (row 4)",
        "        1  left out: that say something else than an earlier one of their accession number in the file (row 8)",
        "        3  left out: beyond the exam codes or dates of the IRB application",
        "        1  of all these: the same, word for word, as an earlier one in the file",
    ]


def test_load_tells_apart_what_the_file_and_what_the_project_says_otherwise(folder, capsys):
    """By the rows, of which the first ten are named: one looks them up in the file."""
    rows = [*(f"B{n},x" for n in range(1200)), "B0,y", *["B1199,y"] * 11, "B7,x", "C1,", "A1,no"]
    (folder / "r.csv").write_text("accession,findings\nA1,yes\n", encoding="utf-8")
    load("--unchecked", columns=("findings",))
    (folder / "r.csv").write_text("\n".join(["accession,findings", *rows]), encoding="utf-8")
    capsys.readouterr()

    load("--unchecked", columns=("findings",))

    rows_told = ", ".join(str(1201 + n) for n in range(10))
    assert capsys.readouterr().out.splitlines()[:4] == [
        "1215 reports: 1200 added, 1 known already",
        "        1  left out: without any text (row 1214)",
        f"       12  left out: {EARLIER} (rows {rows_told} and 2 more)",
        "        1  left out: that say something else than the project's report of that accession number (row 1215)",
    ]


@pytest.mark.parametrize("more", [(), ("--id-column", "accession"), CHECKED])
@pytest.mark.usefixtures("folder")
def test_load_says_first_of_all_that_there_is_no_such_file(capsys, more):
    """Before one is asked for columns, or to vouch for what isn't there."""
    status = main(["labeling", "load", "--project", "CHEST-1", "--reports", "nothere.csv", *more])

    told = capsys.readouterr().err
    assert (status, told.count("\n")) == (1, 1)
    assert told.startswith("ccds: expected the CSV file nothere.csv; found No such file or directory; ")


@pytest.mark.usefixtures("folder")
def test_loading_the_file_again_changes_nothing(capsys, repository):
    """The second load finds everything known."""
    load(*CHECKED)
    before = repository.reports()
    capsys.readouterr()

    load(*CHECKED, "--json")

    assert json.loads(capsys.readouterr().out)["added"] == 0
    assert repository.reports() == before


@pytest.mark.parametrize("named", [(), CHECKED[:2], CHECKED[2:]])
@pytest.mark.usefixtures("folder")
def test_load_refuses_what_it_can_not_hold_against_the_application(capsys, repository, named):
    """Without columns of exam code and study date nothing is loaded, unless somebody says that they know."""
    refused = load(*named)
    told = capsys.readouterr()
    allowed = load(*named, "--unchecked")

    assert (refused, told.out, told.err.count("\n")) == (1, "", 1)
    assert "or load what you know to be covered with --unchecked" in told.err
    assert allowed == 0
    assert "not checked against the IRB application: " in capsys.readouterr().out.splitlines()[-1]
    assert repository.reports()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"reports": "none.csv"}, "the CSV file none.csv"),
        ({"columns": ["finding"]}, "one column 'finding' in r.csv"),
        ({"reports": "latin.csv"}, "latin.csv in UTF-8"),
        ({"columns": ["findings", "findings"]}, "text columns, each named once"),
        ({"columns": ["findings", "accession"]}, "columns, each named once"),
        ({"more": ["--date-column", ""]}, "one column '' in r.csv"),
        ({"project": "OTHER"}, "this session's own project"),
        ({"project": "../CHEST-1"}, "this session's own project"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_load_that_cannot_be_is_one_line(capsys, repository, arguments, expected):
    """A wrong file, column or project, another encoding: exit status 1, one line, nothing loaded."""
    Path("latin.csv").write_bytes(REPORTS.replace("Late", "Épanchement").encode("latin-1"))
    named = dict(arguments)
    status = load("--unchecked", *named.pop("more", ()), **named)

    told = capsys.readouterr()
    assert (status, told.out) == (1, "")
    assert told.err.startswith(f"ccds: expected {expected}; found ")
    assert told.err.count("\n") == 1
    assert repository.reports() == ()


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (",Good.,,CXR1,2020-05-01", "one of 0 characters in the row that begins at line 11 of r.csv"),
        ("A9,Good.,,CXR1,May 1st", "something else in the row that begins at line 11 of r.csv"),
        ("A9" * 40 + ",Good.,,CXR1,2020-05-01", "one of 80 characters in the row that begins at line 11 of r.csv"),
    ],
)
def test_a_row_that_is_no_report_keeps_the_whole_file_out(folder, capsys, repository, row, found):
    """No accession number, a date that is none: the line is named, its content isn't, and no row before it is loaded."""
    with (folder / "r.csv").open("a", encoding="utf-8") as reports:
        reports.write(f"9,{row}\n")

    status = load(*CHECKED)

    told = capsys.readouterr().err
    assert status == 1
    assert f"; found {found}; " in told
    assert "Good" not in told
    assert "May" not in told
    assert repository.reports() == ()


@pytest.mark.usefixtures("folder")
def test_who_may_not_load_is_turned_away(monkeypatch, capsys, repository):
    """A scientist reads reports but doesn't bring any in; the line says whom to ask."""
    act_as(monkeypatch, "sam", "CHEST-1")

    status = load(*CHECKED)

    assert status == 1
    assert capsys.readouterr().err == (
        "ccds: expected a role that may load reports; found sam as scientist; "
        "ask the principal investigator, Dr. Reed\n"
    )
    assert repository.reports() == ()


def test_a_phrase_list_goes_out_and_comes_back(folder, capsys, repository):
    """What export writes import reads: the same phrases, labels and order; those that are there stay."""
    repository.insert_phrase(Phrase('no "acute", effusion', "negative", negatable=True), 0)
    repository.insert_phrase(Phrase("Effusion", "positive"), 1)
    exported = main(["labeling", "export", "--project", "CHEST-1", "--out", "p.csv"])
    before = [stored.phrase for stored in repository.phrases()]
    repository.remove_phrase(repository.phrases()[0].id)
    repository.insert_phrase(Phrase("clear", "negative"), 0)
    capsys.readouterr()

    imported = main(["labeling", "import", "--project", "CHEST-1", "--phrases", "p.csv", "--json"])

    assert (exported, imported) == (0, 0)
    assert json.loads(capsys.readouterr().out) == {"added": 1, "known": 1, "conflicting": 0, "differing": 0}
    assert (folder / "p.csv").read_text(encoding="utf-8") == (
        'phrase,label,negatable\n"no ""acute"", effusion",negative,yes\nEffusion,positive,no\n'
    )
    assert [stored.phrase for stored in repository.phrases()] == [Phrase("clear", "negative"), before[1], before[0]]


def test_an_imported_phrase_with_another_label_or_other_options_is_left_out(folder, capsys, repository):
    """The project's phrase stands; each is told."""
    repository.append_phrases([Phrase("effusion", "positive"), Phrase("mass", "positive")])
    (folder / "p.csv").write_text("phrase,label,negatable\nEFFUSION,negative,no\nmass,positive,yes\n", encoding="utf-8")

    main(["labeling", "import", "--project", "CHEST-1", "--phrases", "p.csv", "--new-labels"])

    assert capsys.readouterr().out.splitlines() == [
        "2 phrases: 0 added, 0 known already",
        "        1  left out: on the list already, meaning something else (line 2)",
        "        1  left out: on the list already, with other options; change these in the labelling app (line 3)",
    ]
    assert [stored.phrase for stored in repository.phrases()] == [
        Phrase("effusion", "positive"),
        Phrase("mass", "positive"),
    ]


def test_a_label_that_the_task_does_not_have_is_refused_until_it_is_meant(folder, capsys, repository):
    """A slip of the pen makes no label; the line is named, and what labels there are. So is the word for the uncertain."""
    repository.append_phrases([Phrase("effusion", "positive"), Phrase("clear", "negative")])
    (folder / "p.csv").write_text("phrase,label\nmass,positive\nnodule,postive\n", encoding="utf-8")
    (folder / "q.csv").write_text("phrase,label,uncertain\nmass,positive,perhaps\n", encoding="utf-8")
    command = ["labeling", "import", "--project", "CHEST-1", "--phrases"]

    refused = main([*command, "p.csv"]), main([*command, "q.csv"])
    told = capsys.readouterr().err.splitlines()
    before = len(repository.phrases())
    meant = main([*command, "p.csv", "--new-labels"]), main([*command, "p.csv"])

    assert (refused, before, meant) == ((1, 1), 2, (0, 0))
    assert told == [
        f"ccds: expected labels of the task 'labels' in {name}: 'positive', 'negative'; found another one in line {line}; "
        "mend that line, or say with --new-labels that the task is to have it"
        for name, line in (("p.csv", 3), ("q.csv", 2))
    ]


def test_an_imported_phrase_that_matches_every_report_is_asked_about_first(folder, capsys, repository):
    """Nothing is imported until one says that it is meant; afterwards it is on the list, and no question."""
    repository.load_reports(Report(f"A{n}", (Section("findings", f"No mass, film {n}."),)) for n in range(1200))
    (folder / "p.csv").write_text("phrase,label\nfilm 7,seven\nNO  mass,clear\nfilm 1,one\n", encoding="utf-8")
    command = ["labeling", "import", "--project", "CHEST-1", "--phrases", "p.csv", "--json"]

    asked = main(command)
    told = capsys.readouterr()
    none = repository.phrases()
    meant, again = main([*command, "--everywhere"]), main(command)

    assert (asked, told.out, none) == (1, "", ())
    assert told.err == (
        "ccds: expected phrases that tell reports apart in p.csv; found 1 that match all 1200, the first of them as phrase 2; "
        "choose other words, or say with --everywhere that this is meant\n"
    )
    assert (meant, again) == (0, 0)
    assert [json.loads(line)["added"] for line in capsys.readouterr().out.splitlines()] == [3, 0]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"phrase,label\n\xc9panchement,x\n", "p.csv in UTF-8; found a byte that isn't at line 2"),
        (b"phrase,label\nmass,x\n \xc2\xad,x\n", "a phrase; found a blank one in line 3 of p.csv"),
        (b"phrase,label\nmass,x\nMA\xc2\xadSS,y\n", "each phrase once in p.csv; found that of line 2 again in line 3"),
        (b"phrase\nmass\n", "one column 'label' in p.csv"),
    ],
)
def test_an_import_that_cannot_be_is_one_line(folder, capsys, repository, content, line):
    """Another encoding, a phrase of nothing, two alike: the list is as it was, those of the lines before are not on it."""
    repository.insert_phrase(Phrase("effusion", "positive"), 0)
    (folder / "p.csv").write_bytes(content)

    status = main(["labeling", "import", "--project", "CHEST-1", "--phrases", "p.csv"])

    told = capsys.readouterr()
    assert (status, told.out, told.err.count("\n")) == (1, "", 1)
    assert told.err.startswith(f"ccds: expected {line}")
    assert [stored.phrase.text for stored in repository.phrases()] == ["effusion"]
