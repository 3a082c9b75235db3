"""`ccds normalization run --engine cluster` where rows lie on PostgreSQL: its jobs have no right to the project's database."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccds_kernel.audit.events.normalization import NormalizationBegun
from ccds_kernel.audit.site import audit_log
from support.convert_site import KEYS, PROJECT, ConvertSite, convert_site, with_audit_daemon
from support.normalizing import write_recipe, write_study
from support.postgresql import Server


@pytest.fixture
def site(postgresql: Server, tmp_path: Path) -> Iterator[ConvertSite]:
    """A site whose commands are those of a session; nobody but it reads the database administrator's password."""
    state = tmp_path / "site" / "state"
    state.mkdir(parents=True)
    database = postgresql.take_in(state)
    with with_audit_daemon(convert_site(tmp_path / "site", database)) as site:
        password = site.settings.database.password_path(state)
        hidden = password.rename(password.with_name("hidden"))
        yield site
        hidden.rename(password)
    postgresql.forget("head-1")


def test_which_volumes_are_left_out_is_told_to_the_job(site: ConvertSite, tmp_path: Path) -> None:
    """Whoever hands the run over asks the database; one volume is somebody's own, one has no verdict."""
    path, _ = write_recipe(tmp_path)
    for name in ("mine", "series-a"):
        made = write_study(site.folder, 0, series=name)
    made.parent.rename(made.parent.with_name(KEYS[0]))

    done = subprocess.run(
        [
            *(sys.executable, "-m", "ccds_kernel.cli", "normalization", "run", "--project", PROJECT),
            *("--recipe", str(path), "--engine", "cluster", "--workers", "1", "--follow"),
        ],
        env={"PATH": "/usr/bin:/bin", "CCDS_CONFIG": str(site.config), **site.environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert done.returncode == 0, done.stderr
    assert "1 volume that no verdict accepts is left out" in done.stderr
    assert [one.name for one in site.folder.glob("normalized/*/*/*.nii.gz")] == ["mine.nii.gz"]
    begun = [one for one in audit_log(site.settings).entries(PROJECT) if one["event"] == NormalizationBegun.__name__]
    assert [one["detail"]["volumes"] for one in begun] == [1]
