"""docs/imaging.md says what the program has."""

import re

from ccds_kernel.imaging.selection.rules_file import parse_rules
from ccds_kernel.imaging.verdict import PASSABLE, REASONS, TO_DO
from support.checkout import ROOT, table_rows


def test_every_reason_is_documented() -> None:
    """With its meaning, what to do about it, and what happens when it is let pass."""
    rows = [row for row in table_rows("docs/imaging.md") if row[0].strip("`") in REASONS]

    assert rows == [[f"`{code}`", meaning, TO_DO[code], PASSABLE.get(code, "")] for code, meaning in REASONS.items()]


def test_the_rules_of_the_document_are_some() -> None:
    """Whoever copies them has rules."""
    (example,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/imaging.md").read_text(encoding="utf-8"), re.DOTALL)

    rules = parse_rules(example)

    assert rules.rule_for("CTHEAD").orientations == {"axial"}
    assert rules.correct == set()


def test_what_may_pass_is_a_reason() -> None:
    """And no other is in the list."""
    assert set(PASSABLE) <= set(REASONS)
