"""The recipe while it is being worked on: steps may be off or wrong, and what was typed stays until it is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.advice import advice
from ccds_kernel.normalization.apply import StepError
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import Step as RecipeStep
from ccds_kernel.normalization.steps import make_step
from ccds_widgets.normalization.forms import FORMS, given
from ccds_widgets.normalization.messages import Draft, Look, Step

_STARTS_WITH = ("reorient", "resample", "window")
UNNAMED = "unnamed"
"""What an unsaved recipe is called: a recipe's hash doesn't cover its name."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a draft comes to.

    Args:
        recipe: of the steps that are on; None where one of these is wrong.
        places: for each step of `recipe` its place in the draft.
        errors: for each step of the draft what is wrong with it, also where it is off.
    """

    recipe: Recipe | None
    places: tuple[int, ...]
    errors: tuple[CcdsError | None, ...]


class Kept(BaseModel):
    """What outlives page and kernel: the draft, and where the person was.

    Args:
        volume: the first that is shown.
        more: those beside it.
        beside: the file of the saved recipe beside the draft.
        draft: the recipe as it is typed.
        look: where the person looks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    volume: str | None = None
    more: tuple[str, ...] = ()
    beside: str | None = None
    draft: Draft
    look: Look | None = None

    def chosen(self) -> list[str]:
        """The volumes that are shown, in their order."""
        return [] if self.volume is None else [self.volume, *self.more]

    def choosing(self, volumes: Sequence[str]) -> Self:
        """The same with other volumes."""
        return self.model_copy(update={"volume": next(iter(volumes), None), "more": tuple(volumes[1:])})


def first_draft() -> Draft:
    """What a new preview starts with."""
    steps = [Step(name=name, on=True, parameters=_starts(name)) for name in _STARTS_WITH]
    return Draft.model_validate({"steps": steps, "output": "float32"})


def draft_of(recipe: Recipe) -> Draft:
    """`recipe` to work on."""
    steps = [Step(name=step.name, on=True, parameters=step.parameters()) for step in recipe.steps]
    return Draft.model_validate({"steps": steps, "output": recipe.output})


def check(draft: Draft) -> Checked:
    """The recipe that `draft` is, or what is wrong with it."""
    steps: list[RecipeStep] = []
    places: list[int] = []
    errors: list[CcdsError | None] = []
    for place, one in enumerate(draft.steps):
        try:
            step = make_step(one.name, given(one.name, one.parameters))
        except CcdsError as error:
            errors.append(error)
            continue
        errors.append(None)
        if one.on:
            steps.append(step)
            places.append(place)
    right = not any(error and one.on for error, one in zip(errors, draft.steps, strict=True))
    recipe = Recipe(UNNAMED, tuple(steps), draft.output) if right else None
    return Checked(recipe, tuple(places), tuple(errors))


def advise(checked: Checked, modality: str) -> list[str | None]:
    """For each step of the draft what isn't sensible about it for images of `modality`."""
    lines: list[str | None] = [None] * len(checked.errors)
    if checked.recipe:
        for place, line in advice(checked.recipe, modality):
            lines[checked.places[place - 1]] = line
    return lines


def plain(error: StepError) -> CcdsError:
    """The error as the step raised it: where it is told beside its step, its place needs no words."""
    return error.__cause__ if isinstance(error.__cause__, CcdsError) else error


def read_kept(text: str | None) -> Kept | None:
    """What `Kept.model_dump_json` wrote; None where it is something else."""
    if text is None:
        return None
    try:
        return Kept.model_validate_json(text)
    except ValidationError:
        return None


def as_json(draft: Draft, errors: Sequence[str | None], lines: Sequence[str | None]) -> dict[str, Any]:
    """The draft as the page takes it, with the lines that stand beside each step: what is wrong, what isn't sensible."""
    content = draft.model_dump(mode="json")
    for step, error, line in zip(content["steps"], errors, lines, strict=True):
        step.update(error=error, advice=line)
    return content


def _starts(name: str) -> dict[str, Any]:
    return {
        field.parameter: list(field.start) if isinstance(field.start, tuple) else field.start for field in FORMS[name]
    }
