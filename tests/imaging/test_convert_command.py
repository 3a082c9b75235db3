"""`ccds imaging convert` as people and scripts meet it."""

import json
import os
import subprocess
import sys

import pytest

from ccds_kernel.cli import main
from support.dicom import SR, Stack, write_object, write_stack

NOBODY = 65534
KEYS = ["series_uid", "modality", "status", "reason", "path", "warnings", "source"]


def test_json_is_one_list_with_the_stable_keys(tmp_path, out, capsys) -> None:
    """One object per series found, whatever its verdict; nothing on stderr."""
    good, tilted = Stack(), Stack(slices=2)
    write_stack(tmp_path / "in" / "good", good)
    write_stack(tmp_path / "in" / "few", tilted)
    write_object(tmp_path / "in" / "report", SR)

    status = main(["imaging", "convert", str(tmp_path / "in"), str(out), "--json"])

    said = capsys.readouterr()
    verdicts = json.loads(said.out)
    assert status == 0
    assert said.err == ""
    assert all(list(verdict) == KEYS for verdict in verdicts)
    by_uid = {verdict["series_uid"]: verdict["status"] for verdict in verdicts}
    assert by_uid[good.series_uid] == "accepted"
    assert by_uid[tilted.series_uid] == "quarantined"
    assert len(by_uid) == 3
    assert sorted(verdict["source"] for verdict in verdicts) == ["", "few", "good"]


def test_corrections_may_stand_before_the_folders(tmp_path, out, capsys) -> None:
    """In the order in which `--help` has them."""
    write_stack(tmp_path / "in" / "good", Stack())

    status = main(["imaging", "convert", "--correct", "gantry-tilt", str(tmp_path / "in"), str(out)])

    assert (status, "1 series: 1 accepted" in capsys.readouterr().out) == (0, True)


def test_a_folder_s_name_that_is_no_text_is_told_all_the_same(tmp_path, out, capsys) -> None:
    """Bytes that aren't UTF-8, as old disks have them."""
    write_stack(tmp_path / "in" / os.fsdecode(b"caf\xe9"), Stack(slices=2))
    write_stack(tmp_path / "in" / "good", Stack())

    status = main(["imaging", "convert", str(tmp_path / "in"), str(out)])

    assert (status, r"(in 'caf\udce9')" in capsys.readouterr().out) == (0, True)


@pytest.mark.parametrize("workers", ["0", "65"])
def test_a_number_of_workers_that_can_not_be_is_one_line(tmp_path, out, capsys, workers) -> None:
    """Before anything is read."""
    status = main(["imaging", "convert", str(tmp_path), str(out), "--workers", workers])

    told = f"ccds: expected --workers from 1 to 64; found {workers}; take a number of these\n"
    assert (status, capsys.readouterr().err) == (1, told)


def test_the_table_has_a_line_per_series_and_a_sum(tmp_path, out, capsys) -> None:
    """For people."""
    write_stack(tmp_path / "in" / "good", Stack())
    write_stack(tmp_path / "in" / "few", Stack(slices=2))

    status = main(["imaging", "convert", str(tmp_path / "in"), str(out)])

    said = capsys.readouterr()
    assert status == 0
    assert "accepted     CT    " in said.out
    assert "quarantined  CT    too-few-slices: 2 image(s), at least 3 are needed  (in 'few')\n" in said.out
    assert said.out.endswith("2 series: 1 accepted, 1 quarantined\n")


def test_paths_may_be_relative(tmp_path, monkeypatch, capsys) -> None:
    """Source and output count from where the command is run, as the README writes them."""
    write_stack(tmp_path / "in", Stack())
    monkeypatch.chdir(tmp_path)

    status = main(["imaging", "convert", "in", "nifti", "--json"])

    [verdict] = json.loads(capsys.readouterr().out)
    assert status == 0
    assert verdict["status"] == "accepted"
    assert (tmp_path / verdict["path"]).is_file()


def test_one_file_is_a_source_too(tmp_path, out, capsys) -> None:
    """It is a series of one slice."""
    [first, *_] = write_stack(tmp_path / "in", Stack())

    status = main(["imaging", "convert", str(first), str(out), "--json"])

    [verdict] = json.loads(capsys.readouterr().out)
    assert status == 0
    assert verdict["reason"].startswith("too-few-slices: ")


def _nothing(folder) -> None:
    folder.mkdir()


def _no_dicom(folder) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("no image here")


def _only_broken(folder) -> None:
    folder.mkdir()
    (folder / "broken.dcm").write_bytes(b"junk")


@pytest.mark.parametrize(
    ("prepare", "found"),
    [
        (_nothing, "found none"),
        (_no_dicom, "found none"),
        (_only_broken, "found none (1 broken)"),
        (lambda _folder: None, "found no such file or folder"),
    ],
)
def test_a_folder_without_dicom_is_one_clear_line(tmp_path, out, capsys, prepare, found) -> None:
    """Expected, found, what to do; status 1; nothing written."""
    prepare(tmp_path / "in")

    status = main(["imaging", "convert", str(tmp_path / "in"), str(out), "--json"])

    said = capsys.readouterr()
    assert status == 1
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("ccds: expected ")
    assert found in said.err
    assert not out.exists()


@pytest.mark.parametrize("where", ["out", "out/below"])
def test_an_output_that_is_a_file_is_one_clear_line(tmp_path, capsys, where) -> None:
    """The same for a folder inside it; before anything is read."""
    (tmp_path / "in").mkdir()
    (tmp_path / "out").write_text("taken")

    status = main(["imaging", "convert", str(tmp_path / "in"), str(tmp_path / where)])

    said = capsys.readouterr()
    assert status == 1
    assert said.err.count("\n") == 1
    assert "expected an output folder that can be written; found something else there" in said.err
    assert (said.out, (tmp_path / "out").read_text()) == ("", "taken")


def test_an_output_that_may_not_be_written_is_one_clear_line(tmp_path, out, capsys) -> None:
    """Before anything is read, too; a link that leads nowhere is something else."""
    (tmp_path / "in").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    main(["imaging", "convert", str(tmp_path / "in"), str(out)])  # imports what it needs
    capsys.readouterr()
    (tmp_path / "closed").mkdir(mode=0o555)
    person = os.geteuid()

    refused = main(["imaging", "convert", str(tmp_path / "in"), str(tmp_path / "link")])
    os.seteuid(NOBODY if person == 0 else person)
    try:
        denied = main(["imaging", "convert", str(tmp_path / "in"), str(tmp_path / "closed" / "out")])
    finally:
        os.seteuid(person)

    assert (refused, denied) == (1, 1)
    assert capsys.readouterr().err == (
        "ccds: expected an output folder that can be written; found something else there; choose another OUT\n"
        "ccds: expected an output folder that can be written; found one that this program may not write to; choose another OUT\n"
    )


def test_a_file_in_the_place_of_a_studys_folder_is_one_clear_line(tmp_path, out, capsys) -> None:
    """Nothing is overwritten to make room."""
    write_stack(tmp_path / "in", Stack())
    main(["imaging", "convert", str(tmp_path / "in"), str(tmp_path / "elsewhere")])
    [study] = (tmp_path / "elsewhere").iterdir()
    out.mkdir()
    (out / study.name).write_text("taken")
    capsys.readouterr()

    status = main(["imaging", "convert", str(tmp_path / "in"), str(out)])

    assert status == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_help_names_the_verb_without_reading_its_libraries() -> None:
    """`ccds imaging --help` answers at once: neither NumPy nor pydicom is imported."""
    code = (
        "import sys; from ccds_kernel.cli import build_parser; build_parser(['imaging']).format_help();"
        "print(sorted({'numpy', 'pydicom', 'nibabel'} & set(sys.modules)))"
    )

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout == "[]\n"


def test_several_workers_give_the_same_verdicts_in_the_same_order(tmp_path, capsys) -> None:
    """Each series is one worker's; a bad one holds up no other."""
    for number in range(3):
        write_stack(tmp_path / "in" / str(number), Stack())
    write_stack(tmp_path / "in" / "few", Stack(slices=2))
    said = []
    for workers, out in (("1", tmp_path / "one"), ("2", tmp_path / "two")):
        main(["imaging", "convert", str(tmp_path / "in"), str(out), "--json", "--workers", workers])
        verdicts = json.loads(capsys.readouterr().out)
        said.append([(one["series_uid"], one["status"], one["reason"]) for one in verdicts])

    assert said[0] == said[1]
    assert [status for _, status, _ in said[0]].count("accepted") == 3
