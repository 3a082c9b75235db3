"""A site with Unix users whose project is reconciled, and what each of them can do there then, by the word of the system."""

import subprocess
from collections.abc import Callable, Iterator

import pytest

from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.applying import apply_application
from support.site import application, on_roster
from support.unix import UnixSite, remove_groups, run_as, unix_site

PROJECT = "CCDSTR-1"
PEOPLE = ("ann", "bob", "cy", "eve")
PROBE = """
import os, sys
top = sys.argv[1]
def can(what):
    try:
        what()
    except OSError:
        return False
    return True
def write(place):
    name = os.path.join(place, "probe-" + str(os.getuid()))
    open(name, "w").close()
    os.unlink(name)
tries = {
    "enter": lambda: os.listdir(top),
    "read images": lambda: os.listdir(os.path.join(top, "nifti")),
    "write images": lambda: write(os.path.join(top, "nifti")),
    "use reports": lambda: open(os.path.join(top, "project.db"), "r+b").close(),
    "use what is made of reports": lambda: [write(os.path.join(top, name)) for name in ("phrases", "snapshots")],
    "write the top": lambda: write(top),
    "write work": lambda: write(os.path.join(top, "work")),
}
print(*sorted(name for name, what in tries.items() if can(what)), sep="\\n")
"""


@pytest.fixture(scope="module")
def whole_site() -> Iterator[UnixSite]:
    """A site with its people as Unix users."""
    with unix_site(*PEOPLE) as site:
        yield site


@pytest.fixture
def site(whole_site: UnixSite) -> UnixSite:
    """The same without any project."""
    remove_groups("irb-ccdstr")
    for name in ("registry", "projects", "audit"):
        subprocess.run(["rm", "-rf", str(whole_site.folder / name)], check=True)
    return whole_site


@pytest.fixture
def apply(site: UnixSite) -> Callable[..., bool]:
    """Applies an application of the project, with a roster of Unix users by their short names."""

    def call(people: dict[str, str], **changed) -> bool:
        return apply_application(project_application(site, people, **changed), person="root", settings=site.settings)

    return call


def project_application(site: UnixSite, people: dict[str, str], **changed) -> IrbApplication:
    """An application of the project for Unix users."""
    roster = on_roster(**{site.users[name]: role for name, role in people.items()})
    return application(**({"id": PROJECT, "data": ["images", "reports"], "roster": roster} | changed))


def can(site: UnixSite, name: str) -> list[str]:
    """What the operating system lets that person do in the project's directory, in a login made anew."""
    done = run_as(site.users[name], "/usr/bin/python3", "-c", PROBE, str(site.settings.paths.projects / PROJECT))
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line]


EVERYTHING = ["enter", "read images", "use reports", "use what is made of reports", "write images"]


def tree_of(site: UnixSite) -> list[tuple[str, int, int, int]]:
    """All that lies in its folders: path, owner, group and mode."""
    places = [place for name in ("registry", "projects", "audit") for place in sorted((site.folder / name).rglob("*"))]
    return [(str(place), place.lstat().st_uid, place.lstat().st_gid, place.lstat().st_mode) for place in places]
