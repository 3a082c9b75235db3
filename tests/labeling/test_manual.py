"""docs/labeling.md, by which a fellow works: it has the keys that the screens themselves list."""

import re

import pytest

from support.checkout import ROOT

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
    table = MANUAL.split(f"| key | {heading} |\n| --- | --- |\n")[1].split("\n\n")[0]

    documented = [row.split(" | ")[0].removeprefix("| ").replace("`", "") for row in table.splitlines()]

    assert keys
    assert documented == keys


def test_every_screen_is_in_the_manual():
    """By the names that the bar has."""
    names = re.findall(r'\["\w+", "(\w+)", \w+Screen\]', (STATIC / "labeling.js").read_text(encoding="utf-8"))

    assert {f"in {name}" for name in names} | {"in every screen"} == set(SCREENS)
