"""`ccds normalization fit` from end to end, on files and on a site's project."""

import json

import pytest

from ccds_kernel.cli import main
from ccds_kernel.normalization.apply_file import read_recipe
from support.normalizing import PROJECT, study_key, write_recipe, write_study
from support.own_site import own_site

UNFITTED = """name: alike
steps:
- nyul: {mask: none, percentiles: [1, 25, 50, 75, 99], range: [0, 100]}
"""


def fit(recipe, out, *words) -> int:
    """Runs `ccds normalization fit`."""
    return main(["normalization", "fit", "--recipe", str(recipe), "--out", str(out), *map(str, words)])


@pytest.fixture
def recipe(tmp_path):
    """The file of a recipe that isn't fitted."""
    return write_recipe(tmp_path, UNFITTED)[0]


@pytest.fixture
def volumes(tmp_path):
    """Three volumes' files."""
    return [write_study(tmp_path, number) for number in (1, 2, 3)]


def test_a_recipe_is_fitted_on_files(tmp_path, recipe, volumes, capsys) -> None:
    """Whatever their order; the file is a recipe, whose hash is told."""
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"

    statuses = fit(recipe, one, *volumes), fit(recipe, other, *reversed(volumes), *volumes)

    fitted = read_recipe(one)
    assert statuses == (0, 0)
    assert fitted.steps[0].volumes == 3
    assert one.read_text() == other.read_text()
    told = capsys.readouterr()
    assert told.out == "".join(f"{path}: fitted on 3 volumes\nrecipe {fitted.digest()}\n" for path in (one, other))
    assert told.err == ""


def test_what_can_t_be_used_is_named_by_study_and_series_and_left_out(tmp_path, recipe, volumes, capsys) -> None:
    """The reason beside it, no path; the rest is fitted on."""
    volumes[1].write_bytes(b"no image")

    status = fit(recipe, tmp_path / "out.yaml", *volumes, "--json")

    assert status == 0
    told = capsys.readouterr()
    assert told.err.startswith(f"ccds: warning: left out: {study_key(2)}/series-a: expected a NIfTI-1 image")
    assert str(tmp_path) not in told.err
    document = json.loads(told.out)
    assert document["volumes"] == 2
    assert [one["volume"] for one in document["left_out"]] == [f"{study_key(2)}/series-a"]
    assert document["recipe"]["sha256"] == read_recipe(tmp_path / "out.yaml").digest()


def test_where_none_is_left_nothing_is_written(tmp_path, recipe, volumes, capsys) -> None:
    """Exit status 1."""
    volumes[0].write_bytes(b"no image")

    status = fit(recipe, tmp_path / "out.yaml", volumes[0])

    assert status == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("ccds: expected a volume that can be used")
    assert not (tmp_path / "out.yaml").exists()


def test_every_volume_of_a_project_is_fitted_on(tmp_path, monkeypatch, capsys) -> None:
    """By whoever may read its images; that they opened it is an audit event. Studies can be chosen."""
    site = own_site(tmp_path, studies=3, recipe=UNFITTED)
    monkeypatch.setenv("CCDS_CONFIG", str(site.config))
    every, some, none = (tmp_path / f"{name}.yaml" for name in ("every", "some", "none"))
    of_it = "--project", PROJECT

    statuses = [
        fit(site.recipe_file, every, *of_it, "--modality", "CT"),
        fit(site.recipe_file, some, *of_it, "--study", study_key(2)),
        fit(site.recipe_file, none, *of_it, "--modality", "MR"),
    ]

    assert statuses == [0, 0, 1]
    assert [read_recipe(out).steps[0].volumes for out in (every, some)] == [3, 1]
    assert "found none of them among 3 (modality CT)" in capsys.readouterr().err
    assert not none.exists()
    opened = [one["detail"]["action"] for one in site.project.audit.entries(PROJECT) if one["event"] == "ProjectOpened"]
    assert opened.count("read images") == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "found neither"),
        (["v.nii.gz", "--project", "HEAD-1"], "found both"),
        (["v.nii.gz", "--modality", "MR"], "found both"),
        (["--study", "abc"], "found neither"),
    ],
)
def test_volumes_or_a_project(tmp_path, recipe, capsys, words, told) -> None:
    """One of them."""
    status = fit(recipe, tmp_path / "out.yaml", *words)

    assert status == 1
    assert (
        f"expected either volumes, or --project (with --study or --modality to choose); {told}"
        in capsys.readouterr().err
    )


def test_a_file_that_is_there_is_never_overwritten(recipe, volumes, capsys) -> None:
    """Told before any work."""
    status = fit(recipe, recipe, *volumes)

    assert status == 1
    assert capsys.readouterr().err == "ccds: expected an OUT that isn't there yet; found a file; choose another name\n"
    assert recipe.read_text() == UNFITTED


def test_a_recipe_that_is_not_fitted_is_run_over_no_volume(tmp_path, monkeypatch, capsys) -> None:
    """Refused at once, instead of volume after volume into quarantine."""
    site = own_site(tmp_path, studies=1, recipe=UNFITTED)
    monkeypatch.setenv("CCDS_CONFIG", str(site.config))

    status = main(["normalization", "run", "--project", PROJECT, "--recipe", str(site.recipe_file)])

    assert status == 1
    assert "(step 1, nyul); fit it first: ccds normalization fit" in capsys.readouterr().err
    assert not site.into.exists()
