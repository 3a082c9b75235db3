"""Real Unix users, and a site for them: made and removed by tests that run as root."""

import atexit
import fcntl
import os
import pwd
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ccds_kernel.settings import Paths, Settings, load_settings
from support.checkout import ROOT
from support.components import missing
from support.side_by_side import UNIX_USERS, must_be_in

PREFIX = "ccdst"
"""How the names of the tests' users begin."""

_GROUPS = f"irb-{PREFIX}r"
"""How the groups of their projects begin: their ids begin with CCDSTR."""


def need_root() -> None:
    """Skips the test for whoever can't make users; fails it where components are required."""
    if os.geteuid() != 0:
        missing("root", "run the tests as root on a machine of your own")
    if shutil.which("useradd") is None:
        missing("the program 'useradd'", "Debian: apt-get install passwd")


@contextmanager
def unix_users(*names: str) -> Iterator[dict[str, str]]:
    """Makes a user for each name; yields name → the user's name on this machine, which begins with `PREFIX`."""
    need_root()
    users = {name: f"{PREFIX}{name}" for name in names}
    with _only_one_run():
        yield from _made(users)


@contextmanager
def _only_one_run() -> Iterator[None]:
    """Two runs of the tests on one machine make the same users: the second one waits.

    Two processes of one run don't: whoever waited would come to its time limit.
    """
    must_be_in(UNIX_USERS)
    with Path("/run/ccds-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _made(users: dict[str, str]) -> Iterator[dict[str, str]]:
    try:
        for user in users.values():
            _remove(user)
            subprocess.run(["useradd", "--no-create-home", "--shell", "/bin/sh", user], check=True)
        yield users
    finally:
        for user in users.values():
            _remove(user)


def _remove(user: str) -> None:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return
    subprocess.run(["pkill", "-KILL", "-u", user], check=False)
    subprocess.run(["userdel", "--force", user], check=True, capture_output=True)


def remove_groups(beginning: str) -> None:
    """Removes this machine's groups whose names begin so."""
    lines = Path("/etc/group").read_text(encoding="utf-8").splitlines()
    for name in (line.partition(":")[0] for line in lines):
        if name.startswith(beginning):
            subprocess.run(["groupdel", name], check=False, capture_output=True)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that everybody may enter: pytest's own are closed to all but their maker."""
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _let_everybody_through(folder: Path, may: int = 0o005) -> None:
    """Lets every user enter `folder` and read in it until the tests end: a checkout may lie where only its owner gets to."""
    for place in (folder, *folder.parents):
        mode = place.stat().st_mode & 0o7777
        if mode & may != may:
            place.chmod(mode | may)
            atexit.register(place.chmod, mode)
        may = 0o001  # above it they need to pass only


@cache
def shared_python() -> Path:
    """A Python that every user may run, with everything that this one has.

    Where this one's interpreter lies in a closed folder it is a virtual environment of the system's own Python, of the same
    version, which looks into this one's packages.
    """
    for folder in (ROOT, Path(sysconfig.get_path("purelib"))):
        _let_everybody_through(folder)
    own = Path(sys.executable).resolve()
    if all(place.stat().st_mode & 0o001 for place in (own, *own.parents)):
        return Path(sys.executable)
    system = Path(f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}")
    if not system.exists():
        missing(f"a {system.name} that every user may run", f"Debian: apt-get install {system.name} python3-venv")
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}-python-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    subprocess.run([system, "-m", "venv", "--without-pip", folder], check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "ccds-tests.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    for shared in ("share", "etc"):
        (folder / shared).symlink_to(Path(sys.prefix) / shared)
    return folder / "bin" / "python"


def run_as(
    user: str, *command: str, groups: Sequence[str] | None = None, env: dict[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Runs `command` as Unix user `user`, with all of their groups or with just `groups`."""
    who = pwd.getpwnam(user)
    switch = ["--init-groups"] if groups is None else [f"--groups={','.join(groups)}"] if groups else ["--clear-groups"]
    return subprocess.run(
        ["setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", *switch, "--", *command],
        env={"PATH": os.defpath, "HOME": "/nonexistent", "LANG": "C.UTF-8", **(env or {})},
        cwd="/",
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def python_as(
    user: str, code: str, *, groups: Sequence[str] | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs Python `code` as Unix user `user`, with ccds importable."""
    return run_as(user, str(shared_python()), "-P", "-c", code, groups=groups, env=env)


@dataclass
class UnixSite:
    """A site on which people are Unix users; its service account is one of them.

    Args:
        folder: what everything lies in.
        settings: its settings, which `ccds.toml` in the folder says.
        users: name → Unix user.
    """

    folder: Path
    settings: Settings
    users: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """Its `ccds.toml`."""
        return self.folder / "ccds.toml"

    @property
    def env(self) -> dict[str, str]:
        """What lets a process find it."""
        return {"CCDS_CONFIG": str(self.config)}


@contextmanager
def unix_site(*names: str, more: str = "", hub: str = "") -> Iterator[UnixSite]:
    """A site with a service account, local groups and a Unix user for each name.

    `hub` are further lines of [hub] in its `ccds.toml`, `more` further sections.

    Groups of a real site on this machine would be taken for ones that belong to no application, and emptied: there are none.
    """
    need_root()
    lines = Path("/etc/group").read_text(encoding="utf-8").splitlines()
    others = [line for line in lines if line.startswith("irb-") and not line.startswith(f"irb-{PREFIX}")]
    if others:
        missing("a machine without groups of a real site", "run the tests elsewhere")
    with open_folder() as folder, unix_users("service", *names) as users:
        remove_groups(_GROUPS)
        paths = [f'{name} = "{folder / name}"' for name in Paths.model_fields]
        text = [
            "[paths]", *paths, "[hub]", 'administrators = ["root"]', hub, "[groups]", 'directory = "local"', more, "",
        ]  # fmt: skip
        (folder / "ccds.toml").write_text("\n".join(text), encoding="utf-8")
        (folder / "state").mkdir(mode=0o700)
        shutil.chown(folder / "state", users["service"], users["service"])
        try:
            yield UnixSite(folder, load_settings(folder / "ccds.toml"), users)
        finally:
            remove_groups(_GROUPS)
            remove_groups("ccds-leadership")


@contextmanager
def sudo_rules(site: UnixSite) -> Iterator[None]:
    """The rules of `hub/site/sudoers.d`, for this site's account, Python and settings."""
    if shutil.which("sudo") is None:
        missing("the program 'sudo'", "Debian: apt-get install sudo")
    files = []
    try:
        for name in ("ccds", "ccds-node"):
            files.append(Path("/etc/sudoers.d") / f"{PREFIX}-{name}")
            files[-1].write_text(_rules_here(ROOT / "hub/site/sudoers.d" / name, site), encoding="utf-8")
            files[-1].chmod(0o440)
            subprocess.run(["visudo", "-c", "-f", files[-1]], check=True, capture_output=True)
        yield
    finally:
        for file in files:
            file.unlink()


def _rules_here(example: Path, site: UnixSite) -> str:
    """The rules of that file, which speaks of an installation as in docs/running.md, for this one."""
    rules = example.read_text(encoding="utf-8")
    for there, here in (
        ("/opt/ccds/.venv/bin/python", str(shared_python())),
        ("/opt/ccds/ccds_kernel/", f"{ROOT}/ccds_kernel/"),
        ("/etc/ccds/ccds.toml", str(site.config)),
    ):
        assert there in rules
        rules = rules.replace(there, here)
    return re.sub(r"^ccds ALL", f"{site.users['service']} ALL", rules, flags=re.MULTILINE)
