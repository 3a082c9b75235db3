"""Groups of this machine keep the port's promises: in a folder of the test's as whoever runs it, and in /etc as root."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.groups import PREFIXES, DirectoryUnavailableError, GroupDirectory
from ccds_kernel.groups import etc as accounts
from ccds_kernel.groups.directory import COUNTER
from ccds_kernel.groups.gids import GidRange
from ccds_kernel.groups.local import LocalGroups
from support.components import missing, need_program
from support.group_contract import PREFIX, GroupDirectoryContract, name
from support.waiting import until

PEOPLE = ("daemon", "bin", "games")
"""Three whom every machine has."""

GROUP = """root:x:0:
a line that nobody understands \x85 here
irb-ccdst:x:150:daemon
staff:x:50:daemon,bin"""
GSHADOW = """root:*::
staff:!:root:daemon,bin
irb-ccdst:!::daemon
"""


@dataclass
class Machine:
    """The files in one folder."""

    etc: Path
    gids_from: int
    people: tuple[str, str, str] = PEOPLE

    @property
    def script(self) -> str:
        """Makes `directory` in another process."""
        return f"""
from pathlib import Path
from ccds_kernel.groups.gids import GidRange
from ccds_kernel.groups.local import LocalGroups
directory = LocalGroups(GidRange({self.gids_from}, {self.gids_from + 9999}), etc=Path({str(self.etc)!r}))
"""

    def connect(self) -> GroupDirectory:
        """A new client."""
        return LocalGroups(GidRange(self.gids_from, self.gids_from + 9999), etc=self.etc)

    def members(self) -> dict[str, frozenset[str]]:
        """As the file says."""
        return {fields[0]: frozenset(filter(None, fields[3].split(","))) for fields in self._ours()}

    def gids(self) -> dict[str, int]:
        """As the file says."""
        return {fields[0]: int(fields[2]) for fields in self._ours()}

    def _ours(self) -> list[list[str]]:
        lines = (self.etc / "group").read_text(encoding="utf-8").split("\n")
        return [line.split(":") for line in lines if line.startswith(PREFIX)]

    def state(self) -> object:
        """Which files they are, written when."""
        found = [(self.etc / file).stat() for file in ("group", "gshadow")]
        return [(file.st_ino, file.st_mtime_ns) for file in found]


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """A folder with files such as /etc has, and lines that aren't ours."""
    (tmp_path / "group").write_text(GROUP, encoding="utf-8")
    (tmp_path / "gshadow").write_text(GSHADOW, encoding="utf-8")
    (tmp_path / "gshadow").chmod(0o640)
    return tmp_path


@pytest.fixture
def machine(etc: Path) -> Machine:
    """This folder as a machine's."""
    return Machine(etc, 30_000)


class TestLocalGroupsInAFolder(GroupDirectoryContract):
    """Every promise, without any right."""

    @pytest.fixture
    def place(self, machine: Machine) -> Machine:
        """The folder."""
        return machine


class TestLocalGroupsOfThisMachine(GroupDirectoryContract):
    """Every promise, on the groups that the kernel obeys."""

    @pytest.fixture
    def place(self) -> Iterator[Machine]:
        """/etc, with our groups taken out afterwards."""
        if os.getuid() != 0:
            missing("root", "run these tests as root, on a machine whose groups may be changed")
        need_program("grpck", "apt-get install passwd")
        etc = Path("/etc")
        machine = Machine(etc, 50_000)
        groups = machine.connect()

        yield machine

        told = grpck(etc)
        groups.apply(dict.fromkeys(groups.groups(PREFIX)))
        if not any(groups.groups(prefix) for prefix in PREFIXES):  # no site's machine: nobody goes on counting
            subprocess.run(["groupdel", "-f", COUNTER], check=False)  # another run may have been faster
        assert PREFIX not in told

    def test_the_system_gives_a_process_these_groups(self, directory: GroupDirectory, ann: str, ben: str) -> None:
        """getgrnam(3) and initgroups(3) see what was applied, at once."""
        directory.apply({name("a"): frozenset({ann}), name("b"): frozenset({ann, ben})})

        told = subprocess.run(["getent", "group", name("b")], capture_output=True, text=True, check=True).stdout
        held = subprocess.run(["id", "-Gn", ann], capture_output=True, text=True, check=True).stdout.split()

        assert set(told.strip().split(":")[3].split(",")) == {ann, ben}
        assert {name("a"), name("b")} <= set(held)

    def test_shadow_utils_takes_the_same_lock(self, directory: GroupDirectory, ann: str) -> None:
        """The program groupadd waits while a change is made, and its group is there as well."""
        with accounts.locked(Path("/etc")):
            waiting = subprocess.Popen(["groupadd", name("theirs")])
            until(lambda: waits_for_a_lock(waiting.pid), "groupadd to wait")
        assert waiting.wait(30) == 0

        directory.apply({name("ours"): frozenset({ann})})

        assert set(directory.groups(PREFIX)) == {name("theirs"), name("ours")}


def waits_for_a_lock(pid: int) -> bool:
    """Whether the kernel has this process in the queue for a lock."""
    queue = [line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines() if "->" in line]
    return any(str(pid) in waiting for waiting in queue)


def grpck(etc: Path) -> str:
    """What shadow-utils' own check says of the files in `etc`."""
    files = [str(etc / "group"), str(etc / "gshadow")]
    done = subprocess.run(["grpck", "-r", *files], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_what_is_not_ours_stays_to_the_last_byte(machine: Machine) -> None:
    """Lines that nobody understands, names that are nearly ours, owner and permissions."""
    (machine.etc / "group").write_bytes(b"\xff\r:x:\n" + GROUP.encode())
    directory = machine.connect()

    directory.apply({name("a"): frozenset({"games"})})
    directory.apply({name("a"): None})

    assert (machine.etc / "group").read_bytes() == b"\xff\r:x:\n" + GROUP.encode() + b"\nccds-next-gid:x:30001:\n"
    assert (machine.etc / "gshadow").read_text() == GSHADOW + "ccds-next-gid:!::\n"
    assert stat.S_IMODE((machine.etc / "gshadow").stat().st_mode) == 0o640


def test_who_may_enter_by_gshadow_counts(machine: Machine) -> None:
    """newgrp(1) asks that file, so somebody named there alone has to be seen, and goes with the next change."""
    directory = machine.connect()
    directory.apply({name("a"): frozenset({"bin"}), name("b"): frozenset({"bin"})})
    shadow = machine.etc / "gshadow"
    shadow.write_text(shadow.read_text().replace(f"{name('a')}:!::bin", f"{name('a')}:!:games:bin,games"))

    seen = directory.groups(PREFIX)
    directory.apply({name("b"): frozenset()})

    assert seen[name("a")] == {"bin", "games"}
    assert directory.groups(PREFIX) == {name("a"): {"bin"}, name("b"): set()}
    assert f"{name('a')}:!::bin\n" in shadow.read_text()


def test_a_group_on_two_lines_has_the_people_of_both(machine: Machine) -> None:
    """As initgroups(3) reads it; the next change leaves one line."""
    group = machine.etc / "group"
    group.write_text(f"{GROUP}\n{name('a')}:x:700:bin\n{name('a')}:x:701:games\n")
    directory = machine.connect()

    seen = directory.groups(PREFIX)
    directory.apply({name("a"): frozenset({"bin"})})

    assert seen == {name("a"): {"bin", "games"}}
    assert group.read_text() == f"{GROUP}\n{name('a')}:x:700:bin\n"


def test_a_machine_without_gshadow_has_groups_too(machine: Machine) -> None:
    """And gets no such file."""
    (machine.etc / "gshadow").unlink()

    machine.connect().apply({name("a"): frozenset({"bin"})})

    assert machine.connect().groups(PREFIX) == {name("a"): {"bin"}}
    assert not (machine.etc / "gshadow").exists()


def test_numbers_of_others_are_passed_over(machine: Machine) -> None:
    """Whoever made a group by hand within our range keeps its number to itself."""
    with (machine.etc / "group").open("a", encoding="utf-8") as group:
        group.write("\ntheirs:x:30000:\nalso-theirs:x:30002:\n")

    machine.connect().apply({name(letter): frozenset() for letter in "abc"})

    assert sorted(machine.gids().values()) == [30001, 30003, 30004]


def test_no_number_left(machine: Machine) -> None:
    """Said before anything is changed."""
    directory = LocalGroups(GidRange(30_000, 30_003), etc=machine.etc)
    directory.apply({name("a"): frozenset(), name("b"): frozenset()})
    before = machine.state()

    with pytest.raises(CcdsError, match=r"expected 2 unused group numbers up to 30003; .*raise gid_max under"):
        directory.apply({name("c"): frozenset(), name("d"): frozenset()})

    assert machine.state() == before


def test_grpck_finds_nothing(machine: Machine) -> None:
    """After changes of every kind both files are as shadow-utils wants them."""
    need_program("grpck", "apt-get install passwd")
    (machine.etc / "group").write_text("daemon:x:1:\n")
    (machine.etc / "gshadow").write_text("daemon:*::\n")
    directory = machine.connect()

    directory.apply({name("a"): frozenset(PEOPLE), name("b"): frozenset()})
    directory.apply({name("a"): frozenset({"bin"}), name("b"): None, name("c"): frozenset({"bin"})})

    assert grpck(machine.etc) == ""


def test_files_that_are_not_there(tmp_path: Path) -> None:
    """One line that names the file."""
    directory = LocalGroups(GidRange(30_000, 30_009), etc=tmp_path / "gone")

    with pytest.raises(DirectoryUnavailableError, match=r"expected to read .*/gone/group; found No such file"):
        directory.groups(PREFIX)
    with pytest.raises(DirectoryUnavailableError, match=r"expected to write .*/gone/.pwd.lock; .*run this as root"):
        directory.apply({name("a"): frozenset()})


@pytest.mark.parametrize("file", ["group", "gshadow"])
def test_a_file_that_can_not_be_written(machine: Machine, file: str) -> None:
    """One line that names it; the files are whole, and the change is made once they can be."""
    in_the_way = machine.etc / f"{file}.ccds"
    in_the_way.mkdir()
    directory = machine.connect()
    before = (machine.etc / file).read_text(encoding="utf-8")

    with pytest.raises(
        DirectoryUnavailableError, match=f"expected to write .*/{file}; found .*; run this as root, on a disk"
    ):
        directory.apply({name("a"): frozenset({"bin"})})
    after = (machine.etc / file).read_text(encoding="utf-8")
    in_the_way.rmdir()
    directory.apply({name("a"): frozenset({"bin"})})

    assert after == before
    assert directory.groups(PREFIX) == {name("a"): {"bin"}}


def test_a_lock_that_stays_taken(machine: Machine) -> None:
    """Whoever edits the file with vigr is waited for, not for ever, and named."""
    script = f"""
from ccds_kernel.groups.etc import locked
from pathlib import Path
import sys
with locked(Path({str(machine.etc)!r})):
    print("held", flush=True)
    sys.stdin.read()
"""
    directory = LocalGroups(GidRange(30_000, 30_009), etc=machine.etc, patience_s=0.1)
    before = machine.state()

    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DirectoryUnavailableError, match=r"found that another program holds .*/.pwd.lock; end that"):
            directory.apply({name("a"): frozenset()})
        holder.communicate()
    after = machine.state()
    directory.apply({name("a"): frozenset()})

    assert after == before
    assert set(machine.gids()) == {name("a")}
