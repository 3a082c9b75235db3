"""The nightly DAG in a real Airflow: what came newly is normalized by the command that people use, what is done is left."""

from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from ccds_kernel.workflow.manifest import Record
from support import everywhere
from support.airflow import airflow_for, read_alone
from support.normalizing import study_key, write_study
from support.own_site import OwnSite, own_site

pytestmark = pytest.mark.timeout(600)  # the night is over within the first test


@dataclass
class Night:
    """What was there before a night and after it: study key → record."""

    site: OwnSite
    before: dict[str, Record]
    after: dict[str, Record]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """A person ran the recipe over a study; two more come, one with NaN in it; a night goes by."""
    folder = tmp_path_factory.mktemp("nightly")
    site = own_site(folder / "site", studies=1, recipe=everywhere.RECIPE)
    ran = site.ccds("run", "--workers", "1")
    assert ran.returncode == 0, ran.stderr
    before = _records(site)
    everywhere.write_the_study(site.folder)
    _spoil(site, 2)
    nightly = folder / "nightly.toml"
    nightly.write_text(f'[[nightly]]\nproject = "HEAD-1"\nrecipe = "{site.recipe_file}"\n')
    airflow_for(folder / "airflow", site.config, nightly).night("ccds_nightly_HEAD-1_recipe")
    return Night(site, before, _records(site))


def _spoil(site: OwnSite, number: int) -> None:
    path = write_study(site.folder, number)
    image = nib.load(path)
    voxels = image.get_fdata(dtype=np.float32)
    voxels[3, 4, 5] = np.nan
    nib.save(nib.Nifti1Image(voxels, image.affine), path)


def _records(site: OwnSite) -> dict[str, Record]:
    return {record.key.partition("/")[0]: record for record in site.run.folder.manifest.records()}


def test_a_night_normalizes_what_came(night: Night) -> None:
    """The new study's volume is made, of the same voxels as everywhere, and stands in the manifest."""
    record = night.after[everywhere.STUDY]

    assert record.failure is None
    assert night.site.digests()[everywhere.VOLUME] == record.output_sha256 == everywhere.EXPECTED


def test_a_bad_study_doesn_t_stop_the_night(night: Night) -> None:
    """It is in quarantine with its reason; the DAG succeeded."""
    failure = night.after[study_key(2)].failure

    assert failure is not None
    assert (failure.cause, failure.step) == ("refused", "read")
    assert "NaN" in failure.found


def test_what_was_done_is_left(night: Night) -> None:
    """Of a study that was done before not even the record is written anew."""
    assert night.after[study_key(0)] == night.before[study_key(0)]


def test_nothing_is_left_in_the_morning(night: Night) -> None:
    """`left` has nothing more to hand out: neither what is done nor what is in quarantine."""
    assert night.site.ccds("left", "--json").stdout == "[]\n"


def test_two_nights_of_one_name_are_refused(tmp_path: Path) -> None:
    """Of two recipes of a project with the same file name one would never be applied: both are named instead."""
    nightly = tmp_path / "nightly.toml"
    entry = '[[nightly]]\nproject = "HEAD-1"\nrecipe = "/{}/head.yaml"\n'
    nightly.write_text(entry.format("a") + entry.format("b"))

    read = read_alone(tmp_path, nightly)

    assert read.returncode != 0
    assert "found ccds_nightly_HEAD-1_head twice" in read.stderr
