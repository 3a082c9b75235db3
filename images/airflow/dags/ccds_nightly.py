"""Nightly: a recipe for every study of a project that has volumes and isn't normalized yet.

One DAG for each `[[nightly]]` of the file that CCDS_NIGHTLY names: see docs/workflow.md, "Airflow". A task is a study, and calls
what a person calls, `ccds normalization run --study KEY`; one after the other, as two runs of a recipe never work at once. So
manifest, permission, audit and voxels are those of every other way, and a night that was cut short goes on the next one.
Airflow's environment has no `ccds` to import, by intent: the two need other versions of the same libraries.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowException

log = logging.getLogger(__name__)

MOST = 1000
"""Studies of one night: Airflow maps no task over more than 1024 by default. The rest comes the next night."""
AGAIN = {"retries": 2, "retry_delay": timedelta(minutes=5)}


def ccds(*words: str) -> str:
    """What `ccds` prints.

    Raises:
        AirflowException: it refuses, with its one line that says why, or was killed.
    """
    done = subprocess.run([os.environ.get("CCDS_PROGRAM", "ccds"), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise AirflowException(f"exit status {done.returncode}; {done.stderr.strip()}")
    return done.stdout


def recipe_name(entry: dict[str, Any]) -> str:
    """What the entry's recipe is called in its DAG's name."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(entry["recipe"]).stem)


def dag_id(entry: dict[str, Any]) -> str:
    """The name of an entry's DAG."""
    return f"ccds_nightly_{entry['project']}_{recipe_name(entry)}"


def entries() -> list[dict[str, Any]]:
    """What is done each night.

    Raises:
        AirflowException: two entries would be one DAG, of which Airflow would run only one.
    """
    wanted: list[dict[str, Any]] = tomllib.loads(Path(os.environ["CCDS_NIGHTLY"]).read_text(encoding="utf-8"))[
        "nightly"
    ]
    names = [dag_id(entry) for entry in wanted]
    if twice := {name for name in names if names.count(name) > 1}:
        raise AirflowException(
            f"expected one DAG for each [[nightly]]; found {min(twice)} twice; rename a recipe's file"
        )
    return wanted


def nightly(entry: dict[str, Any]) -> None:
    """Makes the DAG of one entry."""
    name = recipe_name(entry)
    of = ("--project", entry["project"], "--recipe", entry["recipe"])
    account = {"run_as_user": entry["run_as"]} if "run_as" in entry else {}

    @dag(
        dag_id=dag_id(entry),
        description=f"applies {name} to the studies that came newly into {entry['project']}",
        schedule=entry.get("schedule", "0 1 * * *"),
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        tags=["ccds"],
    )
    def made() -> None:
        @task(**AGAIN, **account)
        def left() -> list[str]:
            """The keys of the studies that aren't done."""
            studies: list[str] = json.loads(ccds("normalization", "left", *of, "--json"))
            log.info("%d studies are left, %d of them this night", len(studies), min(len(studies), MOST))
            return studies[:MOST]

        @task(max_active_tis_per_dagrun=1, **AGAIN, **account)
        def normalize(study: str) -> None:
            """One study, by the command that people use."""
            log.info("%s", ccds("normalization", "run", *of, "--study", study, "--workers", "1"))

        normalize.expand(study=left())

    made()


for entry in entries():
    nightly(entry)
