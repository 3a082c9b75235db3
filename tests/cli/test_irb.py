"""`ccds irb apply | expire | show | list` from end to end."""

import json

import pytest

from ccds_kernel.cli import main
from ccds_kernel.irb.registry import Registry
from support.site import TRAINED, act_as, application, on_roster


@pytest.fixture
def apply(site):
    """Applies an application from a file; returns the exit status."""

    def apply_it(*options, **changed):
        (site / "irb.yaml").write_text(application(**changed).to_yaml(), encoding="utf-8")
        return main(["irb", "apply", "irb.yaml", *options])

    return apply_it


def test_apply_brings_an_application_into_force(apply, capsys, settings):
    """It is in the registry, its directory is there, and the line says how it stands."""
    status = apply()

    assert (status, capsys.readouterr().out) == (0, "application CHEST-1: new\nCHEST-1: applied; in force\n")
    assert Registry(settings.paths.registry).get("CHEST-1") == application()
    assert (settings.paths.projects / "CHEST-1").is_dir()


def test_applying_again_says_that_nothing_changed(apply, capsys):
    """The same file twice."""
    apply()
    capsys.readouterr()

    status = apply()

    assert (status, capsys.readouterr().out) == (0, "CHEST-1: nothing changed; in force\n")


def test_apply_says_when_an_application_is_not_in_force(apply, capsys):
    """What was applied may have expired or not begun."""
    apply(expires="2021-01-01")
    apply(approved="2990-01-01")

    assert capsys.readouterr().out.splitlines() == [
        "application CHEST-1: new",
        "  standing: expired on 2021-01-01",
        "CHEST-1: applied; expired on 2021-01-01",
        "application CHEST-1: amends the one in the registry",
        "  approved: 2020-01-01 → 2990-01-01",
        "  expires: 2021-01-01 → 2999-01-01",
        "  standing: expired on 2021-01-01 → approved from 2990-01-01",
        "CHEST-1: applied; approved from 2990-01-01",
    ]


def test_a_dry_run_says_who_comes_and_who_goes(apply, capsys):
    """An id that is there already is an amendment, whatever file it comes from; nothing changes."""
    apply(roster=on_roster(ann="fellow", bob="scientist", cy="labeler"))
    capsys.readouterr()

    roster = [*on_roster(ann="engineer", eve="fellow"), *on_roster("2019-01-01", cy="labeler")]
    status = apply("--dry-run", title="Nodules", roster=roster, withdrawn="2021-01-01")

    assert (status, capsys.readouterr().out.splitlines()) == (
        0,
        [
            "application CHEST-1: amends the one in the registry",
            "  title: Effusions → Nodules",
            "  withdrawn: none → 2021-01-01",
            "  roster: ann fellow → engineer",
            "  roster: -bob (scientist)",
            f"  roster: cy trained {TRAINED} → 2019-01-01",
            "  roster: +eve (fellow)",
            "  standing: in force → withdrawn on 2021-01-01",
            "  cy: training on 2019-01-01 doesn't count today; they may do nothing",
        ],
    )
    assert main(["irb", "list"]) == 0
    assert "in force" in capsys.readouterr().out


def test_an_application_is_ended(apply, capsys):
    """Once; its data stays."""
    apply()
    capsys.readouterr()

    statuses = [main(["irb", "expire", "CHEST-1"]) for _ in range(2)]

    assert statuses == [0, 0]
    assert capsys.readouterr().out.splitlines() == [
        "CHEST-1: ended today; its data stays",
        "CHEST-1: was over already; nothing changed",
    ]


def test_who_administers_nothing_sees_their_own_applications(apply, capsys, monkeypatch):
    """And is told whom to ask about others."""
    apply()
    apply(id="HEAD-1", roster=on_roster(bob="fellow"))
    capsys.readouterr()
    act_as(monkeypatch, "ann")

    listed = main(["irb", "list"])
    lines = capsys.readouterr().out.splitlines()
    shown = [main(["irb", "show", one]) for one in ("CHEST-1", "HEAD-1", "NONE-1")]

    assert (listed, shown) == (0, [0, 1, 1])
    assert [line.split()[0] for line in lines] == ["CHEST-1", "1"]
    assert capsys.readouterr().err.count("an administrator of this site") == 2


def test_only_administrators_apply(apply, capsys, monkeypatch, settings):
    """Anybody else is told whom to ask, and nothing changes."""
    act_as(monkeypatch, "ann")

    status = apply()

    told = capsys.readouterr()
    assert (status, told.out) == (1, "")
    assert told.err == (
        "ccds: expected an administrator of this site; found ann; ask one of [hub] administrators in ccds.toml\n"
    )
    assert Registry(settings.paths.registry).ids() == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, "to read irb.yaml"), ("a: [", "YAML in irb.yaml:2"), ("id: X", "title in irb.yaml:1")],
)
def test_a_file_that_is_no_application_is_one_line(site, capsys, text, expected):
    """Missing, broken, incomplete."""
    if text is not None:
        (site / "irb.yaml").write_text(text)

    status = main(["irb", "apply", "irb.yaml"])

    told = capsys.readouterr()
    assert (status, told.out) == (1, "")
    assert told.err.startswith(f"ccds: expected {expected}; found ")
    assert told.err.count("\n") == 1


def test_show_prints_application_roster_and_history(apply, capsys, settings):
    """Everything that was approved, who may do what since when, and every version."""
    apply()
    apply(roster=on_roster(ann="fellow", bob="scientist"))
    first, second = Registry(settings.paths.registry).history("CHEST-1")
    capsys.readouterr()

    status = main(["irb", "show", "CHEST-1"])

    day = f"{second.applied:%Y-%m-%d}"
    assert status == 0
    assert capsys.readouterr().out.splitlines() == [
        "CHEST-1  Effusions",
        "  pi           Dr. Reed",
        "  standing     in force",
        "  approved     2020-01-01 to 2999-01-01",
        "  exam codes   CXR1, CXR2",
        "  study dates  2019-01-01 to 2019-12-31",
        "  data         reports",
        "  egress       locked",
        "roster (2)",
        f"  ann                  fellow         since {first.applied:%Y-%m-%d}, trained {TRAINED}",
        f"  bob                  scientist      since {day}, trained {TRAINED}",
        "history (2)",
        *(f"  {one.applied:%Y-%m-%d %H:%M:%S} UTC  {one.application.digest()[:12]}" for one in (first, second)),
    ]


def test_show_as_json(apply, capsys, settings):
    """One document: the application's own fields, how it stands, since when, the history."""
    apply()
    apply(roster=on_roster(ann="fellow", bob="scientist"))
    first, second = Registry(settings.paths.registry).history("CHEST-1")
    capsys.readouterr()

    main(["irb", "show", "CHEST-1", "--json"])

    shown = json.loads(capsys.readouterr().out)
    assert shown["roster"] == [
        {"person": "ann", "role": "fellow", "trained": TRAINED, "since": first.applied.isoformat()},
        {"person": "bob", "role": "scientist", "trained": TRAINED, "since": second.applied.isoformat()},
    ]
    assert shown["history"] == [
        {"applied": one.applied.isoformat(), "digest": one.application.digest()} for one in (first, second)
    ]
    assert (shown["id"], shown["standing"], shown["withdrawn"]) == ("CHEST-1", "in force", None)
    assert shown["study_dates"] == ["2019-01-01", "2019-12-31"]


@pytest.mark.parametrize("project_id", ["NONE", "../CHEST-1", ""])
def test_show_of_an_application_that_is_not_there(apply, capsys, project_id):
    """One line that says where the ids are."""
    apply()
    capsys.readouterr()

    status = main(["irb", "show", project_id])

    assert status == 1
    assert capsys.readouterr().err == (
        f"ccds: expected the id of an application of this site; found '{project_id}'; see 'ccds irb list'\n"
    )


def test_list_prints_every_application(apply, capsys, settings):
    """Also one that expired, and one whose file is damaged."""
    apply()
    apply(id="HEAD-1", title="Bleeds", expires="2021-01-01", roster=[])
    apply(id="LUNG-1")
    (settings.paths.registry / "LUNG-1" / "irb.yaml").write_text("damaged")
    capsys.readouterr()

    status = main(["irb", "list"])
    table = capsys.readouterr().out.splitlines()
    main(["irb", "list", "--json"])
    rows = json.loads(capsys.readouterr().out)

    assert status == 0
    assert table == [
        "CHEST-1              in force                 Effusions",
        "HEAD-1               expired on 2021-01-01    Bleeds",
        "LUNG-1               damaged: see 'ccds irb show'",
        "3 application(s)",
    ]
    assert rows == [
        {"id": "CHEST-1", "standing": "in force", "expires": "2999-01-01", "people": 1, "title": "Effusions"},
        {"id": "HEAD-1", "standing": "expired on 2021-01-01", "expires": "2021-01-01", "people": 0, "title": "Bleeds"},
        {"id": "LUNG-1", "standing": "damaged: see 'ccds irb show'"},
    ]


@pytest.mark.usefixtures("site")
def test_a_site_without_applications_has_an_empty_list(capsys):
    """Nothing is wrong with it."""
    statuses = main(["irb", "list"]), main(["irb", "list", "--json"])

    assert (statuses, capsys.readouterr().out) == ((0, 0), "0 application(s)\n[]\n")


def test_who_was_on_it_when(apply, capsys, settings):
    """The application as it was at the end of a day; before the first one there is none."""
    apply(roster=on_roster(ann="fellow"))
    history = settings.paths.registry / "CHEST-1" / "history"
    (first,) = history.iterdir()
    first.rename(history / "20240501T100000.000000Z.yaml")
    apply(roster=on_roster(bob="fellow"))
    capsys.readouterr()

    statuses = [main(["irb", "show", "CHEST-1", "--json", *on]) for on in ([], ["--on", "2024-05-01"])]
    documents = capsys.readouterr().out.split("\n}\n")
    refused = [main(["irb", "show", "CHEST-1", "--on", on]) for on in ("2024-04-30", "yesterday")]

    assert statuses == [0, 0]
    assert [json.loads(one + "}")["roster"][0]["person"] for one in documents[:2]] == ["bob", "ann"]
    assert refused == [1, 1]
    assert capsys.readouterr().err.splitlines() == [
        "ccds: expected an application that was there on 2024-04-30; found the first one of 2024-05-01; name a later day",
        "ccds: expected a day such as 2026-05-01 after --on; found 'yesterday'; write it so",
    ]
