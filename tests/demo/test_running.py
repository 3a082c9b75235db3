"""The demo that all tests share, asked for once more."""

import subprocess
import sys

import pytest

from support.demo import Demo, free_port

pytestmark = pytest.mark.hub


def test_a_demo_that_runs_already(demo: Demo) -> None:
    """One line; the one that runs isn't disturbed."""
    words = ["--small", "--folder", str(demo.folder), "--port", str(free_port())]
    command = [sys.executable, "-P", "-m", "ccds_kernel.cli", "demo", *words]

    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("ccds: expected no other demo in")
    assert done.stderr.count("\n") == 1
    assert demo.process.poll() is None
    assert demo.login("fay")
