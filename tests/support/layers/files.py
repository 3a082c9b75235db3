"""The file system of a site on which people are Unix users: tried as each of them, with all of their groups."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ccds_kernel.irb.applying import apply_application
from support.matrix import (
    ANYTHING,
    COLLEAGUE,
    ON_ROSTER,
    REPORTS,
    ROLES,
    ROWS,
    Cell,
    any_of,
    in_standing,
    name_of,
    never,
)
from support.unix import UnixSite, run_as, unix_site

PROJECT = "CCDSTR-9"
FOLDERS = ("dicom", "nifti", "normalized", "masks", "quarantine", "runs")
"""Where images lie, and what is made of them."""
OF_REPORTS = ("phrases", "snapshots")
"""What is made of reports."""
DATABASE = ("project.db", "project.db-wal", "project.db-shm", "project.lock")

THINGS = {
    "enter the project": ANYTHING,
    **{f"read in {folder}": any_of("read images", "write images", "train a model") for folder in FOLDERS},
    **{f"write in {folder}": any_of("write images", "train a model") for folder in FOLDERS},
    **{f"{verb} in {folder}": REPORTS for folder in OF_REPORTS for verb in ("read", "write")},
    **{f"read {file}": ROWS for file in DATABASE},
    **{f"write {file}": ROWS for file in DATABASE},
    "write in airlock": ANYTHING,
    "write in one's own folder": ANYTHING,
    "read the application": ANYTHING,
    "read in a colleague's folder": never,
    "write in a colleague's folder": never,
    "write in the project's directory": never,
    "write in work": never,
    "write the application": never,
    "write beside the application": never,
    "list the registry": never,
    "list the projects": never,
    "read the audit log": never,
    "write the audit log": never,
    "list the service account's folder": never,
}
"""It knows data kinds, reading and writing, and who is in at all; what somebody opens a session for it can't know."""

_PROBE = """
import json, os, sys
projects, registry, audit, state, project, folders, files, colleague, me = json.loads(sys.argv[1])
top, entry = os.path.join(projects, project), os.path.join(registry, project)
log = os.path.join(audit, project + ".jsonl")
def write(*place):
    name = os.path.join(*place, "probe-" + me)
    open(name, "w").close()
    os.unlink(name)
def read(*place):
    with open(os.path.join(*place), "rb") as file:
        file.read(1)
def change(*place):
    open(os.path.join(*place), "r+b").close()
tries = {
    "enter the project": lambda: os.listdir(top),
    "write in airlock": lambda: write(top, "airlock"),
    "write in one's own folder": lambda: write(top, "work", me),
    "read the application": lambda: read(entry, "irb.yaml"),
    "read in a colleague's folder": lambda: read(top, "work", colleague, "kept"),
    "write in a colleague's folder": lambda: write(top, "work", colleague),
    "write in the project's directory": lambda: write(top),
    "write in work": lambda: write(top, "work"),
    "write the application": lambda: change(entry, "irb.yaml"),
    "write beside the application": lambda: write(entry),
    "list the registry": lambda: os.listdir(registry),
    "list the projects": lambda: os.listdir(projects),
    "read the audit log": lambda: read(log),
    "write the audit log": lambda: change(log),
    "list the service account's folder": lambda: os.listdir(state),
}
for folder in folders:
    tries["read in " + folder] = lambda folder=folder: (os.listdir(os.path.join(top, folder)), read(top, folder, "kept"))
    tries["write in " + folder] = lambda folder=folder: write(top, folder)
for file in files:
    tries["read " + file] = lambda file=file: read(top, file)
    tries["write " + file] = lambda file=file: change(top, file)
found = {}
for name, attempt in tries.items():
    try:
        attempt()
    except PermissionError:
        found[name] = False
    else:
        found[name] = True
print(json.dumps(found))
"""
"""Any other error than a refusal ends it: what isn't there was refused to nobody."""


class FilesLayer:
    """It follows the groups that reconciliation keeps."""

    def __init__(self, site: UnixSite) -> None:
        self.things = THINGS
        self._site = site
        self._bring(ON_ROSTER)
        top = site.settings.paths.projects / PROJECT
        for folder in (*FOLDERS, *OF_REPORTS):
            self._write_as("service", str(top / folder / "kept"))
        self._write_as(COLLEAGUE, str(top / "work" / site.users[COLLEAGUE] / "kept"))

    def observe(self, standing: str, roles: Iterable[str]) -> dict[Cell, bool]:
        """In a login made anew."""
        self._bring(standing)
        return {(role, thing): may for role in roles for thing, may in self._tried(name_of(role)).items()}

    def _bring(self, standing: str) -> None:
        application = in_standing(PROJECT, standing, self._site.users)
        apply_application(application, person="root", settings=self._site.settings)

    def _write_as(self, name: str, path: str) -> None:
        done = run_as(self._site.users[name], "/bin/sh", "-c", f"echo kept > {path}")
        assert done.returncode == 0, done.stderr

    def _tried(self, name: str) -> dict[str, bool]:
        paths, users = self._site.settings.paths, self._site.users
        places = [str(place) for place in (paths.projects, paths.registry, paths.audit, paths.state)]
        told = json.dumps([*places, PROJECT, (*FOLDERS, *OF_REPORTS), DATABASE, users[COLLEAGUE], users[name]])
        done = run_as(users[name], "/usr/bin/python3", "-c", _PROBE, told)
        assert done.returncode == 0, done.stderr
        found: dict[str, bool] = json.loads(done.stdout)
        return found


@contextmanager
def files_layer() -> Iterator[FilesLayer]:
    """A site with a Unix user for each role, and a colleague of theirs; needs root."""
    with unix_site(COLLEAGUE, *map(name_of, ROLES)) as site:
        yield FilesLayer(site)
