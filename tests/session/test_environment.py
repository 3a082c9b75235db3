"""What a person installs in a lab session is there in the next one; whatever becomes of it, a session starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ccds_kernel.env.image import Image
from ccds_kernel.env.overlay import Overlay
from ccds_kernel.irb.applying import apply_application
from support.kernel import running_kernel
from support.site import ADMINISTRATOR, application, on_roster, session_of, site_settings, write_settings
from support.wheel import make_wheel

LEFT_OUT = "ccds: expected the environment with your own packages; found "
NO_PLACE = "ccds: expected an environment of your own for pip; found none here"
ON_ITS_PATH = "import sys; print([path for path in sys.path if '/.ccds/env/' in path])"
MADE_OF = (
    "ccds_kernel", "ipykernel", "IPython", "traitlets", "tornado", "zmq", "comm", "jupyter_client", "matplotlib_inline",
    "debugpy", "jedi", "psutil", "pydantic",
)  # fmt: skip
USE = "from ccds_kernel.session.environment import use_in_terminal; print(use_in_terminal())"
SAY_SIX = "import six; print(six.__version__)"
SAY_VERSION = "import ccdsprobe; print(ccdsprobe.VERSION)"


@pytest.fixture
def home(tmp_path):
    """Ann's folder of the project of a site whose sessions find packages in `tmp_path`/wheels."""
    settings = site_settings(tmp_path)
    applied = application(roster=on_roster(ann="scientist", bob="scientist"))
    apply_application(applied, person=ADMINISTRATOR, settings=settings)
    config = write_settings(tmp_path)
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with config.open("a", encoding="utf-8") as added:
        added.write(f'[environments]\nindex = "{wheels}"\n')
    folder = settings.paths.projects / "CHEST-1" / "work" / "ann"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def session(tmp_path, home):
    """The environment of ann's lab session, unless it is `changed`."""

    def environment(**changed):
        config = tmp_path / "ccds.toml"
        who = session_of("ann", "CHEST-1", config)
        told = {"CCDS_CONFIG": str(config), "CCDS_PROJECT": "CHEST-1", "CCDS_SESSION": "chest-1-lab", "HOME": str(home)}
        return told | who | changed

    return environment


@pytest.fixture
def kernel(home, session):
    """Starts a kernel of ann's lab session, unless its environment is `changed`."""
    return lambda **changed: running_kernel(home, session(**changed))


@pytest.fixture
def overlay(home):
    """Ann's overlay, where a session has made it."""
    return Overlay(home / ".ccds" / "env" / Image.of_this_process({}).key)


@pytest.fixture
def terminal(home, session):
    """What a terminal of ann's session prints when it is given these lines."""

    def run(lines: str) -> str:
        command = [sys.executable, "-P", "-m", "ccds_kernel.session.terminal"]
        env = os.environ | session()
        return subprocess.run(
            command,
            input=lines,
            env=env,
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        ).stdout

    return run


def test_what_is_installed_in_a_cell_is_there_at_once_and_in_the_next_session(tmp_path, home, kernel):
    """By %pip, from the site's folder of wheels; the installation has none of it, nor has another image's session."""
    make_wheel(tmp_path / "wheels", "ccdsprobe", "1.2")

    with kernel() as first:
        installed = first.run("%pip install --quiet ccdsprobe")
        at_once = first.run(SAY_VERSION)
    with kernel() as second:
        later = second.run(SAY_VERSION)
    with kernel(CCDS_IMAGE=f"registry.hospital.org/ccds/session@sha256:{'ab' * 32}") as elsewhere:
        other = elsewhere.run(SAY_VERSION)

    assert (installed.status, installed.errors) == ("ok", [])
    assert (at_once.printed, later.printed) == ("1.2\n", "1.2\n")
    assert "No module named 'ccdsprobe'" in other.errors[0]
    found = sorted(home.glob(".ccds/env/*/lib/*/site-packages/ccdsprobe.py"))
    assert [path.parents[3].name for path in found] == [Image.of_this_process({}).key]
    assert {path.name for path in home.glob(".ccds/env/*")} == {Image.of_this_process({}).key, "ab" * 8}


def test_shell_escapes_worker_processes_and_terminals_use_it_too(tmp_path, kernel, terminal):
    """`!pip` installs into it; a spawned worker and a terminal import from it."""
    make_wheel(tmp_path / "wheels", "ccdsprobe", "3.0")
    in_worker = (
        "import multiprocessing as m\n"
        "with m.get_context('spawn').Pool(1) as pool:\n"
        "    print(pool.apply(eval, ['__import__(\"ccdsprobe\").VERSION']))"
    )

    with kernel() as session:
        session.run("!pip install --quiet ccdsprobe")
        worker = session.run(in_worker)
    in_terminal = terminal(f"python -c '{SAY_VERSION}'\npip --version\n")

    assert worker.printed == "3.0\n"
    assert in_terminal.splitlines()[0] == "3.0"
    assert in_terminal.splitlines()[1].startswith("pip ")


def test_a_package_of_the_installation_can_be_upgraded_for_oneself(tmp_path, kernel, overlay):
    """Nothing of the installation is touched: it's said to lie outside, and the other session's image has the old one."""
    make_wheel(tmp_path / "wheels", "six", "99.0", module="__version__ = '99.0'\n")

    with kernel() as first:
        said = first.run("%pip install six==99.0").printed
    with kernel() as second:
        mine = second.run(
            f"import subprocess, sys; print(subprocess.check_output([sys.executable, '-c', '{SAY_SIX}'], text=True))"
        )
    installed = subprocess.check_output([sys.executable, "-c", SAY_SIX], text=True)

    assert "outside environment" in said
    assert mine.printed.strip() == "99.0"
    assert installed.strip() != "99.0"
    assert (overlay.packages / "six.py").exists()


@pytest.mark.parametrize("session_name", ["chest-1-app", ""])
def test_an_app_session_has_none(kernel, home, session_name):
    """Nor has a kernel outside of a session: none is made."""
    with kernel(CCDS_SESSION=session_name) as session:
        path = session.run(ON_ITS_PATH)

    assert path.printed == "[]\n"
    assert not (home / ".ccds" / "env").exists()


def half_written(overlay: Overlay) -> None:
    """As after a copy that stopped."""
    (overlay.folder / "pyvenv.cfg").unlink()


def of_another_python(overlay: Overlay) -> None:
    """As after a change of Python that kept the image's key."""
    config = overlay.folder / "pyvenv.cfg"
    config.write_text("home = /usr/bin\nversion = 3.4.1\n", encoding="utf-8")


def without_python(overlay: Overlay) -> None:
    """As where the Python beneath has gone."""
    overlay.python.unlink()
    overlay.python.symlink_to("/nonexistent/python3")


def a_file(overlay: Overlay) -> None:
    """Something else by that name."""
    overlay.folder.rename(overlay.folder.with_name("gone"))
    overlay.folder.write_text("", encoding="utf-8")


def no_text(overlay: Overlay) -> None:
    """As after a disk's failure."""
    (overlay.folder / "pyvenv.cfg").write_bytes(b"\xff\xfe\x00")


def failing(line: str):
    """A .pth file that says so at the start."""

    def spoil(overlay: Overlay) -> None:
        (overlay.packages / "bad.pth").write_text(f"{line}\n", encoding="utf-8")

    return spoil


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (half_written, "one that is half made, or of another Python"),
        (of_another_python, "one of another Python than "),
        (without_python, "one that lies upon another installation"),
        (a_file, "one that can't be read: not a directory"),
        (no_text, "one that can't be read: no text where text should be"),
        (failing("import no_such_module"), "a .pth file in it that fails, so"),
        (failing("import os; os._exit(0) or None"), "a .pth file in it that fails, so"),
    ],
)
def test_a_broken_one_is_left_out_in_one_line(kernel, overlay, terminal, spoil, found):
    """The session starts without it; the first cell says so, once; a terminal too; what is started knows nothing of it."""
    with kernel():
        pass
    spoil(overlay)

    with kernel() as session:
        answers = [session.run("print(6 * 7)"), session.run(ON_ITS_PATH), session.run("!echo ${VIRTUAL_ENV:-none}")]
    in_terminal = terminal("echo ${VIRTUAL_ENV:-none}\n")

    assert answers[0].printed.startswith(LEFT_OUT + found)
    assert answers[0].printed.endswith("and install them again\n42\n")
    assert answers[0].printed.count("\n") == 2
    assert [answer.printed.strip() for answer in answers[1:]] == ["[]", "none"]
    assert in_terminal.startswith(LEFT_OUT)
    assert in_terminal.endswith("install them again\nnone\n")


def test_without_an_environment_pip_installs_nowhere(tmp_path, kernel, overlay, terminal):
    """In one line that leads on, from a cell and from a terminal: else it would write into what the site installed."""
    make_wheel(tmp_path / "wheels", "ccdsprobe", "1.2")
    with kernel():
        pass
    half_written(overlay)

    with kernel() as session:
        session.run("pass")
        installed = session.run("%pip install ccdsprobe")
    in_terminal = terminal("pip install ccdsprobe || echo refused\n")

    assert installed.printed.startswith(NO_PLACE)
    assert in_terminal.splitlines()[1].startswith(NO_PLACE)
    assert in_terminal.endswith("\nrefused\n")
    assert subprocess.run([sys.executable, "-c", SAY_VERSION], check=False, capture_output=True).returncode == 1


def test_nothing_that_is_installed_keeps_the_kernel_from_starting(kernel, overlay):
    """What it is made of comes from the installation, also where the overlay has something of that name that fails."""
    with kernel():
        pass
    for name in MADE_OF:
        (overlay.packages / f"{name}.py").write_text("raise ImportError('mine')\n", encoding="utf-8")

    with kernel() as session:
        answer = session.run("print(project.id)")
        mine = session.run("import sys; print(sys.path.index([p for p in sys.path if '/.ccds/env/' in p][0]) >= 0)")

    assert (answer.printed, answer.errors) == ("CHEST-1\n", [])
    assert mine.printed == "True\n"


def test_a_pth_file_that_does_no_harm_is_obeyed(tmp_path, kernel, overlay):
    """A path and an import, as Python does at its start."""
    with kernel():
        pass
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "ccdsmore.py").write_text("KNOWN = 11\n", encoding="utf-8")
    lines = f"# a comment\n{tmp_path / 'more'}\n/nonexistent\nimport os; os.environ['CCDS_TEST_PTH'] = 'read'\n"
    (overlay.packages / "good.pth").write_text(lines, encoding="utf-8")

    with kernel() as session:
        answer = session.run("import os, ccdsmore; print(ccdsmore.KNOWN, os.environ['CCDS_TEST_PTH'])")

    assert (answer.printed, answer.errors) == ("11 read\n", [])


def test_two_kernels_that_start_at_once_share_one(home, session):
    """Whoever was quicker made it; the other one uses that, and nothing half made is left."""
    code = f"{USE}; import os; print(os.environ['VIRTUAL_ENV'])"
    env = os.environ | session()

    started = [
        subprocess.Popen([sys.executable, "-P", "-c", code], env=env, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = {process.communicate(timeout=60)[0] for process in started}

    (made,) = (home / ".ccds" / "env").iterdir()
    assert said == {f"\n{made}\n"}


def test_a_folder_that_cannot_be_written_is_said(home, session):
    """A session with a full or closed disk still starts: here a file stands where the folder should be."""
    (home / ".ccds").mkdir()
    (home / ".ccds" / "env").write_text("", encoding="utf-8")
    said = subprocess.check_output([sys.executable, "-P", "-c", USE], env=os.environ | session(), text=True)

    assert said.startswith("expected the environment with your own packages; found none, and none can be made: ")
    assert said.count("\n") == 1
    assert Path(home / ".ccds" / "env").is_file()
