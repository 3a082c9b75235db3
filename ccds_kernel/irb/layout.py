"""What a project's directory looks like, and who may do what in each place of it. Pure: names, no numbers, nothing is touched.

Members can rename, replace or remove nothing that stands directly in the directory: it is root's, and so is `work/`. Further down
they write where their groups may; default ACLs hand that on, whatever somebody's umask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ccds_kernel.groups.acl import ENTER, READ, WRITE
from ccds_kernel.irb.membership import ProjectGroups

ROOT = "root"
IMAGE_FOLDERS = ("criteria", "dicom", "nifti", "normalized", "masks", "quarantine", "runs")
REPORT_FOLDERS = {"phrases": False, "snapshots": True}
"""What people make of reports: phrase lists, and snapshots of labels; and whether each keeps there what they made (`sticky`)."""
DATABASE_FILES = ("project.db", "project.db-wal", "project.db-shm", "project.lock")
AIRLOCK_FILES = ("airlock.db", "airlock.db-wal", "airlock.db-shm", "airlock.lock")
"""Rows of submissions lie apart from those of reports: who reviews results needn't be somebody who may read reports."""

_LOOK = READ | ENTER
_ALL = READ | WRITE | ENTER


class Kind(StrEnum):
    """What a place is."""

    FOLDER = "folder"
    FILE = "file"


@dataclass(frozen=True)
class Place:
    """One folder or file, and its permissions.

    Args:
        path: relative to the project's directory; empty for that itself.
        kind: folder or file.
        owner: a Unix user.
        group: a Unix group.
        may: what owner, group and others may, each the sum of READ, WRITE and ENTER.
        users: further users, and what they may.
        groups: further groups, and what they may.
        heirs: whether what is made in the folder gets the same: by users and groups named here, and by the owner's name.
        sticky: whether only the owner of something in it may remove it.
        database: whether a file that is made new is a database without rows; else it is empty.
    """

    path: str
    kind: Kind
    owner: str
    group: str
    may: tuple[int, int, int]
    users: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[str, int] = field(default_factory=dict)
    heirs: bool = False
    sticky: bool = False
    database: bool = False


def project_places(project_id: str, people: Iterable[str], *, service: str, database: bool) -> tuple[Place, ...]:
    """Every place of project `project_id`; the directory itself comes last, so that it opens when all inside is right.

    Args:
        project_id: the IRB application's id.
        people: whose working folders there are.
        service: the service account; it reads and writes everywhere.
        database: whether the project's database is files in the directory.
    """
    groups = ProjectGroups(project_id)
    everywhere = {service: _ALL}
    inside = [
        Place(
            name, Kind.FOLDER, ROOT, ROOT, (_ALL, 0, 0), everywhere,
            {groups.image_readers: _LOOK, groups.image_writers: _ALL}, heirs=True,
        )
        for name in IMAGE_FOLDERS
    ]  # fmt: skip
    inside += [
        Place(
            name, Kind.FOLDER, ROOT, ROOT, (_ALL, 0, 0), everywhere, {groups.report_users: _ALL}, heirs=True, sticky=sticky
        )
        for name, sticky in REPORT_FOLDERS.items()
    ]  # fmt: skip
    # Every member puts submissions in, and nobody takes another's away; who reads them is the airlock's to say.
    inside.append(
        Place(
            "airlock",
            Kind.FOLDER,
            ROOT,
            ROOT,
            (_ALL, 0, 0),
            everywhere,
            {groups.members: _ALL},
            heirs=True,
            sticky=True,
        )
    )
    if database:
        for names, group in ((DATABASE_FILES, groups.row_users), (AIRLOCK_FILES, groups.members)):
            inside += [
                Place(name, Kind.FILE, service, group, (READ | WRITE, READ | WRITE, 0), database=name.endswith(".db"))
                for name in names
            ]
    inside.append(Place("work", Kind.FOLDER, ROOT, groups.members, (_ALL, _LOOK, 0), {service: _LOOK}))
    inside += [
        Place(f"work/{person}", Kind.FOLDER, person, ROOT, (_ALL, 0, 0), everywhere, heirs=True)
        for person in sorted(people)
    ]
    return *inside, Place("", Kind.FOLDER, ROOT, groups.members, (_ALL, _LOOK, 0), {service: _LOOK})
