"""The look at what a kernel's code opens: in a process of its own, since an audit hook stays for ever."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ccds_kernel.session.trespass import Fence
from support.site import site_settings

HOOKED = """
import json, os, sqlite3, sys
from pathlib import Path
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.session.trespass import watch
from support.site import site_settings
settings = site_settings(Path(sys.argv[1]))
watch(settings.paths, FileAuditSink(settings.paths.audit), "ann", "MINE-1")
site = Path(sys.argv[1])
def often(times):
    for _ in range(times - 1):
        try:
            os.listdir("link")
        except PermissionError:
            continue
        raise AssertionError("let by")
    os.listdir("link")
try:
    print("returned", eval(sys.argv[2]) is not None)
except PermissionError as error:
    print("refused", error.strerror)
except (OSError, ValueError, sqlite3.Error) as error:
    print("failed", type(error).__name__)
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Two projects with a database and a volume each, a link from one into the other, the registry, the audit log."""
    for project in ("MINE-1", "OTHER-1"):
        for place in ("projects", "registry"):
            (tmp_path / place / project).mkdir(parents=True)
            (tmp_path / place / project / "file").write_text("x")
        (tmp_path / "projects" / project / "project.db").touch()
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "MINE-1.jsonl").touch()
    (tmp_path / "projects" / "MINE-1" / "link").symlink_to(tmp_path / "projects" / "OTHER-1")
    (tmp_path / "projects" / "MINE-10").mkdir()
    return tmp_path


def run(site: Path, expression: str) -> str:
    """What `expression` comes to in a process with the hook, in the folder of its project."""
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, sys.path)])
    ended = subprocess.run(
        [sys.executable, "-c", HOOKED, str(site), expression],
        cwd=site / "projects" / "MINE-1", env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return ended.stdout.strip()


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("open(site/'projects'/'OTHER-1'/'file')", "another project"),
        ("open('../OTHER-1/file')", "another project"),
        ("open('link/file')", "another project"),
        ("open(b'link/file')", "another project"),
        ("open('link/new', 'w')", "another project"),
        ("os.open('link/file', os.O_RDONLY)", "another project"),
        ("os.listdir('link')", "another project"),
        ("list(Path('..', 'OTHER-1').iterdir())", "another project"),
        ("list(os.scandir(site/'projects'/'MINE-10'))", "another project"),
        ("os.link('../OTHER-1/file', 'mine')", "another project"),
        ("os.symlink(site/'projects'/'OTHER-1', 'again')", "another project"),
        ("os.rename('../OTHER-1/file', 'mine')", "another project"),
        ("os.chdir('link')", "another project"),
        ("sqlite3.connect('link/project.db')", "another project"),
        ("sqlite3.connect('file:link/project.db?mode=ro', uri=True)", "another project"),
        ("open(site/'registry'/'OTHER-1'/'file')", "the registry"),
        ("open(site/'audit'/'MINE-1.jsonl', 'a')", "the audit log"),
        ("os.listdir(site/'audit')", "the audit log"),
    ],
)
def test_what_is_not_the_session_s_is_refused_and_noted(site: Path, expression: str, what: str) -> None:
    """By absolute path, by `..`, by link; opened, listed, linked, connected to; one denial in the log."""
    said = run(site, expression)

    assert said == f"refused this session is for MINE-1: that is of {what}"
    (line,) = (site / "audit" / "MINE-1.jsonl").read_text().splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["person"], entry["project"]) == ("AccessDenied", "ann", "MINE-1")
    assert entry["detail"]["reason"] == f"expected a path of MINE-1; found one of {what}"


@pytest.mark.parametrize(
    "expression",
    [
        "open(site/'projects'/'MINE-1'/'file')", "open('file')", "open('../MINE-1/file')", "os.listdir('.')", "os.listdir('..')",
        "open(site/'registry'/'MINE-1'/'file')", "sqlite3.connect('project.db')", "sqlite3.connect(':memory:')",
        "open('new','w')",
        "__import__('xml.dom.minidom')", "open(os.open('file', os.O_RDONLY))", "open('/etc/passwd')",
        "__import__('tempfile').TemporaryFile()",
    ],
)  # fmt: skip
def test_everything_else_goes_on(site: Path, expression: str) -> None:
    """The project's own files, imports, the machine's; nothing in the log."""
    said = run(site, expression)

    assert said == "returned True"
    assert (site / "audit" / "MINE-1.jsonl").read_text() == ""


@pytest.mark.parametrize("expression", ["open('a\\0b')", "open('x' * 70000)", "open('no-such')", "open('')"])
def test_what_opens_nothing_fails_as_ever(site: Path, expression: str) -> None:
    """The look adds no error of its own."""
    assert run(site, expression).startswith("failed ")


def test_a_loop_fills_no_log(site: Path) -> None:
    """A thousand tries are refused; the log has one line for this minute."""
    said = run(site, "often(1000)")

    assert said.startswith("refused")
    assert len((site / "audit" / "MINE-1.jsonl").read_text().splitlines()) == 1


def test_a_name_that_begins_alike_is_another_project(tmp_path: Path) -> None:
    """MINE-10 isn't in MINE-1, nor the other way round."""
    fence = Fence.of(site_settings(tmp_path).paths, "MINE-1")

    crossed = [
        fence.what_is_crossed(f"{tmp_path}/projects/{name}") for name in ("MINE-1", "MINE-1/x", "MINE-10", "MINE")
    ]

    assert crossed == [None, None, "another project", "another project"]


@pytest.mark.parametrize(
    ("event", "inside", "crossed"),
    [
        ("os.mkdir", "runs", False), ("os.chmod", "runs", False), ("os.rename", "runs", True), ("os.remove", "project.db", True),
        ("os.rename", "", True), ("os.chmod", "", True), ("os.rename", "work/ann/a.ipynb", False), ("open", "project.db", False),
    ],
)  # fmt: skip
def test_what_stands_in_the_project_s_own_directory_stays_there(
    tmp_path: Path, event: str, inside: str, crossed: bool
) -> None:
    """A stage makes its folder in it where nobody else did; nobody takes away or renames what is there."""
    paths = site_settings(tmp_path).paths
    path = str(paths.projects / "MINE-1" / inside) if inside else str(paths.projects / "MINE-1")

    found = Fence.of(paths, "MINE-1").what_is_crossed(path, event, writes=True)

    assert (found is not None) is crossed
