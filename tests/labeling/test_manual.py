"""docs/labeling.md, by which a fellow works: it has the keys that the screens themselves list."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ccds_kernel.irb.identity import unix_user
from support.checkout import ROOT
from support.site import write_settings

STATIC = ROOT / "widgets" / "ccds_widgets" / "labeling" / "static"
MANUAL = (ROOT / "docs" / "labeling.md").read_text(encoding="utf-8")
SCREENS = {
    "in every screen": "labeling.js",
    "in Annotate": "annotate/keys.js",
    "in Prioritise": "prioritise/prioritise.js",
    "in Confirm": "confirm/keys.js",
    "in Assess": "assess/keys.js",
}


def listed(source: str) -> list[str]:
    """The keys that a screen lists under `?`, in the order of its source."""
    lists = re.findall(r"const \w*KEYS = \[\n(.*?)\n\];", source, re.DOTALL)
    return [" ".join(keys.split()) for of_list in lists for keys in re.findall(r'\["([^"]+)", "', of_list)]


@pytest.mark.parametrize(("heading", "file"), SCREENS.items())
def test_every_key_of_a_screen_is_in_the_manual(heading, file):
    """Whoever gives a screen a key says so there."""
    keys = listed((STATIC / file).read_text(encoding="utf-8"))
    if file == SCREENS["in every screen"]:  # of which the shell that all apps share has some
        keys = [f"Alt+1 … Alt+{len(SCREENS) - 1}", *keys, "?"]
    table = MANUAL.split(f"| key | {heading} |\n| --- | --- |\n")[1].split("\n\n")[0]

    documented = [row.split(" | ")[0].removeprefix("| ").replace("`", "") for row in table.splitlines()]

    assert keys
    assert documented == keys


def test_every_screen_is_in_the_manual():
    """By the names that the bar has."""
    names = re.findall(r'\["\w+", "(\w+)", \w+Screen\]', (STATIC / "labeling.js").read_text(encoding="utf-8"))

    assert {f"in {name}" for name in names} | {"in every screen"} == set(SCREENS)


def test_a_project_of_one_s_own_is_made_by_the_manual_s_lines(tmp_path):
    """On a site where everything runs as one user, who administers it, as in the demo; a second paste changes nothing."""
    lines = next(block for block in re.findall(r"```sh\n(.*?)```", MANUAL, re.DOTALL) if "ccds irb apply" in block)
    settings = write_settings(tmp_path)
    (tmp_path / ".demo").mkdir()
    site = settings.read_text(encoding="utf-8")
    administered = re.sub("administrators = .*", f'administrators = ["{unix_user()}"]', site)
    (tmp_path / ".demo" / "ccds.toml").write_text(administered, encoding="utf-8")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    pasted, again = (
        subprocess.run(
            ["sh", "-e"], input=lines, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        for _ in range(2)
    )

    assert (pasted.returncode, pasted.stderr) == (0, "")
    assert "2 reports: 2 added, 0 known already\ntask 'effusion': made, with 2 labels\n" in pasted.stdout
    assert "snapshot " in pasted.stdout
    assert "2 reports: 0 added, 2 known already\ntask 'effusion': nothing changed\n" in again.stdout
