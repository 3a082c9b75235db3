"""A person's saved recipes as a page lists them: read again only where a file is another one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.recipe_folder import RecipeFolder

_Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class SavedRecipe:
    """A recipe of the person's folder: its file's name, and itself."""

    file: str
    recipe: Recipe


@dataclass
class SavedRecipes:
    """Those of `folder`; asked for as often as a page likes."""

    folder: RecipeFolder
    _read: dict[str, tuple[_Version, Recipe]] = field(default_factory=dict, init=False, repr=False)

    def all(self) -> Sequence[SavedRecipe]:
        """The recipes that can be read, by file."""
        found = []
        for file in self.folder.files():
            with suppress(CcdsError, OSError):
                about = (self.folder.folder / file).stat()
                version = (about.st_ino, about.st_mtime_ns, about.st_size)
                if file not in self._read or self._read[file][0] != version:
                    self._read[file] = version, self.folder.read(file)
                found.append(SavedRecipe(file, self._read[file][1]))
        return found
