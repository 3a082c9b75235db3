"""The draft as it is kept: a page that is reloaded, or a kernel that ends, loses nothing of it.

Previews that began from the same recipe share one draft, so that whoever opens one tomorrow goes on where the last one was left.
A draft for each notebook was decided against: renamed, a notebook would lose it. Two that are open at once overwrite each other,
and say so.
"""

from __future__ import annotations

from collections.abc import Mapping

from ccds_kernel.errors import CcdsError
from ccds_widgets.base import sentence
from ccds_widgets.normalization.draft import Kept, read_kept
from ccds_widgets.normalization.messages import Draft
from ccds_widgets.normalization.ports import Recipes

_SHARED = sentence(
    CcdsError(
        expected="one notebook or tab to change this draft",
        found="that another one of yours changes it, too",
        do="save the recipe under a name; of the draft only the last change is kept",
    )
)


class Keeping:
    """A draft, and where the person was.

    Args:
        recipes: where it is kept.
        name: of the draft.
        first: what it is where there is none yet.
    """

    def __init__(self, recipes: Recipes, name: str, first: Draft) -> None:
        self._recipes, self._name = recipes, name
        self._text = recipes.draft(name)
        self.now = read_kept(self._text) or Kept(draft=first)
        self._shared = False

    def change(self, changed: Mapping[str, object], *, named: bool = False) -> str | None:
        """Takes the change in and keeps it.

        Args:
            changed: fields of `Kept`.
            named: whether the recipe is saved under a name, too, so that nothing can be lost.

        Returns:
            Why it couldn't be kept; or, until `named` or `opened`, that another preview changes the draft, too; else None.
        """
        before = self.now
        self.now = self.now.model_copy(update=changed)
        self._shared = not named and (self._shared or self._is_another_s(before))
        text = self.now.model_dump_json()
        try:
            self._recipes.keep_draft(self._name, text)
        except CcdsError as error:
            return sentence(error)
        self._text = text
        return _SHARED if self._shared else None

    def opened(self) -> None:
        """The page was opened anew: that another preview changed the draft before is no news any more."""
        self._shared = False

    def _is_another_s(self, before: Kept) -> bool:
        """Whether there is another recipe than the one that this preview has kept, or found, there."""
        text = self._recipes.draft(self._name)
        if text == self._text:
            return False
        there = read_kept(text)
        return there is not None and there.draft != before.draft
