"""Real, unpublished sample data that may lie beside the checkout; never part of it."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data"


def shared_data(name: str) -> Path:
    """A file of the sample data; skips the test where it isn't (it can't be downloaded, so it is never required)."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"needs {name} in a folder shared/data beside the checkout: real data that isn't published")
    return path
