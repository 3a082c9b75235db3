"""`ccds usecase` from end to end."""

import json

import pytest
import yaml

from ccds_kernel.cli import main
from support.site import act_as

COUNTS = "code,month,count\nCXR1,2024-01,100\nCXR1,2024-02,50\nCXR2,2024-01,3\nCXR1,2999-01,7\n"


@pytest.fixture
def folder(tmp_path, monkeypatch, settings):
    """A folder with the site's `ccds.toml` and `counts.csv`, in which fay runs the command."""
    lines = ["[paths]", *(f'{name} = "{path}"' for name, path in settings.paths.model_dump().items())]
    lines += ["[hub]", 'administrators = ["admin"]', 'leadership = ["lea"]', "[usecase]", 'authors = ["fay"]']
    (tmp_path / "ccds.toml").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "counts.csv").write_text(COUNTS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CCDS_CONFIG", str(tmp_path / "ccds.toml"))
    act_as(monkeypatch, "fay")
    return tmp_path


@pytest.fixture
def add(folder, values):
    """Adds a card that is right, what is named changed; returns the exit status."""

    def add_it(**changed) -> int:
        (folder / "card.yaml").write_text(yaml.safe_dump(values(**changed), sort_keys=False), encoding="utf-8")
        return main(["usecase", "add", "card.yaml"])

    return add_it


@pytest.fixture
def counted(folder, monkeypatch, capsys):
    """The counts are published by admin; returns what the command said."""
    with monkeypatch.context() as admin:
        act_as(admin, "admin")
        assert main(["usecase", "counts", str(folder / "counts.csv")]) == 0
    return capsys.readouterr().out.splitlines()


def scores(impact: int, others: int = 3) -> dict[str, int]:
    """Scores for the criteria of a site that names none."""
    return {"impact": impact, "feasibility": others, "data": others, "champion": others}


def test_add_says_whether_anything_changed(add, capsys):
    """The same card again is none."""
    assert [add(), add(), add(title="Another")] == [0, 0, 0]

    assert capsys.readouterr().out.splitlines() == [
        "effusion-chest: added",
        "effusion-chest: nothing changed",
        "effusion-chest: added",
    ]


def test_counts_says_what_is_published_and_what_is_not(counted, settings):
    """Small numbers and months that aren't over."""
    assert counted == [
        f"2 exam codes, 2024-01 to 2024-02, written to {settings.paths.published / 'usecase' / 'counts.json'}",
        "        1  exam code(s) with fewer than 10 exams: not shown",
        "        7  exam(s) of months that aren't over: left out",
    ]


@pytest.mark.usefixtures("counted")
def test_list_prints_the_cards_by_place(add, capsys):
    """With how often their exams are made."""
    add(id="a", title="A", scores=scores(3))
    add(id="b", title="B", scores=scores(3), exam_codes=["CT1"])
    add(id="c", title="C", scores=scores(5))
    capsys.readouterr()

    status = main(["usecase", "list"])

    assert status == 0
    assert capsys.readouterr().out.splitlines() == [
        "   1  3.75  c                    C, at least 75.0 exams a month",
        "  2=  3.00  a                    A, at least 75.0 exams a month",
        "  2=  3.00  b                    B, at least 0.0 exams a month",
        "3 use case(s)",
    ]


def test_cards_without_a_place_are_listed_as_such(add, folder, capsys):
    """One that lacks a criterion of today, one that is damaged."""
    add(id="old")
    settings = (folder / "ccds.toml").read_text(encoding="utf-8")
    (folder / "ccds.toml").write_text(f"{settings}\nweights = {{impact = 1, novelty = 2}}\n", encoding="utf-8")
    damaged = folder / "site" / "published" / "usecase" / "broken.20260101T000000000000Z.json"
    damaged.write_text("", encoding="utf-8")
    capsys.readouterr()

    assert main(["usecase", "list"]) == main(["usecase", "list", "--json"]) == main(["usecase", "rank"]) == 0

    told = capsys.readouterr().out
    assert told.splitlines()[:3] == [
        "   -     -  old                  Pleural effusion; no score for novelty",
        "   -     -  broken               damaged: see 'ccds usecase show broken'",
        "2 use case(s)",
    ]
    assert json.loads(told[told.index("[") : told.index("]\nscore") + 1]) == [
        {
            "id": "old",
            "place": None,
            "lacks": ["novelty"],
            "title": "Pleural effusion",
            "exam_codes": ["CXR1", "CXR2"],
            "exams_per_month_at_least": None,
        },
        {"id": "broken", "damaged": True},
    ]
    assert told.splitlines()[-1] == "without a place: old, no score for novelty"


def test_rank_shows_how_each_place_comes_about(add, capsys):
    """Anybody can work it out by hand; a tie is told."""
    add(id="a", scores=scores(3))
    add(id="b", scores=scores(3))
    add(id="c", scores=scores(5, others=1))
    capsys.readouterr()

    assert main(["usecase", "rank"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "score = (3 × impact + 2 × feasibility + 2 × data + 1 × champion) / 8",
        "  1=  3.00  a                    3 × 3 + 2 × 3 + 2 × 3 + 1 × 3 = 24",
        "  1=  3.00  b                    3 × 3 + 2 × 3 + 2 × 3 + 1 × 3 = 24",
        "   3  2.50  c                    3 × 5 + 2 × 1 + 2 × 1 + 1 × 1 = 20",
        "tied at place 1: a, b",
    ]

    assert main(["usecase", "rank", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["weights"] == {"impact": 3, "feasibility": 2, "data": 2, "champion": 1}
    assert [(one["id"], one["place"], one["tied"], one["points"]) for one in document["ranked"]] == [
        ("a", 1, True, 24),
        ("b", 1, True, 24),
        ("c", 3, False, 20),
    ]
    assert document["unranked"] == []


@pytest.mark.usefixtures("counted")
def test_show_prints_all_of_a_card(add, capsys):
    """Also how often each of its exams is made, as far as that is published."""
    add(exam_codes=["CXR1", "CXR2", "MR1"])
    capsys.readouterr()

    assert main(["usecase", "show", "effusion-chest"]) == 0

    told = capsys.readouterr().out.splitlines()
    (version,) = [line for line in told if line.endswith("by fay")]
    assert [line for line in told if line != version] == [
        "effusion-chest  Pleural effusion",
        "  question     Which chest radiographs show an effusion?",
        "  requirement  at least sensitivity 0.95; set by cho",
        "               A missed one costs a day.",
        "  exam codes   CXR1, CXR2, MR1",
        "  scores       impact 3, feasibility 3, data 3, champion 3",
        "team (2)",
        "  cho                  champion",
        "  fay                  fellow",
        "versions (1)",
        "exams, 2024-01 to 2024-02: at least 75.0 a month",
        "CXR1     exams",
        "2024-01    100  ████████████████████████████████████████",
        "2024-02     50  ████████████████████",
        "CXR2: fewer than 10",
        "MR1: not in the published counts",
    ]


def test_show_says_where_no_counts_are_published(add, capsys):
    """And who does that."""
    add()

    assert main(["usecase", "show", "effusion-chest"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("an administrator does so with 'ccds usecase counts'")


@pytest.mark.usefixtures("counted")
def test_show_prints_one_json_document(add, capsys):
    """The card, its exams, and its versions."""
    add()
    capsys.readouterr()

    assert main(["usecase", "show", "effusion-chest", "--json"]) == 0

    document = json.loads(capsys.readouterr().out)
    assert (document["id"], document["team"][0]) == ("effusion-chest", {"person": "cho", "role": "champion"})
    assert document["exams"] == {
        "CXR1": [
            {"first": "2024-01", "last": "2024-01", "exams": 100},
            {"first": "2024-02", "last": "2024-02", "exams": 50},
        ],
        "CXR2": [],
    }
    assert [one["added_by"] for one in document["versions"]] == ["fay"]


def test_counts_prints_what_is_published(folder, monkeypatch, capsys):
    """The same document that is kept."""
    act_as(monkeypatch, "admin")

    assert main(["usecase", "counts", "counts.csv", "--json"]) == 0

    kept = (folder / "site" / "published" / "usecase" / "counts.json").read_text(encoding="utf-8")
    assert capsys.readouterr().out == kept


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["add", "none.yaml"], "expected to read none.yaml; found No such file or directory; name a readable card"),
        (["add", "counts.csv"], "expected the whole file in counts.csv to be right: must be keys and values"),
        (["counts", "counts.csv"], "expected an administrator of this site; found fay"),
        (["show", "stroke"], "found 'stroke'; see 'ccds usecase list'"),
    ],
)
def test_what_goes_wrong_is_one_line(capsys, arguments, told):
    """Exit status 1, nothing on stdout."""
    status = main(["usecase", *arguments])

    out, err = capsys.readouterr()
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert told in err
