"""2,500 groups of 500 people (500 projects × 5 groups, 20 people a project): made from nothing, then looked at again.

    python benchmarks/group_directories.py [-n 3] [--groupadd]

On this machine: in files of a temporary folder, as large as they would be in /etc. In LDAP: in a slapd of its own on loopback.
With --groupadd, as root, the peer as well: shadow-utils' groupadd, once for each group, in another such folder. Medians.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from ccds_kernel.groups import GroupDirectory
from ccds_kernel.groups.gids import GidRange
from ccds_kernel.groups.ldap import LdapGroups
from ccds_kernel.groups.ldap_session import LdapAccount
from ccds_kernel.groups.local import LocalGroups
from support.slapd import GROUPS, PASSWORD, PEOPLE, WRITER, running_slapd

PROJECTS, A_PROJECT, STAFF = 500, 20, 500
KINDS = ("", "-images", "-images-w", "-reports", "-reports-w")
GIDS = GidRange(30_000, 59_999)


def wanted() -> dict[str, frozenset[str]]:
    """All groups with their members."""
    people = [f"person{number:03}" for number in range(STAFF)]
    return {
        f"irb-2026-{project:03}{kind}": frozenset(
            people[(project * 7 + seat * 23) % STAFF] for seat in range(A_PROJECT)
        )
        for project in range(PROJECTS)
        for kind in KINDS
    }


def seconds(call: Callable[[], object]) -> float:
    """How long it takes."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def measured(directory: GroupDirectory) -> tuple[float, float, float]:
    """Seconds to make all groups, to see that nothing is to do, and to take one person out of one project."""
    groups = wanted()

    def look() -> None:
        if directory.groups("irb-") != groups:
            raise SystemExit("the groups aren't as they were made")

    made = seconds(lambda: directory.apply(groups))
    again = seconds(look)
    fewer = {name: people - {min(people)} for name, people in groups.items() if name.startswith("irb-2026-007")}
    one = seconds(lambda: directory.apply(fewer))
    return made, again, one


def in_files(folder: Path) -> tuple[float, float, float]:
    """On this machine."""
    _files(folder)
    everybody = frozenset().union(*wanted().values())
    return measured(LocalGroups(GIDS, etc=folder / "etc", exists=everybody.__contains__))


def in_ldap(folder: Path) -> tuple[float, float, float]:
    """In a directory of its own."""
    password = folder / "ldap-password"
    password.touch(mode=0o600)
    password.write_text(PASSWORD, encoding="utf-8")
    with running_slapd(*(f"person{number:03}" for number in range(STAFF))) as slapd:
        account = LdapAccount(slapd.encrypted_uri, WRITER, password, slapd.ca)
        return measured(LdapGroups(account, people=PEOPLE, base=GROUPS, gids=GIDS))


def by_groupadd(folder: Path) -> float:
    """The peer: seconds to make all groups."""
    _files(folder)

    def make() -> None:
        for number, (name, people) in enumerate(wanted().items(), start=GIDS.first):
            members = ",".join(sorted(people))
            subprocess.run(["groupadd", "--prefix", folder, "-g", str(number), "-U", members, name], check=True)

    took = seconds(make)
    lines = (folder / "etc/group").read_text(encoding="utf-8").splitlines()
    if len(lines) != len(wanted()) or lines[0].count(",") != A_PROJECT - 1:
        raise SystemExit("groupadd made other groups")
    return took


def _files(folder: Path) -> None:
    """A machine that knows these people and has no group."""
    etc = folder / "etc"
    etc.mkdir()
    lines = [f"person{number:03}:x:{number + 5000}:100::/home:/bin/sh\n" for number in range(STAFF)]
    (etc / "passwd").write_text("".join(lines), encoding="utf-8")
    for file in ("group", "gshadow"):
        (etc / file).touch()


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=3, help="runs")
    parser.add_argument("--groupadd", action="store_true", help="run the peer once as well; needs root")
    arguments = parser.parse_args()
    print(
        f"{platform.python_version()}, {os.cpu_count()} cores, n = {arguments.n}: make all; see nothing to do; change one"
    )
    for name, run in (("files of this machine", in_files), ("LDAP", in_ldap)):
        runs = []
        for _ in range(arguments.n):
            with tempfile.TemporaryDirectory() as folder:
                runs.append(run(Path(folder)))
        made, again, one = (statistics.median(column) for column in zip(*runs, strict=True))
        print(f"{name}: {made:.2f} s, {again:.3f} s, {one:.3f} s")
    if arguments.groupadd:
        with tempfile.TemporaryDirectory() as folder:
            print(f"groupadd, n = 1: {by_groupadd(Path(folder)):.1f} s")


if __name__ == "__main__":
    main()
