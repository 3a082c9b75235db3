"""Bringing an application into force: who may, what it makes, what is logged."""

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
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
    assert entries("CHEST-1") == [(ADMINISTRATOR, "ApplicationApplied", {"digest": application().digest()})]


def test_applying_again_changes_and_logs_nothing(apply, entries):
    """The same file twice is one event."""
    apply(application())

    changed = apply(application())

    assert not changed
    assert len(entries("CHEST-1")) == 1


def test_applying_again_finishes_what_was_cut_short(apply, settings):
    """A directory that couldn't be made the first time is made the second time."""
    settings.paths.projects.write_text("a file in the folder's place")
    with pytest.raises(CcdsError, match=r"expected to make .*CHEST-1; found .*; run this as the service account"):
        apply(application())
    settings.paths.projects.unlink()

    changed = apply(application())

    assert not changed
    assert (settings.paths.projects / "CHEST-1" / "work").is_dir()


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
