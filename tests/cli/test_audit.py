"""`ccds audit show | verify` from end to end."""

import json

import pytest

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.cli import main
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from support.site import ADMINISTRATOR, act_as, application

REFUSED = "expected a role that may open a lab session; found ann as fellow"


@pytest.fixture
def audit(settings):
    """A log in which the application was applied, and ann came in once and was turned away once."""
    apply_application(application(), person=ADMINISTRATOR, settings=settings)
    open_project("CHEST-1", Action.READ_REPORTS, person="ann", settings=settings)
    with pytest.raises(ProjectAccessDenied):
        open_project("CHEST-1", Action.OPEN_LAB, person="ann", settings=settings)
    with pytest.raises(ProjectAccessDenied):
        open_project("NONE", Action.READ_REPORTS, person="eve", settings=settings)
    return FileAuditSink(settings.paths.audit)


def test_show_prints_a_project_s_entries(audit, capsys):
    """Oldest first: when, who, what."""
    status = main(["audit", "show", "CHEST-1"])

    lines = capsys.readouterr().out.splitlines()
    times = [entry["time"] for entry in audit.entries("CHEST-1")]
    assert status == 0
    assert lines == [
        f'{times[0]}  admin            ApplicationApplied   {{"digest": "{application().digest()}", "standing": "in force"}}',
        f'{times[1]}  ann              ProjectOpened        {{"action": "read reports", "role": "fellow"}}',
        f'{times[2]}  ann              AccessDenied         {{"action": "open a lab session", "reason": "{REFUSED}"}}',
    ]


def test_show_as_json_is_the_entries_as_they_stand(audit, capsys):
    """With their hashes; without an id the site's chain."""
    main(["audit", "show", "CHEST-1", "--json"])
    project = json.loads(capsys.readouterr().out)
    main(["audit", "show", "--json"])
    site = json.loads(capsys.readouterr().out)

    assert project == list(audit.entries("CHEST-1"))
    assert [(entry["person"], entry["event"]) for entry in site] == [("eve", "AccessDenied")]


def test_only_administrators_read_the_log(audit, capsys, monkeypatch):
    """Who tries is told whom to ask, and that they tried is in the site's chain."""
    act_as(monkeypatch, "ann")

    status = main(["audit", "show", "CHEST-1"])

    told = capsys.readouterr()
    assert (status, told.out) == (1, "")
    assert told.err == (
        "ccds: expected an administrator of this site; found ann; ask one of [hub] administrators in ccds.toml\n"
    )
    last = list(audit.entries())[-1]
    assert (last["person"], last["event"], last["detail"]["action"]) == ("ann", "AccessDenied", "read the audit log")


def test_verify_prints_what_to_keep_elsewhere(audit, capsys):
    """Number of entries and newest hash, of a project or the site."""
    statuses = main(["audit", "verify", "CHEST-1"]), main(["audit", "verify"])

    assert statuses == (0, 0)
    assert capsys.readouterr().out.splitlines() == [
        f"CHEST-1: 3 entries, unbroken; newest {audit.verify('CHEST-1')[1]}",
        f"site: 1 entries, unbroken; newest {audit.verify()[1]}",
    ]


def test_verify_finds_a_forgery(audit, capsys):
    """Exit status 1 and the line's number."""
    path = audit.folder / "CHEST-1.jsonl"
    path.write_text(path.read_text().replace('"ann"', '"bob"', 1))

    status = main(["audit", "verify", "CHEST-1"])

    told = capsys.readouterr()
    assert (status, told.out) == (1, "")
    assert told.err == (
        "ccds: expected an unbroken audit chain of CHEST-1; found line 2 that isn't as it was written; "
        "compare with the chain heads kept elsewhere and with the backup\n"
    )


@pytest.mark.parametrize("verb", ["show", "verify"])
@pytest.mark.parametrize(
    ("project_id", "expected"),
    [("NONE", "an audit chain of that project"), ("../x", "a project's id of letters, digits and hyphens")],
)
@pytest.mark.usefixtures("audit")
def test_a_chain_that_is_not_there_is_not_called_unbroken(capsys, verb, project_id, expected):
    """A removed log must not pass as an empty one."""
    status = main(["audit", verb, project_id])

    told = capsys.readouterr()
    assert (status, told.out) == (1, "")
    assert told.err.startswith(f"ccds: expected {expected}; found ")


@pytest.mark.parametrize(
    ("options", "events"),
    [
        (["--person", "ann"], ["ProjectOpened", "AccessDenied"]),
        (["--person", "nobody"], []),
        (["--event", "ProjectOpened"], ["ProjectOpened"]),
        (["--denied"], ["AccessDenied"]),
        (["--last", "2"], ["ProjectOpened", "AccessDenied"]),
        (["--last", "1", "--event", "ApplicationApplied"], ["ApplicationApplied"]),
        (["--since", "2020-01-01"], ["ApplicationApplied", "ProjectOpened", "AccessDenied"]),
        (["--since", "2999-01-01"], []),
        (["--until", "2020-01-01"], []),
        (["--until", "2999-01-01T00:00+02:00", "--person", "admin"], ["ApplicationApplied"]),
    ],
)
@pytest.mark.usefixtures("audit")
def test_show_prints_what_is_wanted(capsys, options, events):
    """Each filter alone and together; the newest of what they leave."""
    status = main(["audit", "show", "CHEST-1", "--json", *options])

    assert status == 0
    assert [entry["event"] for entry in json.loads(capsys.readouterr().out)] == events


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--event", "Opened"], "expected an event that there is; found 'Opened'; name one of AccessDenied, "),
        (["--last", "0"], "expected a number of entries, 1 or more; found 0"),
        (["--since", "yesterday"], "expected a day as 2026-11-25, or a time as 2026-11-25T14:30; found 'yesterday'"),
    ],
)
@pytest.mark.usefixtures("audit")
def test_a_wrong_filter_is_one_line(capsys, options, told):
    """What was expected, and what came."""
    status = main(["audit", "show", "CHEST-1", *options])

    assert status == 1
    assert capsys.readouterr().err.startswith(f"ccds: {told}")


def test_verify_all_prints_every_chain(audit, capsys):
    """The site's first."""
    status = main(["audit", "verify", "--all"])

    assert status == 0
    assert capsys.readouterr().out.splitlines() == [
        f"site: 1 entries, unbroken; newest {audit.verify()[1]}",
        f"CHEST-1: 3 entries, unbroken; newest {audit.verify('CHEST-1')[1]}",
    ]


def test_verify_all_finds_a_removed_chain_and_one_that_was_cut(audit, capsys):
    """Both are told of in one line; a chain that is whole is printed all the same."""
    (audit.folder / "_site.jsonl").unlink()
    path = audit.folder / "CHEST-1.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))

    status = main(["audit", "verify", "--all"])

    told = capsys.readouterr()
    assert (status, told.out) == (1, "")
    assert told.err == (
        "ccds: expected an unbroken audit chain of the site; found line 0 that is the last; there were 1 "
        "(and 1 more broken chains); compare with the chain heads kept elsewhere and with the backup\n"
    )


@pytest.mark.usefixtures("audit")
def test_verify_takes_one_chain_or_all(capsys):
    """Not both."""
    status = main(["audit", "verify", "CHEST-1", "--all"])

    assert status == 1
    assert capsys.readouterr().err == "ccds: expected one chain, or all; found both; leave out --all, or CHEST-1\n"


@pytest.mark.usefixtures("audit")
def test_verify_says_where_no_head_is_kept(settings, capsys):
    """A chain's end can't be vouched for then."""
    (settings.paths.state / "audit-heads" / "CHEST-1.head").unlink()

    status = main(["audit", "verify", "CHEST-1"])

    assert status == 0
    assert capsys.readouterr().out.endswith("; its head is kept nowhere yet\n")
