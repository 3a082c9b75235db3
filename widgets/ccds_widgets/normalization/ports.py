"""What the preview needs of whatever keeps volumes and recipes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ccds_kernel.normalization.nifti import Stored
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.recipe_folder import SavedRecipe
from ccds_kernel.normalization.volume_folder import VolumeEntry


class Volumes(Protocol):
    """A project's volumes; `ccds_kernel.normalization.volume_folder.VolumeFolder` is one. Any thread may call it."""

    def entries(self) -> Sequence[VolumeEntry]:
        """Every volume that is there now, in a fixed order.

        Raises:
            CcdsError: they can't be listed.
        """

    def left_out(self) -> Sequence[str]:
        """The ids of volumes that lie there and aren't among them, because no verdict accepts them.

        Raises:
            CcdsError: they can't be listed.
        """

    def version(self, entry: VolumeEntry) -> str:
        """What is another text once another file lies in the place of `entry`'s, or that was written anew.

        Raises:
            CcdsError: it is gone.
        """

    def read(self, entry: VolumeEntry) -> Stored:
        """One of them; the caller may keep it.

        Raises:
            CcdsError: it is no volume.
        """


class Recipes(Protocol):
    """A person's own recipes and drafts; `ccds_kernel.normalization.recipe_folder.RecipeFolder` is one.

    What it has said to be written is there after a crash. Others may write at the same time.
    """

    def save(self, recipe: Recipe) -> SavedRecipe:
        """Keeps `recipe` under its name, never over another one.

        Raises:
            CcdsError: that name is taken by another recipe, gives no file name, or can't be written.
        """

    def files(self) -> Sequence[str]:
        """The names of the files of the saved recipes, in a fixed order; none where they can't be listed."""

    def read(self, file: str) -> Recipe:
        """The recipe in one of `files`.

        Raises:
            CcdsError: it is none, or gone.
        """

    def keep_draft(self, name: str, text: str) -> None:
        """Keeps `text` as draft `name`, over the one before.

        Raises:
            CcdsError: it can't be written.
        """

    def draft(self, name: str) -> str | None:
        """The draft `name`, if there is one."""
