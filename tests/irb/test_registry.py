"""The registry: what is approved now, what was approved when, and what it refuses."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole
from ccds_kernel.irb.history import on_roster_since
from ccds_kernel.irb.roles import Role
from support.processes import READY, at_once
from support.site import application, on_roster

PUTTER = f"""
from pathlib import Path
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import read_application
from ccds_kernel.irb.registry import Registry
application = read_application(Path(sys.argv[2]))
{READY}try:
    Registry(Path(sys.argv[1])).put(application)
except CcdsError:
    sys.exit(3)
"""


def test_an_application_is_kept(registry):
    """What was put is what is there, by id and by slug."""
    changed = registry.put(application())

    assert changed
    assert registry.ids() == ("CHEST-1",)
    assert registry.get("CHEST-1") == registry.by_slug("chest-1") == application()
    assert registry.applications() == (application(),)


def test_an_empty_registry_has_nothing(registry):
    """Also where its folder isn't there yet."""
    assert registry.ids() == ()
    assert registry.get("CHEST-1") is None
    assert registry.by_slug("chest-1") is None
    assert registry.history("CHEST-1") == ()


def test_the_same_application_twice_changes_nothing(registry):
    """Neither the file in force nor the history."""
    registry.put(application())
    before = {path: path.stat().st_mtime_ns for path in registry.folder.rglob("*.yaml")}

    changed = registry.put(application())

    assert not changed
    assert {path: path.stat().st_mtime_ns for path in registry.folder.rglob("*.yaml")} == before


def test_an_amendment_keeps_the_history(registry):
    """Every version stays, with its time, oldest first; going back to an old one is a version too."""
    start = datetime.now(UTC) - timedelta(seconds=1)
    versions = [application(title=title) for title in ("One", "Two", "One")]

    changes = [registry.put(version) for version in versions]

    history = registry.history("CHEST-1")
    assert changes == [True, True, True]
    assert [version.application for version in history] == versions
    applied = [start, *(version.applied for version in history), datetime.now(UTC)]
    assert applied == sorted(applied)
    assert registry.get("CHEST-1") == versions[-1]


def test_an_amendment_is_seen_at_once(registry):
    """Reading is quick because unchanged files aren't parsed again; a replaced one is, however soon it came."""
    seen = []
    for number in range(50):
        registry.put(application(title=f"{number:02d}"))
        seen.append(registry.get("CHEST-1").title)

    assert seen == [f"{number:02d}" for number in range(50)]


def test_since_when_somebody_is_on_the_roster(registry):
    """Without a break, in that role: who left and came back counts anew, who changed the role too."""
    for roster in (
        on_roster(ann="fellow", bob="fellow", cy="labeler"),
        on_roster(ann="fellow", cy="fellow"),
        on_roster(ann="fellow", bob="fellow", cy="fellow"),
    ):
        registry.put(application(roster=roster))
    history = registry.history("CHEST-1")

    since = on_roster_since(history)

    applied = [version.applied for version in history]
    assert since == {
        ("ann", Role.FELLOW): applied[0],
        ("cy", Role.FELLOW): applied[1],
        ("bob", Role.FELLOW): applied[2],
    }


def test_ids_whose_sessions_would_have_one_name_are_refused(registry):
    """Case doesn't tell two projects apart, and neither does the prefix of an id that begins with a digit."""
    registry.put(application(id="CHEST-1"))
    registry.put(application(id="7"))

    for similar, other in (("chest-1", "CHEST-1"), ("Irb-7", "7")):
        with pytest.raises(CcdsError) as raised:
            registry.put(application(id=similar))
        assert f"found {similar} beside {other}; amend the application that is there" in str(raised.value)

    assert registry.ids() == ("7", "CHEST-1")


def test_similar_ids_put_at_once_do_not_both_get_in(registry, tmp_path):
    """Two administrators at the same moment: one is refused."""
    calls = []
    for project_id in ("CHEST-1", "Chest-1", "chest-1"):
        path = tmp_path / f"{len(calls)}.yaml"
        path.write_text(application(id=project_id).to_yaml(), encoding="utf-8")
        calls.append((str(registry.folder), str(path)))

    ends = at_once(PUTTER, *calls)

    assert sorted(ends) == [0, 3, 3]
    assert len(registry.ids()) == 1


@pytest.mark.parametrize(
    "project_id", ["../CHEST-1", "CHEST-1/../CHEST-1", "/etc", "..", ".", "", "CHEST-1/", "chest-1"]
)
def test_an_id_is_no_path(registry, project_id):
    """What isn't exactly an id of the registry isn't looked up."""
    registry.put(application())
    (registry.folder / "irb.yaml").write_text(application().to_yaml())
    (registry.folder.parent / "CHEST-1").mkdir()
    (registry.folder.parent / "CHEST-1" / "irb.yaml").write_text(application().to_yaml())

    assert registry.get(project_id) is None
    assert registry.history(project_id) == ()


def test_a_folder_without_an_application_is_none(registry):
    """Half made, or something else that lies there: no project, and no history."""
    (registry.folder / "CHEST-1" / "history").mkdir(parents=True)

    assert registry.ids() == ()
    assert registry.get("CHEST-1") is None
    assert registry.history("CHEST-1") == ()


def test_an_announcement_that_fails_stops_the_change(registry):
    """What can't be logged isn't done: nothing is written."""

    def fail():
        raise CcdsError(expected="a log", found="none", do="mend it")

    registry.put(application())
    before = sorted(registry.folder.rglob("*"))

    with pytest.raises(CcdsError, match="expected a log"):
        registry.put(application(title="Amended"), announce=fail)

    assert registry.get("CHEST-1") == application()
    assert sorted(registry.folder.rglob("*")) == before


def test_nothing_is_announced_that_is_refused_or_changes_nothing(registry):
    """The log tells of changes only."""
    registry.put(application())
    told = []

    registry.put(application(), announce=lambda: told.append("again"))
    with pytest.raises(CcdsError):
        registry.put(application(id="chest-1"), announce=lambda: told.append("refused"))

    assert told == []


@pytest.mark.parametrize("content", ["", "id: [", "id: CHEST-1\n"])
def test_a_damaged_application_closes_its_own_project_only(registry, content):
    """Who asks for it is told; the others go on; applying it again mends it."""
    registry.put(application())
    registry.put(application(id="HEAD-1"))
    (registry.folder / "CHEST-1" / "irb.yaml").write_text(content)

    with pytest.raises(CcdsError, match=r"CHEST-1/irb.yaml"):
        registry.get("CHEST-1")
    others = registry.applications()
    similar = registry.by_slug("head-1")
    mended = registry.put(application())

    assert others == (application(id="HEAD-1"),)
    assert similar == application(id="HEAD-1")
    assert mended
    assert registry.get("CHEST-1") == application()


def test_an_application_in_another_s_place_is_refused(registry):
    """A folder copied by hand doesn't lend its roster to another project."""
    registry.put(application())
    (registry.folder / "HEAD-1").mkdir()
    (registry.folder / "HEAD-1" / "irb.yaml").write_text(application().to_yaml())

    with pytest.raises(CcdsError, match=r"expected the application HEAD-1 in .*; found another one's, CHEST-1"):
        registry.get("HEAD-1")

    assert registry.applications() == (application(),)


def test_a_stranger_in_the_history_is_told(registry):
    """A file that isn't named by its time is no version."""
    registry.put(application())
    (registry.folder / "CHEST-1" / "history" / "copy.yaml").touch()

    with pytest.raises(CcdsError, match=r"found copy.yaml; move that file elsewhere"):
        registry.history("CHEST-1")


def test_a_registry_that_cannot_be_written_is_told(registry):
    """One line that says who may."""
    registry.folder.parent.mkdir(exist_ok=True)
    registry.folder.write_text("a file in the registry's place")

    with pytest.raises(
        CcdsError, match=r"expected to write the registry .*; run this as the service account of the site"
    ):
        registry.put(application())


def test_what_others_read_is_readable_and_whole(registry):
    """The umask of whoever applies it doesn't close the application to the sessions, and no half file is left beside it."""
    before = os.umask(0o077)
    try:
        registry.put(application())
    finally:
        os.umask(before)

    modes = {path.name: path.stat().st_mode & 0o777 for path in (registry.folder / "CHEST-1").glob("*.*")}
    assert modes == {"irb.yaml": 0o640}


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    """Neither half a file nor the rest of a try beside it."""
    (tmp_path / "taken").mkdir()

    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "taken", "text")

    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_written_file_has_the_permissions_that_were_asked_for(tmp_path):
    """Also where it replaces one that had others."""
    (tmp_path / "secret").touch(mode=0o644)

    write_whole(tmp_path / "secret", "téxt", 0o600)

    assert (tmp_path / "secret").read_text(encoding="utf-8") == "téxt"
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
