"""The `ccds` command itself: what it lists, and how it ends."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ccds_kernel.cli import STAGES, main

COMMAND = (sys.executable, "-m", "ccds_kernel.cli")


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], "no STAGE"),
        (["irb"], "no VERB"),
        (["irb", "show"], "no ID"),
        (["irb", "list", "--yaml"], "what it doesn't take: --yaml"),
    ],
)
def test_a_call_that_cannot_be_is_one_line(capsys, arguments, found):
    """Exit status 1, not argparse's usage text: what was expected, what came, where to look."""
    status = main(arguments)

    told = capsys.readouterr()
    assert (status, told.out) == (1, "")
    assert re.fullmatch(r"ccds: expected a call of the form 'ccds .*; see 'ccds.* --help'\n", told.err)
    assert f"; found {found}; " in told.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nonsense"], "STAGE to be one of usecase, irb, cohort, "),
        (
            ["env", "lsit"],
            "VERB to be one of list, freeze, reset; found 'lsit'; did you mean 'list'? see 'ccds env --help'",
        ),
        (["env", "erase"], "VERB to be one of list, freeze, reset; found 'erase'; see 'ccds env --help'"),
    ],
)
def test_a_word_that_is_none_is_told_what_could_stand_there(capsys, arguments, told):
    """And which one is like it."""
    status = main(arguments)

    complaint = capsys.readouterr().err
    assert (status, complaint.count("\n")) == (1, 1)
    assert complaint.startswith(f"ccds: expected {told}")


def test_help_ends_well(capsys):
    """`ccds --help` names every stage with what it does."""
    with pytest.raises(SystemExit) as raised:
        main(["--help"])

    words = " ".join(capsys.readouterr().out.split())
    assert raised.value.code == 0
    for stage, summary in STAGES.items():
        assert f"{stage} {summary}" in words


def test_settings_that_are_missing_are_one_line(capsys, monkeypatch):
    """A verb that needs the site's settings says how to name them."""
    monkeypatch.setenv("CCDS_CONFIG", "/no/such/ccds.toml")

    status = main(["irb", "list"])

    assert status == 1
    assert capsys.readouterr().err == (
        "ccds: expected this site's settings; found no file /no/such/ccds.toml; "
        "set CCDS_CONFIG to the ccds.toml of the site\n"
    )


def test_a_defect_is_one_line_and_its_traceback_is_kept_for_its_owner(capsys, tmp_path, monkeypatch):
    """Something that nobody thought of (here a zero byte in a path, which no shell passes on) shows no traceback."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    status = main(["irb", "apply", "a\0b"])

    told = capsys.readouterr()
    (kept,) = tmp_path.iterdir()
    assert (status, told.out) == (1, "")
    assert told.err == (f"ccds: expected no defect in ccds itself; found one; send {kept} to whoever runs this site\n")
    assert "embedded null byte" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0


def test_an_interrupt_is_one_line(site):
    """Ctrl-C in the middle of a verb: exit status 130."""
    os.mkfifo(site / "irb.yaml")
    command = subprocess.Popen([*COMMAND, "irb", "apply", "irb.yaml"], stderr=subprocess.PIPE, text=True)

    with (site / "irb.yaml").open("w"):  # opens when the command reads
        command.send_signal(signal.SIGINT)
        _, told = command.communicate(timeout=30)

    assert (command.returncode, told) == (130, "ccds: stopped\n")


@pytest.mark.parametrize("arguments", [["irb", "list"], ["--help"]])
@pytest.mark.parametrize("buffered", [True, False])
def test_a_reader_that_went_away_is_nobody_to_complain_to(site, arguments, buffered):
    """`ccds … | head -0` ends without a word, whenever Python comes to write."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    environment |= {} if buffered else {"PYTHONUNBUFFERED": "1"}
    reading, writing = os.pipe()
    os.close(reading)

    ended = subprocess.run(
        [*COMMAND, *arguments], stdout=writing, stderr=subprocess.PIPE, check=False, cwd=site, env=environment
    )
    os.close(writing)

    assert ended.stderr == b""
    assert ended.returncode in (0, 1)  # argparse itself passes over it


def test_the_command_and_the_module_are_one():
    """`ccds` in the environment is `python -m ccds_kernel.cli`."""
    calls = ([str(Path(sys.executable).with_name("ccds"))], COMMAND)

    told = [subprocess.run([*call, "--help"], capture_output=True, check=True, text=True).stdout for call in calls]

    assert told[0] == told[1]
    assert told[0].startswith("usage: ccds ")
