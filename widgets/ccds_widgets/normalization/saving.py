"""What is told after a recipe was saved: where it is, and the command that does the same without a page."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

OUT = "out.nii.gz"


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved recipe.

    Args:
        file: its name in the person's folder `recipes`.
        recipe: its hash.
        was_there: whether this very recipe was there before.
    """

    file: str
    recipe: str
    was_there: bool

    def command(self, volume: str) -> str:
        """What to run in a terminal of the session.

        Args:
            volume: the path of the volume's file, from where the terminal opens.
        """
        words = ["ccds", "normalization", "apply", "--recipe", f"recipes/{self.file}", volume, OUT]
        return shlex.join(words)

    def as_json(self, volume: str, output: str) -> dict[str, Any]:
        """For the page.

        Args:
            volume: as of `command`.
            output: the hash that the command must print as the output's.
        """
        return {
            "file": f"recipes/{self.file}",
            "recipe": self.recipe,
            "was_there": self.was_there,
            "command": self.command(volume),
            "output": output,
        }
