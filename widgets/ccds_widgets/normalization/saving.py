"""What is told after a recipe was saved: where it is, its YAML, and the commands that do the same without a page."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from ccds_kernel.normalization.recipe import Recipe
from ccds_widgets.normalization.ports import Recipes

OUT = "out.nii.gz"


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved recipe.

    Args:
        file: its name in the person's folder `recipes`.
        recipe: as it was saved.
        was_there: whether this very recipe was there before.
    """

    file: str
    recipe: Recipe
    was_there: bool

    @property
    def digest(self) -> str:
        """The recipe's hash."""
        return self.recipe.digest()

    def run(self, project: str) -> str:
        """What to run to apply it to every volume of `project`."""
        return shlex.join(["ccds", "normalization", "run", "--project", project, "--recipe", f"recipes/{self.file}"])

    def command(self, volume: str) -> str:
        """What to run in a terminal of the session.

        Args:
            volume: the path of the volume's file, from where the terminal opens.
        """
        words = ["ccds", "normalization", "apply", "--recipe", f"recipes/{self.file}", volume, OUT]
        return shlex.join(words)

    def as_json(self, project: str, volume: str, output: str) -> dict[str, Any]:
        """For the page.

        Args:
            project: the project's id.
            volume: as of `command`.
            output: the hash that the command must print as the output's.
        """
        return {
            "file": f"recipes/{self.file}",
            "recipe": self.digest,
            "yaml": self.recipe.to_yaml(),
            "was_there": self.was_there,
            "command": self.command(volume),
            "run": self.run(project),
            "output": output,
        }


def save(recipes: Recipes, name: str, recipe: Recipe) -> Saved:
    """Saves `recipe` under `name`, its white space collapsed.

    Raises:
        CcdsError: as of `Recipes.save`.
    """
    named = Recipe(" ".join(name.split()), recipe.steps, recipe.output)
    there = recipes.save(named)
    return Saved(there.file, named, there.was_there)
