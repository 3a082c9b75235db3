"""`ccds training run|show|cancel`, on runs that wait: a session holds the cores."""

import json
import os
import subprocess
import sys

import pytest

from ccds_kernel.cli import main
from support.site import act_as, session_of


@pytest.fixture
def ccds(tmp_path, monkeypatch, capsys, project, spec):  # noqa: ARG001 - site and session have to be there first
    """Runs `ccds training …` on the site as sam; returns the status, what it printed and what it complained."""
    monkeypatch.setenv("CCDS_CONFIG", str(tmp_path / "ccds.toml"))
    act_as(monkeypatch, "sam", "HEAD-1")

    def call(verb: str, *arguments: str) -> tuple[int, str, str]:
        status = main(["training", verb, "--project", "HEAD-1", *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def test_the_command_launches_shows_and_cancels(ccds, tmp_path):
    """The same run from verb to verb, as JSON for scripts."""
    _, out, _ = ccds(
        "run", "--datalist", str(tmp_path / "datalist.json"), "--epochs", "3", "--memory-mb", "100", "--json"
    )
    launched = json.loads(out)
    _, shown, _ = ccds("show", launched["id"], "--json")
    status, cancelled, _ = ccds("cancel", launched["id"])
    _, listed, _ = ccds("show", "--json")
    _, line, _ = ccds("show")

    assert (launched["state"], launched["person"], launched["spec"]["epochs"]) == ("pending", "sam", 3)
    assert json.loads(shown) == {**launched, "reason": json.loads(shown)["reason"], "metrics": []}
    assert (status, cancelled) == (0, f"run {launched['id']} is told to end\n")
    assert [run["state"] for run in json.loads(listed)] == ["cancelled"]
    assert line.split()[:2] == [launched["id"], "cancelled"]


def test_following_a_run_that_is_ended_elsewhere(tmp_path, run):
    """It says what the run waits for, and ends with one line: what became of the run and how to go on."""
    run.cancel()

    with subprocess.Popen(
        [sys.executable, "-m", "ccds_kernel.cli", "training", "restart", "--project", "HEAD-1", run.id, "--follow"],
        env={
            **os.environ,
            "CCDS_CONFIG": str(tmp_path / "ccds.toml"),
            **session_of("sam", "HEAD-1", tmp_path / "ccds.toml"),
        },
        stderr=subprocess.PIPE,
        text=True,
    ) as following:
        waits = following.stderr.readline()
        run.cancel()
        *_, told = following.stderr.read().splitlines()

    assert following.returncode == 1
    assert waits.startswith("pending")
    assert told == (
        f"ccds: expected run {run.id} to finish; found that it was cancelled; "
        f"mend that, then 'ccds training restart --project HEAD-1 {run.id}'"
    )


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (("run", "--datalist", "none.json"), "to read the data list"),
        (("run", "--datalist", "datalist.json", "--bundle", "no-such"), "a MONAI bundle"),
        (("run", "--datalist", "datalist.json", "--epochs", "0"), "epochs as a whole number"),
        (("run", "--datalist", "datalist.json", "--memory-mb", "99999999"), "at most 1 GPUs"),
        (("show", "../x"), "a run's id such as"),
        (("restart", "20260101-000000-000000"), "the id of a run of this project"),
        (("cancel", "20260101-000000-000000"), "the id of a run of this project"),
    ],
)
def test_the_command_s_errors_are_one_line(ccds, tmp_path, monkeypatch, call, told):
    """Status 1, nothing on standard output, and one line that says what was expected."""
    monkeypatch.chdir(tmp_path)

    status, out, complaint = ccds(*call)

    assert (status, out) == (1, "")
    assert complaint.startswith(f"ccds: expected {told}")
    assert complaint.count("\n") == 1


@pytest.mark.parametrize("module", ["torch", "monai", "ignite"])
def test_without_its_libraries_training_says_how_to_get_them(tmp_path, project, spec, module):
    """In a process that can't import them: one line, no run; everything else of the command works there."""
    code = f"import sys; sys.modules['{module}'] = None; from ccds_kernel.cli import main; sys.exit(main(sys.argv[1:]))"
    call = [sys.executable, "-c", code, "training"]
    environment = {
        **os.environ,
        "CCDS_CONFIG": str(tmp_path / "ccds.toml"),
        **session_of("sam", "HEAD-1", tmp_path / "ccds.toml"),
    }

    refused, shown = (
        subprocess.run(
            [*call, *verb, "--project", "HEAD-1"], env=environment, capture_output=True, text=True, check=False
        )
        for verb in (["run", "--datalist", str(spec.datalist)], ["show"])
    )

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("ccds: expected the libraries that training needs; found no ")
    assert refused.stderr.endswith(".venv/bin/pip install --editable '.[training]'\n")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert not (project.folder / "runs").exists()


def test_the_command_imports_neither_torch_nor_monai(tmp_path, run):
    """Launching and looking start in a moment: only the job pays for the libraries."""
    code = (
        "import sys; from ccds_kernel.cli import main; main(sys.argv[1:]);"
        "print(sorted({'torch', 'monai', 'ignite'} & set(sys.modules)))"
    )

    shown = subprocess.run(
        [sys.executable, "-c", code, "training", "show", "--project", "HEAD-1", run.id],
        env={**os.environ, "CCDS_CONFIG": str(tmp_path / "ccds.toml"), **session_of("sam", "HEAD-1", tmp_path / "ccds.toml")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert shown.stdout.splitlines()[-1] == "[]"
