"""`ccds imaging rules | select | volumes | quarantine | pass | mask`, as people and scripts meet them."""

import json
import re
import shutil

import nibabel as nib
import numpy as np
import pytest

from ccds_kernel.cli import main
from support.dicom import Stack, write_stack
from support.image_studies import KEY, RULES, name_of
from support.site import ADMINISTRATOR, act_as

pytestmark = pytest.mark.usefixtures("study")


@pytest.fixture
def run(tmp_path, monkeypatch, settings, capsys):
    """Runs a verb in HEAD-1 as eve; its exit status and what it printed."""
    lines = [f'{name} = "{path}"' for name, path in settings.paths.model_dump().items()]
    text = "\n".join(["[paths]", *lines, "[hub]", f'administrators = ["{ADMINISTRATOR}"]'])
    (tmp_path / "ccds.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("CCDS_CONFIG", str(tmp_path / "ccds.toml"))
    act_as(monkeypatch, "eve", "HEAD-1")

    def command(*words: str) -> tuple[int, str, str]:
        status = main(["imaging", *words, "--project", "HEAD-1"])
        said = capsys.readouterr()
        return status, said.out, said.err

    return command


@pytest.fixture
def rules(tmp_path, run):
    """Rules that hold."""
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    assert run("rules", str(tmp_path / "rules.yaml")) == (0, "kept: they hold from now on\n", "")


@pytest.mark.usefixtures("rules")
def test_select_explains_and_overrules(run, study) -> None:
    """A line for each series; JSON says the same."""
    _, table, _ = run("select", "--study", KEY)
    status, _, _ = run("select", "--study", KEY, "--series", name_of(study["thick"]), "--note", "less noise")
    _, text, _ = run("select", "--study", KEY, "--json")

    assert "CHOSEN" in table.splitlines()[0]
    assert "orientation coronal is not axial" in table.splitlines()[2]
    choice = json.loads(text)
    assert (status, choice["chosen"], choice["by"]) == (0, name_of(study["thick"]), "eve")
    assert {one["number"]: one["why_not"] for one in choice["series"]} == {
        1: ["overruled by eve"],
        2: [],
        3: ["orientation coronal is not axial"],
    }


@pytest.mark.usefixtures("rules")
def test_volumes_and_quarantine_and_pass(run, study, folder) -> None:
    """From a leaning series to a volume that a person answered for."""
    stack = study["thin"]
    shutil.rmtree(folder / "thin")

    def lean(data, index) -> None:
        x, y, z = stack.position(index)
        data.ImagePositionPatient = [x, y + index * 0.7, z]

    write_stack(folder / "thin", stack, lean)

    _, made, _ = run("volumes")
    _, text, _ = run("quarantine", "--json")
    _, table, _ = run("quarantine")
    _, passed, _ = run("pass", "--study", KEY, "--series", name_of(stack), "--note", "agreed")
    _, left, _ = run("quarantine")

    assert made.endswith(
        "1 study: 1 series converted, 1 of them in quarantine, 0 without a chosen series; 0 studies didn't wait\n"
    )
    found = json.loads(text)
    assert found["counts"] == [{"code": "gantry-tilt", "scanner": "Synthetic One", "series": 1}]
    assert found["series"][0]["reason"].startswith("gantry-tilt: ")
    assert "gantry-tilt             Synthetic One" in table
    assert "accepted" in passed
    assert left == "nothing is in quarantine\n"


@pytest.mark.usefixtures("rules")
def test_a_pass_that_changes_nothing_says_why(run, study, folder) -> None:
    """A slice is missing, as its number shows: nobody's opinion brings it back."""
    stack = study["thin"]
    sorted((folder / "thin").iterdir())[4].unlink()
    run("volumes")

    status, told, warned = run("pass", "--study", KEY, "--series", name_of(stack), "--note", "agreed")

    assert (status, warned) == (0, "")
    assert re.search(
        r"missing-slices: 1 slice\(s\) missing: .* mm; their numbers don't show that none is missing\n", told
    )


@pytest.mark.usefixtures("rules")
def test_the_rules_that_hold_are_printed(run, tmp_path) -> None:
    """Letter by letter, so that they are the same when they are kept again; who kept them stands beside."""
    status, told, who = run("rules")
    (tmp_path / "again.yaml").write_text(told, encoding="utf-8")

    assert (status, told) == (0, RULES)
    assert re.fullmatch(r"ccds: kept by eve, \d{4}-\d\d-\d\d \d\d:\d\d UTC\n", who)
    assert run("rules", str(tmp_path / "again.yaml"))[1] == "these rules hold already\n"


def test_without_rules_it_is_said_how_some_are_kept(run) -> None:
    """Beside what is printed, which is none."""
    assert run("rules") == (0, "", "ccds: no rules were kept yet: 'ccds imaging rules FILE' keeps some\n")


@pytest.mark.usefixtures("rules")
def test_the_studies_are_listed(run, study, folder) -> None:
    """By key, with what is chosen of each and why, though nobody read their headers before; of files that came since, too."""
    status, told, _ = run("select")
    _, text, _ = run("select", "--json")
    better = Stack(slices=12)
    write_stack(folder / "new", better)

    assert f"  {name_of(better)}  rule: 3 of 4 series fit" in run("select")[1]
    chosen = name_of(study["thin"])
    assert (status, told.startswith(f"{KEY}  CTHEAD ")) == (0, True)
    assert f"  {chosen}  rule: 2 of 3 series fit" in told
    [one] = json.loads(text)
    assert (one["study_key"], one["exam_codes"], one["chosen"], one["by"]) == (KEY, ["CTHEAD"], chosen, "rule")


@pytest.mark.usefixtures("rules")
def test_what_should_be_known_of_a_volume_is_told(run, study, folder) -> None:
    """Warnings and what was corrected; who let what pass when and why: as text and as JSON."""
    stack = study["thin"]
    shutil.rmtree(folder / "thin")

    def lean(data, index) -> None:
        x, y, z = stack.position(index)
        data.ImagePositionPatient, data.InstanceNumber = [x, y + index * 0.7, z], index + 11

    write_stack(folder / "thin", stack, lean)
    run("volumes")
    run("pass", "--study", KEY, "--series", name_of(stack), "--note", "agreed with\nthe console\x1b[1A")

    _, table, _ = run("volumes", "--again")
    _, text, _ = run("volumes", "--again", "--json")

    assert "\n" + " " * 18 + "warning: instance numbers begin at 11: slices may be missing at an end\n" in table
    assert "warning: corrected by interpolation: a lean of" in table
    assert re.search(
        r"let pass: gantry-tilt, by eve, \d{4}-\d\d-\d\d \d\d:\d\d UTC: agreed with the console\ufffd\[1A\n", table
    )
    [found] = json.loads(text)
    assert found["warnings"][0].startswith("instance numbers begin at 11")
    assert [(one["code"], one["by"], one["note"]) for one in found["passed"]] == [
        ("gantry-tilt", "eve", "agreed with\nthe console\x1b[1A")
    ]


@pytest.mark.usefixtures("rules")
def test_only_studies_that_wait_are_converted(run, study) -> None:
    """A second time nothing is, until another series is chosen; `--again` converts all, `--study` those that are named."""
    run("volumes")
    _, nothing, _ = run("volumes")
    _, no_list, _ = run("volumes", "--json")
    _, again, _ = run("volumes", "--again")
    _, named, _ = run("volumes", "--study", KEY)
    run("select", "--study", KEY, "--series", name_of(study["thick"]), "--note", "less noise")
    _, other, _ = run("volumes")

    assert nothing == "none of 1 study waits for a volume ('--again' converts all of them again)\n"
    assert json.loads(no_list) == []
    assert name_of(study["thin"]) in again
    assert name_of(study["thin"]) in named
    assert "didn't wait" not in again + named
    assert name_of(study["thick"]) in other


@pytest.mark.usefixtures("rules")
def test_series_that_came_since_are_seen(run, folder) -> None:
    """A study waits again where one that came fits the rules better than what was converted."""
    run("volumes")
    better = Stack(slices=12)
    write_stack(folder / "new", better)

    _, made, _ = run("volumes")

    assert name_of(better) in made


@pytest.mark.usefixtures("rules")
def test_a_missing_mask_is_told_from_a_broken_one(run, study, tmp_path) -> None:
    """One isn't there, the other can't be understood."""
    run("volumes")
    of_it = ("--study", KEY, "--series", name_of(study["thin"]))
    (tmp_path / "broken.nii.gz").write_bytes(b"no image")
    (tmp_path / "broken.dcm").write_bytes(b"no image")

    said = [
        run("mask", str(tmp_path / name), *of_it)[2] for name in ("none.nii", "none.dcm", "broken.nii.gz", "broken.dcm")
    ]

    assert ["no such file" in line for line in said] == [True, True, False, False]
    assert ["broken file" in line for line in said] == [False, False, True, True]


@pytest.mark.usefixtures("rules")
def test_a_mask_is_kept(run, study, settings, tmp_path) -> None:
    """On the volume that was just made."""
    run("volumes", "--study", KEY)
    series = name_of(study["thin"])
    volume = nib.load(settings.paths.projects / "HEAD-1" / "nifti" / KEY / f"{series}.nii.gz")
    labels = np.zeros(volume.shape, np.uint8)
    labels[1, 1, 1] = 3
    nib.save(nib.Nifti1Image(labels, volume.affine), tmp_path / "mask.nii.gz")

    status, said, _ = run("mask", str(tmp_path / "mask.nii.gz"), "--study", KEY, "--series", series)

    assert status == 0
    assert said.startswith(f"kept as {series}-")
    assert said.endswith("(nifti, 1 label(s))\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rules", "/nowhere.yaml"), "expected a YAML file in UTF-8"),
        (("select", "--series", "none"), "expected the study of which a series is chosen; found none"),
        (("select", "--study", "zzz"), "none of that key with files"),
        (("select", "--study", KEY, "--series", "none"), "a note of at most 400 characters"),
        (("volumes",), "expected selection rules, which say what series become volumes; found none"),
        (("volumes", "--study", "zzz"), "none of that key with files"),
        (("pass", "--study", KEY, "--series", "series-0", "--note", "x"), "isn't in quarantine"),
        (("mask", "/nowhere.nii", "--study", KEY, "--series", "series-0"), "expected a volume of the project"),
    ],
)
def test_what_can_t_be_done_is_one_clear_line(run, words, said) -> None:
    """Exit status 1, nothing on stdout."""
    status, out, error = run(*words)

    assert (status, out, error.count("\n")) == (1, "", 1)
    assert said in error
