"""A person's own folder of recipes: saved ones, which nothing overwrites, and the drafts that a preview is working on.

A draft is kept in a hidden file beside the recipes, so that it outlives the page and the kernel in which it was written.
"""

from __future__ import annotations

import fcntl
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole
from ccds_kernel.normalization.recipe import LONGEST_FILE, Recipe

_LONGEST_SLUG = 60


@dataclass(frozen=True, slots=True)
class SavedRecipe:
    """A recipe that is in the folder now.

    Args:
        file: its file's name.
        was_there: whether it was before, word for word.
    """

    file: str
    was_there: bool


@dataclass(frozen=True)
class RecipeFolder:
    """The folder.

    Args:
        folder: made where missing, when something is saved.
    """

    folder: Path

    def save(self, recipe: Recipe) -> SavedRecipe:
        """Writes `recipe` to a file called like it, temp-then-rename; a file with other content is left as it is.

        Raises:
            CcdsError: another recipe has that file name, the name gives none, or the folder can't be written.
        """
        path = self.folder / f"{file_stem(recipe.name)}.yaml"
        text = recipe.to_yaml()
        with self._writing():
            try:
                there = path.read_text(encoding="utf-8")
            except FileNotFoundError:
                write_whole(path, text)
                return SavedRecipe(path.name, was_there=False)
            except ValueError:
                there = ""
        if there != text:
            raise CcdsError(
                expected=f"recipes/{path.name} to be free, or to hold this very recipe",
                found="another one",
                do="give it another name",
            )
        return SavedRecipe(path.name, was_there=True)

    def files(self) -> tuple[str, ...]:
        """The names of the recipes' files, in their order; none where the folder is missing or can't be listed."""
        try:
            return tuple(sorted(path.name for path in self.folder.glob("*.yaml") if not path.name.startswith(".")))
        except OSError:
            return ()

    def read(self, file: str) -> Recipe:
        """The recipe in one of `files`.

        Raises:
            CcdsError: it is none, or gone.
        """
        if file not in self.files():
            raise CcdsError(
                expected="a recipe of your folder recipes", found="one that isn't there", do="choose another"
            )
        try:
            with (self.folder / file).open("rb") as opened:
                text = opened.read(LONGEST_FILE + 1).decode()
        except (OSError, ValueError) as error:
            raise CcdsError(
                expected="a recipe that can be read", found=type(error).__name__, do="choose another"
            ) from None
        return Recipe.from_yaml(text)

    def keep_draft(self, name: str, text: str) -> None:
        """Keeps `text` as draft `name`, in place of what was kept under that name.

        Raises:
            CcdsError: the folder can't be written.
        """
        with self._writing():
            write_whole(self._draft(name), text)

    def draft(self, name: str) -> str | None:
        """The draft `name`; None where there is none that can be read."""
        try:
            with self._draft(name).open("rb") as file:
                return file.read(LONGEST_FILE).decode()
        except (OSError, ValueError):
            return None

    def _draft(self, name: str) -> Path:
        return self.folder / f".draft-{name}.json"

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Only one at a time writes here."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / ".lock").open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise CcdsError(
                expected="to write into your folder recipes",
                found=error.strerror or "an error",
                do="make room, or ask the administrators of this site",
            ) from None


def file_stem(name: str) -> str:
    """What the file of a recipe called `name` is called: lower case, a-z, 0-9 and hyphens.

    Raises:
        CcdsError: nothing is left of it.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_LONGEST_SLUG].rstrip("-")
    if not stem:
        raise CcdsError(
            expected="a name with a letter from a to z or a digit in it", found="none", do="name the recipe"
        )
    return stem
