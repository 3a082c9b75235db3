"""A reconcile that is killed at any moment: nobody has more than before or after."""

import os
import random
import subprocess
import sys
import time

import psutil
import pytest
import yaml

from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.applying import apply_application
from support.reconciled import PEOPLE, PROJECT, apply, can, project_application, site, whole_site
from support.unix import UnixSite, remove_groups
from support.waiting import until

__all__ = ["apply", "site", "whole_site"]

KILLS = int(os.environ.get("CCDS_TEST_KILLS", "5"))


@pytest.mark.parametrize("new", [False, True], ids=["an amendment", "a new project"])
def test_killed_anywhere_nobody_has_more_than_before_or_after(site, apply, record_property, new):
    """`ccds irb apply` killed -9 at random points: at once and after the next run everybody may what one of the two says.

    The points lie anywhere between the moment at which it begins to change things and its end.
    """
    rosters = [{"ann": "engineer", "bob": "fellow"}, {"ann": "fellow", "eve": "scientist", "cy": "engineer"}]
    rights = [{name: set() for name in PEOPLE} for _ in rosters]
    for number in (1, 0):
        apply(rosters[number])
        rights[number] = {name: set(can(site, name)) for name in PEOPLE}
    most = {name: rights[0][name] | rights[1][name] for name in PEOPLE}
    chance = random.Random(4)  # noqa: S311 - when to kill, no secret
    file = site.folder / "irb.yaml"
    cut_short, excess, longest = 0, [], 0.0

    for kill in range(-1, KILLS):  # the first one runs to its end, and says how long that takes
        roster = rosters[(kill + 1) % 2]
        if new:
            remove_project(site)
        file.write_text(project_application(site, roster, title=f"Amendment {kill}").to_yaml())
        process = subprocess.Popen(
            [sys.executable, "-m", "ccds_kernel.cli", "irb", "apply", str(file)],
            env=os.environ | site.env,
            stdout=subprocess.DEVNULL,
        )
        # The points are counted from here: seen late, many would lie behind the end.
        until(
            lambda process=process: process.poll() is not None or _holds_lock(process.pid),
            "its begin",
            longest_pause=0.002,
        )
        begin = time.monotonic()
        if kill < 0:
            assert process.wait() == 0
            longest = time.monotonic() - begin
            continue
        # Even points, each somewhere in its own part: an apply that is quicker than the first one is cut short, too.
        time.sleep((kill + chance.random()) / KILLS * longest)  # the random point itself; nothing is waited for
        process.kill()
        cut_short += process.wait() != 0
        excess += [(kill, name) for name in PEOPLE if not set(can(site, name)) <= most[name]]
        apply_application(
            IrbApplication.model_validate(yaml.safe_load(file.read_text())), person="root", settings=site.settings
        )
        wanted = rights[(kill + 1) % 2]
        excess += [(kill, name, "after") for name in PEOPLE if set(can(site, name)) != wanted[name]]

    for name, figure in (("kills", KILLS), ("cut short", cut_short), ("excess", len(excess))):
        record_property(name, figure)
    assert excess == []
    assert cut_short >= KILLS // 4


def remove_project(site: UnixSite) -> None:
    """Takes the project out, as if it had never been."""
    for name in ("registry", "projects"):
        subprocess.run(["rm", "-rf", str(site.folder / name / PROJECT)], check=True)
    remove_groups(f"irb-{PROJECT.lower()}")


def _holds_lock(pid: int) -> bool:
    """Whether the process has the lock of reconciles open, before which it changes nothing."""
    try:
        return any(one.path.endswith(".reconcile.lock") for one in psutil.Process(pid).open_files())
    except psutil.Error:
        return False
