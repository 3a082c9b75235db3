"""What a reconcile mends and leaves as it is, what it refuses as a whole, and what it says before."""

import os
import subprocess

import pytest

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.applying import apply_application, plan_application
from ccds_kernel.irb.reconcile import Reconciler
from ccds_kernel.irb.registry import registry_of
from support.reconciled import EVERYTHING, PROJECT, apply, can, project_application, site, tree_of, whole_site
from support.site import on_roster
from support.unix import UnixSite, python_as, run_as

__all__ = ["apply", "site", "whole_site"]


def test_a_second_run_changes_nothing(site, apply):
    """Not a file's time, not a line of the log."""
    assert apply({"ann": "engineer"})
    before, lines = tree_of(site), len(list(FileAuditSink(site.settings.paths.audit).entries(PROJECT)))

    again = apply({"ann": "engineer"})

    assert not again
    assert not Reconciler(site.settings).look()
    assert (tree_of(site), len(list(FileAuditSink(site.settings.paths.audit).entries(PROJECT)))) == (before, lines)


def test_what_somebody_changed_by_hand_is_put_back(site, apply):
    """A group that was widened, a folder that was opened, one that was removed."""
    apply({"ann": "engineer"})
    top = site.settings.paths.projects / PROJECT
    subprocess.run(
        ["gpasswd", "-a", site.users["eve"], f"irb-{PROJECT.lower()}-images"], check=True, capture_output=True
    )
    top.chmod(0o777)
    (top / "masks").rmdir()
    reconciler = Reconciler(site.settings)
    plan = reconciler.look()

    reconciler.carry_out(plan, person="root", audit=FileAuditSink(site.settings.paths.audit))

    assert [line for line in plan.lines() if PROJECT.lower() in line.lower()] == [
        f"group irb-{PROJECT.lower()}-images: -{site.users['eve']}",
        f"folder {top / 'masks'}: make",
        f"folder {top}: mend",
    ]
    assert can(site, "eve") == []
    assert can(site, "ann") == EVERYTHING


def test_a_damaged_or_missing_application_closes_its_project_and_no_other(site, apply):
    """Unknown is not allowed; the next one is as it was."""
    apply({"ann": "engineer"})
    other = project_application(site, {"ann": "engineer"}, id="CCDSTR-2")
    apply_application(other, person="root", settings=site.settings)
    (site.settings.paths.registry / PROJECT / "irb.yaml").write_text("damaged")
    reconciler = Reconciler(site.settings)

    reconciler.carry_out(reconciler.look(), person="root", audit=FileAuditSink(site.settings.paths.audit))
    damaged = can(site, "ann")
    subprocess.run(["rm", "-rf", str(site.settings.paths.registry / PROJECT)], check=True)
    subprocess.run(["gpasswd", "-a", site.users["ann"], f"irb-{PROJECT.lower()}"], check=True, capture_output=True)
    reconciler.carry_out(reconciler.look(), person="root", audit=FileAuditSink(site.settings.paths.audit))

    assert (damaged, can(site, "ann")) == ([], [])
    assert run_as(site.users["ann"], "ls", str(site.settings.paths.projects / "CCDSTR-2")).returncode == 0


def test_somebody_without_an_account_is_refused_whole(site, apply):
    """Named; nothing is applied, no group made."""
    with pytest.raises(CcdsError, match="found ccdstnobody, whom the directory doesn't know"):
        apply({"ann": "engineer"}, roster=on_roster(ccdstann="engineer", ccdstnobody="fellow"))

    assert registry_of(site.settings).ids() == ()
    assert not (site.settings.paths.projects / PROJECT).exists()


def test_somebody_whose_account_is_gone_stops_nobody_else(site, apply):
    """The next look leaves them out and goes on."""
    apply({"ann": "engineer", "cy": "engineer"})
    registry = registry_of(replace_user(site, "cy", "ccdstgone"))
    reconciler = Reconciler(site.settings)
    plan = reconciler.look()

    reconciler.carry_out(plan, person="root", audit=FileAuditSink(site.settings.paths.audit))

    assert registry.get(PROJECT).entry_of("ccdstgone")
    assert can(site, "ann") == EVERYTHING
    assert can(site, "cy") == []


def replace_user(site: UnixSite, name: str, gone: str):
    """Writes another name into the registry's application by hand, as if that account had been there when it was applied."""
    path = site.settings.paths.registry / PROJECT / "irb.yaml"
    path.write_text(path.read_text().replace(site.users[name], gone))
    return site.settings


def test_somebody_else_s_directory_is_refused_whole(site, apply):
    """Nothing is applied."""
    folder = site.settings.paths.projects / PROJECT
    folder.mkdir(parents=True)
    os.chown(folder, *[int(one) for one in _ids(site.users["eve"])])

    with pytest.raises(CcdsError, match=f"to be root's directory; found one that belongs to {site.users['eve']}"):
        apply({"ann": "engineer"})

    assert registry_of(site.settings).ids() == ()


def _ids(user: str) -> list[str]:
    return [
        subprocess.run(["id", flag, user], capture_output=True, text=True, check=True).stdout for flag in ("-u", "-g")
    ]


def test_only_root_reconciles(site, apply):
    """Whoever else tries is told, and nothing changes."""
    apply({"ann": "engineer"})
    file = site.folder / "irb.yaml"
    file.write_text(project_application(site, {"ann": "engineer", "eve": "engineer"}).to_yaml())

    code = f"import sys; from ccds_kernel.cli import main; sys.exit(main(['irb', 'apply', {str(file)!r}]))"
    done = python_as(site.users["service"], code, env=site.env)

    assert done.returncode == 1
    assert done.stderr.startswith("ccds: expected an administrator of this site; found ccdstservice")
    assert can(site, "eve") == []


def test_a_dry_run_says_what_would_change(site, apply):
    """Group by group and folder by folder; nothing is touched."""
    apply({"ann": "engineer"})
    before = tree_of(site)

    lines = plan_application(
        project_application(site, {"ann": "fellow", "eve": "scientist"}), person="root", settings=site.settings
    )

    base, ann, eve = f"irb-{PROJECT.lower()}", site.users["ann"], site.users["eve"]
    assert lines == [
        f"application {PROJECT}: amends the one in the registry",
        f"  roster: {ann} engineer → fellow",
        f"  roster: +{eve} (scientist)",
        f"group {base}: +{eve}",
        f"group {base}-images: +{eve}",
        f"group {base}-images-w: +{eve} -{ann}",
        f"group {base}-reports: +{eve}",
        f"group {base}-rows: +{eve}",
        f"folder {site.settings.paths.projects / PROJECT / 'work' / eve}: make",
    ]
    assert tree_of(site) == before


def test_the_whole_site_is_looked_at(site, apply):
    """A group of ours that no application has is emptied."""
    apply({"ann": "engineer"})
    subprocess.run(["groupadd", "-U", site.users["eve"], "irb-ccdstr-left"], check=True)
    reconciler = Reconciler(site.settings)

    reconciler.carry_out(reconciler.look(), person="root", audit=FileAuditSink(site.settings.paths.audit))

    assert subprocess.run(
        ["getent", "group", "irb-ccdstr-left"], capture_output=True, text=True, check=True
    ).stdout.endswith(":\n")
