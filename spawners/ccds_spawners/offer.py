"""What a site has for lab sessions: how many GPUs of which model, for how many hours, in which images. Pure.

A session runs on one node: what it may ask for is what one node has, not what all have together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ccds_kernel.batch.states import Node
from ccds_kernel.settings import Settings
from ccds_spawners.in_image import images_of
from ccds_spawners.options import MOST_GPUS, NAMES, LabOptions, OptionError, called

_STEPS = (1, 2, 4, 8, 12, 24, 48, 72, 120, 168)


@dataclass(frozen=True)
class Model:
    """One GPU model of the site; counts are over all nodes that are up, except `most`.

    Args:
        name: as the scheduler says; empty where it doesn't.
        free: GPUs that nobody has.
        yielding: GPUs under batch work that yields to a first node.
        total: GPUs there are.
        most: the most that one node has.
    """

    name: str
    free: int
    yielding: int
    total: int
    most: int


@dataclass(frozen=True)
class Offer:
    """What a person may choose from.

    Args:
        models: the GPU models, most GPUs first.
        longest_hours: the most hours.
        images: the names of the site's images.
        known: whether the scheduler said what there is; where it didn't, it is the one that checks GPUs and models.
    """

    models: tuple[Model, ...]
    longest_hours: int
    images: tuple[str, ...] = ()
    known: bool = True

    @property
    def most_gpus(self) -> int:
        """The most GPUs that one session may have."""
        return min(MOST_GPUS, max((model.most for model in self.models), default=0 if self.known else MOST_GPUS))

    @property
    def named_models(self) -> tuple[Model, ...]:
        """The models among which there is something to choose."""
        return tuple(model for model in self.models if model.name)

    @property
    def hours(self) -> tuple[int, ...]:
        """The hours that a form offers, up to the site's most."""
        return (*(step for step in _STEPS if step < self.longest_hours), self.longest_hours)

    def most_of(self, model: str | None) -> int:
        """The most GPUs that one session may have of `model`; None: of any."""
        return min(MOST_GPUS, max((one.most for one in self.models if model in {None, one.name}), default=0))

    @property
    def usual(self) -> LabOptions:
        """What a form begins with, where nobody has chosen yet."""
        return LabOptions(gpus=min(1, self.most_gpus), hours=min(LabOptions().hours, self.longest_hours))

    def read(self, values: Mapping[str, object]) -> LabOptions:
        """The options that a form, a link or the API sent; what isn't there is as usual on this site.

        Raises:
            OptionError: they are none, or the site hasn't what they ask for.
        """
        LabOptions.from_mapping(values, self.longest_hours)
        options = LabOptions.from_mapping(self.usual.as_values() | dict(values), self.longest_hours)
        self.check(options)
        return options

    def fill(self, begin: LabOptions | None, sent: Mapping[str, object]) -> tuple[LabOptions, dict[str, OptionError]]:
        """What a form shows: what was `sent`, by a link say, over what it begins with; what makes no sense is left out.

        Args:
            begin: the person's last choice, maybe of long ago: what the site hasn't any more is left out of it, too.
            sent: as `read` takes it.

        Returns:
            The options, which the site has, and what was wrong with what was sent: the first error of each option.
        """
        base: dict[str, object] = {}
        for name, value in (begin.as_values() if begin else {}).items():
            with suppress(OptionError):
                self.read(base | {name: value})
                base[name] = value
        wrong: dict[str, OptionError] = {}
        for name in [name for name in NAMES if name in sent]:
            try:
                self.read(base | {name: sent[name]})
            except OptionError as error:
                wrong.setdefault(error.option, error)
            else:
                base[name] = sent[name]
        return self.read(base), wrong

    def check(self, options: LabOptions) -> None:
        """Makes sure that the site has what is asked for.

        Raises:
            OptionError: it hasn't; the error names the option.
        """
        if options.hours > self.longest_hours:
            raise _refused("hours", f"hours from 1 to {self.longest_hours}", str(options.hours))
        if options.image is not None and options.image not in self.images:
            raise _refused("image", _one_of("image", self.images), options.image)
        if not self.known:
            return
        names = [model.name for model in self.named_models]
        if options.gpu_model is not None and options.gpu_model not in names:
            raise _refused("gpu_model", _one_of("GPU model", names), options.gpu_model)
        most = self.most_of(options.gpu_model)
        if options.gpus > most:
            of_model = f" of model {options.gpu_model}" if options.gpu_model else ""
            raise _refused("gpus", f"at most {most} GPUs{of_model}, as one node has", str(options.gpus))


def offer_of(settings: Settings, nodes: Iterable[Node] | None) -> Offer:
    """What the site offers; `nodes` as its scheduler says, None where it doesn't."""
    models = models_of(nodes or ())
    return Offer(models, settings.sessions.longest_hours, images_of(settings), known=nodes is not None)


def models_of(nodes: Iterable[Node]) -> tuple[Model, ...]:
    """The GPU models of the nodes that are up, most GPUs first."""
    found: dict[str, Model] = {}
    for node in nodes:
        if not (node.up and node.gpus):
            continue
        name = node.gpu_model or ""
        so_far = found.get(name, Model(name, 0, 0, 0, 0))
        found[name] = Model(
            name,
            so_far.free + node.gpus_free,
            so_far.yielding + node.gpus_preemptible,
            so_far.total + node.gpus,
            max(so_far.most, node.gpus),
        )
    return tuple(sorted(found.values(), key=lambda model: (-model.total, model.name)))


def _one_of(what: str, names: Sequence[str]) -> str:
    return (
        f"one of the site's {what}s ({', '.join(names)})" if names else f"no {what}: this site has none to choose from"
    )


def _refused(option: str, expected: str, found: str) -> OptionError:
    return OptionError(expected=expected, found=found, do=f"choose {called(option)} on the form", option=option)
