"""`ccds dataset snapshot | list | show | verify`: what they print, what they refuse, how they end."""

import json
import shutil

import pytest

from ccds_kernel.cli import main
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.phrase_file import read_phrases
from ccds_kernel.labeling.repository import LabelingRepository
from support.site import act_as, write_settings

RECIPE = "0123456789ab" + "cd" * 26


@pytest.fixture
def command(twenty, open_as, tmp_path, monkeypatch):
    """Runs `ccds dataset` as eli, in a project that has a label snapshot and normalized volumes."""
    fellow = open_as("fay", Action.CURATE_LABELS)
    LabelingRepository(fellow).append_phrases(read_phrases(twenty.phrases))
    labels = LabelSnapshots(fellow).take(1)[0].id
    shutil.copytree(twenty.project.folder / "nifti", twenty.project.folder / "normalized" / RECIPE)
    monkeypatch.setenv("CCDS_CONFIG", str(write_settings(tmp_path / "site")))
    act_as(monkeypatch, "eli", "HEAD-1")
    made_of = ("--normalized", RECIPE[:6], "--labels", labels)

    def call(verb, *words):
        return main(["dataset", verb, "--project", "HEAD-1", *(made_of if verb == "snapshot" else ()), *words])

    return call


def test_a_dataset_is_taken_told_and_verified(command, capsys, twenty):
    """For people in lines, for programs as JSON; verify ends with 1 once a volume is another."""
    assert command("snapshot", "--name", "heads", "--shares", "60,20,20", "--json") == 0
    told = json.loads(capsys.readouterr().out)

    assert (told["volumes"], told["new"], told["left_out"]) == (40, True, {})
    assert sum(side["patients"] for side in told["sides"].values()) == 20
    assert command("list") == command("show", "heads") == command("verify", "heads") == 0
    out = capsys.readouterr().out
    assert out.startswith(f"1 dataset\nheads  {told['digest'][:12]}  ")
    assert "\nsplit   by random, 60/20/20 %\n  training " in out
    assert out.endswith("\n40 volumes as they were; no patient on two sides\n")
    (twenty.project.folder / "normalized" / RECIPE / "x").mkdir()
    next((twenty.project.folder / "normalized" / RECIPE).glob("*/*.nii.gz")).unlink()
    assert command("verify", "heads", "--json") == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"same": 39, "changed": 0, "gone": 1}
    assert captured.err.startswith("ccds: expected the 40 volumes of 'heads' as they were; found 0 changed, 1 gone")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--name", "heads", "--shares", "60,20"), "three shares for training, validation and test that make 100"),
        (("--name", "heads", "--shares", "most"), "shares as in 70,15,15"),
        (("--name", "heads", "--split", "site", "--seed", "2"), "no seed for a split by site"),
        (("--name", "heads", "--split", "site"), "the scanner of every study"),
        (("--name", "heads", "--yes", "absent"), "two labels, one for each answer"),
        (("--name", "heads", "--yes", "old", "--no", "new"), "a patient for"),
    ],
)
def test_what_makes_no_sense_is_one_line(command, capsys, words, line):
    """And leaves no dataset."""
    assert command("snapshot", *words) == 1

    captured = capsys.readouterr()
    assert line in captured.err
    assert captured.err.count("\n") == 1
    assert command("list") == 0
    assert capsys.readouterr().out == "0 datasets\n"
