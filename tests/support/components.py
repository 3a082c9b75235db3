"""Components that a test needs and a machine may lack."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def need_program(name: str, how: str) -> str:
    """The path of program `name`; skips the test where it is missing, fails it where components are required."""
    found = shutil.which(name)
    if found is None:
        missing(f"the program '{name}'", how)
    return found


def need_path(path: Path, how: str) -> Path:
    """`path` if it is there; skips or fails as `need_program`."""
    if not path.exists():
        missing(str(path), how)
    return path


def missing(what: str, how: str) -> NoReturn:
    """Ends the test: skipped with the reason, or failed with `CCDS_REQUIRE_COMPONENTS=1`."""
    message = f"needs {what}: {how}"
    if os.environ.get("CCDS_REQUIRE_COMPONENTS") == "1":
        pytest.fail(message)
    pytest.skip(message)
