"""The same recipe and study give the same voxels and affine, to the bit, whichever way: that is what a recipe's hash is for.

Here the notebook's preview, the command for one file, Dask on this machine, and Dask by the jobs of a real Slurm; Airflow's
night, with the same study and the same expectation, is in `test_airflow`.
"""

import json
import subprocess
import sys
from pathlib import Path

import yaml

from ccds_widgets.normalization.app import open_preview
from support import everywhere
from support.own_site import OwnSite, own_site
from support.preview_model import edit, save, started
from support.slurm import running_slurm


def site_in(folder: Path, *lines: str) -> OwnSite:
    """A site with that study and recipe."""
    site = own_site(folder / "site", *lines, recipe=everywhere.RECIPE)
    everywhere.write_the_study(site.folder)
    return site


def test_the_preview_in_a_notebook(tmp_path: Path) -> None:
    """The hash that the preview shows of the volume at full resolution, for the recipe as it saves it."""
    site = site_in(tmp_path)
    project = site.project
    (project.folder / "work" / project.person).mkdir(parents=True)
    model = open_preview(project)
    started(model)
    steps = [
        {"name": name, "on": True, "parameters": parameters}
        for step in yaml.safe_load(everywhere.RECIPE)["steps"]
        for name, parameters in step.items()
    ]

    edit(model, *steps)
    saved = save(model, everywhere.NAME)["saved"]

    assert (saved["recipe"], saved["output"]) == (site.recipe.digest(), everywhere.EXPECTED)


def test_the_command_for_one_file(tmp_path: Path) -> None:
    """`ccds normalization apply`."""
    site = site_in(tmp_path)
    words = ["apply", "--recipe", str(site.recipe_file), str(site.folder / "nifti" / f"{everywhere.VOLUME}.nii.gz")]

    done = subprocess.run(
        [sys.executable, "-m", "ccds_kernel.cli", "normalization", *words, str(tmp_path / "out.nii.gz"), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout)["output_sha256"] == everywhere.EXPECTED


def test_dask_on_this_machine(tmp_path: Path) -> None:
    """`ccds normalization run`."""
    site = site_in(tmp_path)

    done = site.ccds("run", "--workers", "1")

    assert done.returncode == 0, done.stderr
    assert site.digests() == {everywhere.VOLUME: everywhere.EXPECTED}


def test_dask_by_jobs_of_slurm(tmp_path: Path) -> None:
    """`ccds normalization run --engine cluster`, controller and worker on a node of a real Slurm; no job is left."""
    with running_slurm() as cluster:
        site = site_in(tmp_path, "[scheduler]", 'engine = "slurm"', "[slurm]", f'conf = "{cluster.folder}/slurm.conf"')

        done = site.ccds("run", "--engine", "cluster", "--workers", "2", "--follow")

        assert done.returncode == 0, done.stderr
        assert site.digests() == {everywhere.VOLUME: everywhere.EXPECTED}
        assert site.run.progress.engine == "cluster"
        assert cluster.run("squeue", "--noheader", "--states=PENDING,RUNNING") == ""
