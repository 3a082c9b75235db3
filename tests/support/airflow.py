"""A real Airflow in an environment of its own, as `make components` installs it, with the DAGs of `images/airflow`."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from support.checkout import ROOT
from support.components import need_path

INSTALLED = Path(sys.prefix) / "share" / "ccds" / "airflow" / ".installed"
BIN = INSTALLED.parent / "bin"
DAGS = ROOT / "images" / "airflow" / "dags"


@dataclass(frozen=True)
class Airflow:
    """An Airflow with a home and a database of its own.

    Args:
        home: its home.
        env: what its processes have in their environment.
    """

    home: Path
    env: dict[str, str]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs `airflow` with these words."""
        return subprocess.run(
            [BIN / "airflow", *words],
            env=self.env,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def night(self, dag: str) -> None:
        """Runs a DAG as its schedule would; fails where it doesn't succeed."""
        done = self.run("dags", "test", dag)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]


def read_alone(home: Path, nightly: Path) -> subprocess.CompletedProcess[str]:
    """Reads the DAGs for the nights that `nightly` lists, as Airflow does; skips where it isn't installed."""
    need_path(INSTALLED, "make components")
    return subprocess.run(
        [BIN / "python", DAGS / "ccds_nightly.py"],
        env={"PATH": os.defpath, "HOME": str(home), "AIRFLOW_HOME": str(home), "CCDS_NIGHTLY": str(nightly)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def airflow_for(home: Path, config: Path, nightly: Path) -> Airflow:
    """Such an Airflow for the site of `config`, whose nights are those that `nightly` lists; skips where it isn't installed."""
    need_path(INSTALLED, "make components")
    home.mkdir()
    env = {
        "PATH": os.defpath,
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "CCDS_CONFIG": str(config),
        "CCDS_NIGHTLY": str(nightly),
        "CCDS_PROGRAM": str(Path(sys.executable).with_name("ccds")),
    }
    airflow = Airflow(home, env)
    done = airflow.run("db", "migrate")
    assert done.returncode == 0, done.stderr[-6000:]
    return airflow
