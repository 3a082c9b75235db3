"""Saving a recipe, and what is told after: where it is, its YAML, and the commands that do the same without a page."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.normalization.full import Full
from ccds_widgets.normalization.ports import Recipes
from ccds_widgets.normalization.results import Result, Side

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


class Saving:
    """What waits to be saved, and what was saved last.

    Args:
        recipes: where recipes go.
        full: has the pictures.
        project: the project's id.
        path_to: how a volume's file is called on the command line.
    """

    def __init__(self, recipes: Recipes, full: Full, project: str, path_to: Callable[[VolumeEntry], str]) -> None:
        self._recipes, self._full, self._project, self._path_to = recipes, full, project, path_to
        self._saved: Saved | None = None
        self.wanted: str | None = None
        """The name under which the recipe is to be saved, as soon as it is known that it can be applied to what is shown."""

    def try_now(self, recipe: Recipe | None) -> None:
        """Saves what waits for that.

        Args:
            recipe: the draft; None where it can't be applied to what is shown.

        Raises:
            CcdsError: it can't be saved.
        """
        name, self.wanted = self.wanted, None
        if name is None:
            return
        if recipe is None:
            raise CcdsError(
                expected="a recipe that can be applied to the volume shown",
                found="one that can't",
                do="mend what is marked",
            )
        self._saved = save(self._recipes, name, recipe)

    def as_json(self, shown: Result) -> dict[str, Any] | None:
        """What is told of the saved recipe, where that is what `shown` is of.

        Raises:
            NotHeld: the picture after is gone for the moment.
        """
        if self._saved is None or shown.recipe.digest() != self._saved.digest:
            return None
        try:
            after = self._full.shown(shown)[Side.AFTER]
        except CcdsError:  # the volume is another one by now, or gone: nobody can say what the command makes of it
            return None
        return self._saved.as_json(self._project, self._path_to(shown.entry), after.digest)
