"""Bringing an application into force: who may, what it makes, what is logged."""

from pathlib import Path

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.applying import apply_application, expire_application, plan_application
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied, calendar_day
from ccds_kernel.irb.site import SiteAccessDenied, require_administrator
from support.site import ADMINISTRATOR, application


def test_nobody_amends_anything_unlogged(apply, registry, settings):
    """An application that can't be logged doesn't come into force, and makes no directory."""
    settings.paths.audit.write_text("a file in the folder's place")

    with pytest.raises(CcdsError, match="nothing is done that can't be logged"):
        apply(application())

    assert registry.ids() == ()
    assert not settings.paths.projects.exists()


def test_applying_makes_the_directory_and_logs_the_content(apply, entries, settings):
    """Others than owner and group have no business in it; the log names the content by its digest."""
    changed = apply(application())

    folder = settings.paths.projects / "CHEST-1"
    assert changed
    assert (folder / "work").is_dir()
    assert folder.stat().st_mode & 0o007 == 0
    assert entries("CHEST-1") == [
        (ADMINISTRATOR, "ApplicationApplied", {"digest": application().digest(), "standing": "in force"})
    ]


def test_applying_again_changes_and_logs_nothing(apply, entries):
    """The same file twice is one event."""
    apply(application())

    changed = apply(application())

    assert not changed
    assert len(entries("CHEST-1")) == 1


def test_applying_again_finishes_what_was_cut_short(apply, settings):
    """A directory that couldn't be made the first time is made the second time."""
    folder = settings.paths.projects / "CHEST-1"
    folder.mkdir(parents=True)
    (folder / "work").write_text("a file in the folder's place")
    with pytest.raises(CcdsError, match=r"expected to make .*CHEST-1; found .*; run this as the service account"):
        apply(application())
    (folder / "work").unlink()

    changed = apply(application())

    assert not changed
    assert (folder / "work").is_dir()


@pytest.mark.parametrize("make", [Path.write_text, Path.symlink_to])
def test_something_else_in_the_directory_s_place_is_refused_whole(apply, entries, make, registry, settings):
    """Nothing is applied, logged or changed."""
    settings.paths.projects.mkdir()
    make(settings.paths.projects / "CHEST-1", "/tmp")  # noqa: S108 - a folder that is there

    with pytest.raises(CcdsError, match=r"CHEST-1 to be your directory; found something that is no directory"):
        apply(application())

    assert registry.ids() == ()
    assert entries("CHEST-1") == []


def test_an_application_is_ended(apply, entries, registry, settings):
    """It is withdrawn today, its data stays; a second time changes nothing; one that isn't there is told."""
    apply(application())

    ended = [expire_application("CHEST-1", person=ADMINISTRATOR, settings=settings) for _ in range(2)]
    with pytest.raises(CcdsError, match="the id of an application of this site; found 'NONE-1'"):
        expire_application("NONE-1", person=ADMINISTRATOR, settings=settings)

    assert ended == [True, False]
    assert registry.get("CHEST-1") == application(withdrawn=calendar_day())
    assert [event for _, event, _ in entries("CHEST-1")] == ["ApplicationApplied"] * 2
    assert (settings.paths.projects / "CHEST-1" / "work").is_dir()


def test_an_application_that_has_not_begun_never_does(apply, registry, settings):
    """Ended before its first day."""
    apply(application(approved="2998-01-01", expires="2999-01-01"))

    ended = expire_application("CHEST-1", person=ADMINISTRATOR, settings=settings)

    assert ended
    assert registry.get("CHEST-1").standing(calendar_day()).startswith("withdrawn on ")


def test_a_dry_run_says_what_would_change_and_changes_nothing(apply, entries, registry, settings):
    """The same checks, no event; nothing left to say once it is applied."""
    planned = plan_application(application(), person=ADMINISTRATOR, settings=settings)
    before = (registry.ids(), entries("CHEST-1"), settings.paths.projects.exists())
    apply(application())

    assert planned == [
        "application CHEST-1: new",
        f"folder {settings.paths.projects / 'CHEST-1'}: make",
    ]
    assert before == ((), [], False)
    assert plan_application(application(), person=ADMINISTRATOR, settings=settings) == []
    with pytest.raises(SiteAccessDenied):
        plan_application(application(), person="ann", settings=settings)


def test_only_administrators_apply(entries, registry, settings):
    """Whoever else tries is told whom to ask, and logged; nothing changes."""
    with pytest.raises(SiteAccessDenied) as raised:
        apply_application(application(), person="ann", settings=settings)

    assert str(raised.value) == (
        "expected an administrator of this site; found ann; ask one of [hub] administrators in ccds.toml"
    )
    assert registry.ids() == ()
    assert [(person, event, detail["action"]) for person, event, detail in entries()] == [
        ("ann", "AccessDenied", "apply an IRB application")
    ]


def test_administering_the_site_opens_no_project(apply, settings):
    """An administrator who is on no roster has no right inside a project."""
    apply(application())

    require_administrator("anything", person=ADMINISTRATOR, settings=settings)

    with pytest.raises(ProjectAccessDenied, match=f"expected {ADMINISTRATOR} on the roster of CHEST-1"):
        open_project("CHEST-1", Action.READ_REPORTS, person=ADMINISTRATOR, settings=settings)
