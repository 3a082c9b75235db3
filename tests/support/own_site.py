"""A site whose one engineer is the Unix user who runs the tests: jobs and other programs come to its door as themselves."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.identity import unix_user
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.runs import NormalizationRun, NormalizationRuns
from ccds_kernel.settings import load_settings
from support.normalizing import PROJECT, RECIPE, digests, write_recipe, write_study
from support.site import ADMINISTRATOR, application, on_roster, write_settings

LOCAL = ("[scheduler]", "cpus = 4", "memory_mb = 8000")


@dataclass(frozen=True)
class OwnSite:
    """That site, with the project HEAD-1.

    Args:
        config: its ccds.toml.
        recipe_file: a recipe.
        recipe: the same.
    """

    config: Path
    recipe_file: Path
    recipe: Recipe

    @property
    def project(self) -> Project:
        """The project, opened anew."""
        return open_project(PROJECT, Action.WRITE_IMAGES, settings=load_settings(self.config))

    @property
    def folder(self) -> Path:
        """The project's."""
        return load_settings(self.config).paths.projects / PROJECT

    @property
    def into(self) -> Path:
        """Where the recipe's volumes are."""
        return self.folder / "normalized" / self.recipe.digest()

    @property
    def run(self) -> NormalizationRun:
        """The recipe's run."""
        return NormalizationRuns(self.project).get(self.recipe.digest())

    def digests(self) -> dict[str, str]:
        """Of every volume that was made."""
        return digests(self.into)

    def add(self, *numbers: int) -> None:
        """Studies come in."""
        for number in numbers:
            write_study(self.folder, number)

    def ccds(self, verb: str, *words: str, recipe: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs `ccds normalization VERB` for the project."""
        named = ("--recipe", str(self.recipe_file)) if recipe else ()
        return subprocess.run(
            [sys.executable, "-m", "ccds_kernel.cli", "normalization", verb, "--project", PROJECT, *named, *words],
            env={"PATH": "/usr/bin:/bin", "CCDS_CONFIG": str(self.config)},
            cwd=self.config.parent,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


def own_site(folder: Path, *lines: str, studies: int = 0, recipe: str = RECIPE) -> OwnSite:
    """Makes it in `folder`, with these lines more in its ccds.toml, so many studies, and this recipe."""
    folder.mkdir(exist_ok=True)
    config = write_settings(folder)
    with config.open("a", encoding="utf-8") as file:
        file.write("\n".join([*(lines or LOCAL), ""]))
    roster = on_roster(**{unix_user(): "engineer"})
    approved = application(id=PROJECT, data=["images"], roster=roster)
    apply_application(approved, person=ADMINISTRATOR, settings=load_settings(config))
    site = OwnSite(config, *write_recipe(folder, recipe))
    site.add(*range(studies))
    return site
