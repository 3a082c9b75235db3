"""The rules of the cohort view: what a page sees of volumes as they are measured. No files, no browser.

Measuring goes on beside the page, which asks what is new since it last asked; another recipe begins another *turn*, of which no
answer of an earlier one is taken for. Each request is parsed and permitted anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.spread import PERCENT, Side, unlike_others
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.normalization.saved_recipes import SavedRecipe
from ccds_widgets.normalization.spread import messages
from ccds_widgets.normalization.spread.measuring import Measuring
from ccds_widgets.normalization.spread.ports import Cohort, Told

MOST_AT_ONCE = 2000
"""How much a page is told in one answer."""

MOST_UNLIKE = 60
"""How many volumes that are unlike the others a page lists, the farthest first."""

Answer = dict[str, Any]
Sides = tuple[list[Side], list[Side]]


class SpreadModel:
    """One person's view of a cohort in one notebook.

    Args:
        cohort: the volumes and recipes.
        project: the project's id.
        permit: raises a CcdsError where the person may not see the images (any more); asked before each answer.
        on_choose: opens the volume of that id in a preview.
        recipe: the recipe after which volumes are shown at first; None for none.
    """

    def __init__(
        self,
        cohort: Cohort,
        *,
        project: str,
        permit: Callable[[], None],
        on_choose: Callable[[str], None],
        recipe: Recipe | None = None,
    ) -> None:
        self._cohort = cohort
        self._project = project
        self._permit = permit
        self._on_choose = on_choose
        self._recipe = recipe
        self._entries: Sequence[VolumeEntry] = ()
        self._saved: Sequence[SavedRecipe] = ()
        self._turn = 0
        self._measuring: Measuring | None = None
        self._folded = 0
        self._sides: Sides = ([], [])
        self._unlike: list[Answer] = []

    def start(self) -> Answer:
        """What the page shows first; measuring begins, or goes on where the same volumes are there still."""
        self._permit()
        entries = self._cohort.entries()
        self._saved = self._cohort.recipes()
        if self._measuring is None or entries != self._entries or self._has_ended_early(self._measuring):
            self._entries = entries
            self._begin()
        groups = _groups(entries)
        return {
            "project": self._project,
            "percent": list(PERCENT),
            "scanners": [
                {"modality": modality, "scanner": scanner, "volumes": count}
                for (modality, scanner), count in groups.items()
            ],
            "volumes": [
                {"id": entry.id, "scanner": list(groups).index((entry.modality, entry.scanner))} for entry in entries
            ],
            **self._chosen_recipe(),
            **self._news(self._turn, 0),
        }

    def answer(self, content: object) -> Answer:
        """The answer to what the page sent.

        Raises:
            CcdsError: it is no request, or is refused.
        """
        request = messages.parse(content)
        self._permit()
        match request:
            case messages.Look():
                return self._news(request.turn, request.count)
            case messages.Recipe():
                return self._take(request.file)
            case messages.Recipes():
                self._saved = self._cohort.recipes()
                return self._chosen_recipe()
            case messages.Choose():
                return self._open(request.volume)

    def close(self) -> None:
        """Ends the measuring."""
        if self._measuring is not None:
            self._measuring.stop()

    # --- what is asked for

    def _take(self, file: str | None) -> Answer:
        self._saved = self._cohort.recipes()
        found = next((saved.recipe for saved in self._saved if saved.file == file), None)
        if file is not None and found is None:
            raise CcdsError(
                expected="a recipe of your folder recipes", found="one that isn't there", do="choose another"
            )
        self._recipe = found
        self._begin()
        return {**self._chosen_recipe(), **self._news(self._turn, 0)}

    def _open(self, volume: int) -> Answer:
        if volume >= len(self._entries):
            raise CcdsError(expected="a volume of this project", found="one that isn't listed", do="run the cell again")
        self._on_choose(self._entries[volume].id)
        return {"opened": volume}

    # --- what was measured

    def _begin(self) -> None:
        self.close()
        self._turn += 1
        self._folded = 0
        self._sides = ([Side()] * len(self._entries), [Side()] * len(self._entries))
        self._unlike = []
        self._measuring = Measuring(self._cohort.plan(self._entries, self._recipe), self._permit)

    def _has_ended_early(self, measuring: Measuring) -> bool:
        """By a right that had lapsed, or a defect."""
        return not (measuring.is_at_work or measuring.is_whole)

    def _chosen_recipe(self) -> Answer:
        listed = [{"file": saved.file, "name": saved.recipe.name} for saved in self._saved]
        recipe = self._recipe
        if recipe is None:
            return {"recipes": listed, "recipe": None}
        digest = recipe.digest()
        alike = [saved for saved in self._saved if saved.recipe.digest() == digest]
        alike.sort(key=lambda saved: saved.recipe.name != recipe.name)  # a hash is of no name: two may have it
        file = alike[0].file if alike else None
        return {"recipes": listed, "recipe": {"name": recipe.name, "file": file, "digest": digest}}

    def _news(self, turn: int, count: int) -> Answer:
        measuring = self._measuring
        if measuring is None:
            raise CcdsError(expected="a view that was opened", found="none yet", do="run the cell again")
        is_at_work = measuring.is_at_work  # asked first: what is told in the meantime comes with the next answer
        self._fold(measuring)
        if turn != self._turn:
            count = 0
        told = measuring.since(count, MOST_AT_ONCE)
        return {
            "turn": self._turn,
            "begin": count,
            "told": [_json(one) for one in told],
            "count": measuring.count,
            "total": measuring.plan.total,
            "made": measuring.plan.made,
            "tried": measuring.plan.tried,
            "at_work": is_at_work or count + len(told) < measuring.count,
            "failed": measuring.has_failed,
            "unlike": self._unlike,
        }

    def _fold(self, measuring: Measuring) -> None:
        """Takes in what was told, and says anew what is unlike the others."""
        news = measuring.since(self._folded, measuring.count)
        if not news:
            return
        self._folded += len(news)
        for one in news:
            side, sides = one.side, self._sides[one.after]
            known = sides[one.volume]
            sides[one.volume] = replace(
                known, grid=side.grid or known.grid, quantiles=side.quantiles or known.quantiles
            )
        groups = [(entry.modality, entry.scanner) for entry in self._entries]
        self._unlike = _by_volume(
            [(after, one) for after in (False, True) for one in unlike_others(groups, self._sides[after])]
        )


def _groups(entries: Sequence[VolumeEntry]) -> dict[tuple[str, str], int]:
    """Modality and scanner → how many volumes, the most first."""
    counts = Counter((entry.modality, entry.scanner) for entry in entries)
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _by_volume(found: Sequence[tuple[bool, Any]]) -> list[Answer]:
    """Each volume that is unlike the others once, with all that is, the farthest first."""
    of_volume: dict[int, list[Answer]] = {}
    for after, one in sorted(found, key=lambda pair: -pair[1].z):
        what = {"after": after, "what": one.what, "value": one.value, "usual": one.usual, "z": round(one.z, 1)}
        of_volume.setdefault(one.volume, []).append(what)
    return [{"volume": volume, "what": what} for volume, what in list(of_volume.items())[:MOST_UNLIKE]]


def _json(told: Told) -> list[Any]:
    """As a page reads it: short, as there may be thousands."""
    grid, quantiles = told.side.grid, told.side.quantiles
    return [
        told.volume,
        int(told.after),
        told.how.value,
        [list(grid.spacing_mm), list(grid.shape), grid.orientation] if grid else None,
        list(quantiles) if quantiles else None,
        told.error,
    ]
