"""A recipe's file, an image's file, and the file that the one makes of the other, with its provenance beside it.

Label maps that go along get a provenance of their own: by each of them, labels find back (`undo_file`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.output import publish, working_folder
from ccds_kernel.imaging.verdict import QuarantineError
from ccds_kernel.imaging.volume import compress
from ccds_kernel.normalization.apply import Outcome, apply_with
from ccds_kernel.normalization.footprint import check_memory
from ccds_kernel.normalization.geometry import tilt
from ccds_kernel.normalization.memory import session_memory
from ccds_kernel.normalization.nifti import Stored, read_header, read_nifti, write_nifti
from ccds_kernel.normalization.recipe import LONGEST_FILE, Recipe
from ccds_kernel.normalization.volume import Volume

_SUFFIX = ".nii.gz"
_LABELS = "--labels", "--labels-out"


class TargetTaken(CcdsError):  # noqa: N818 - says what is the case, as the others of its kind
    """OUT holds something else than what is to be written there."""


@dataclass(frozen=True, slots=True)
class AppliedLabels:
    """What was made of a label map.

    Args:
        input_sha256: of its voxels, scaling and affine as it came.
        output_sha256: of what it became.
    """

    input_sha256: str
    output_sha256: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What was made.

    Args:
        recipe_sha256: of the recipe's steps and output.
        input_sha256: of the input's voxels, scaling and affine.
        output_sha256: of the output's.
        shape: of the output.
        spacing_mm: of the output, along its axes.
        skipped: the places of steps that found nothing to do, from 1.
        labels: the hashes of the label maps that went along, in their order.
        oblique_degrees: how far the output's axes are from the patient's, at most.
        sheared_degrees: how far they are from right angles with each other, at most.
        unit_assumed: whether the input's header says no unit of length, so that it was taken for mm.
    """

    recipe_sha256: str
    input_sha256: str
    output_sha256: str
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    skipped: tuple[int, ...] = ()
    labels: tuple[AppliedLabels, ...] = ()
    oblique_degrees: float = 0.0
    sheared_degrees: float = 0.0
    unit_assumed: bool = False

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON holds them."""
        return asdict(self)


def read_recipe(path: Path) -> Recipe:
    """Reads and validates a recipe's file.

    Raises:
        CcdsError: it can't be read, is no UTF-8, or is no recipe; the message names what is wrong in it.
    """
    try:
        with path.open("rb") as file:
            text = file.read(LONGEST_FILE + 1).decode()
    except OSError as error:
        raise CcdsError(
            expected=f"to read {path}", found=error.strerror or "an error", do="name a readable recipe"
        ) from None
    except UnicodeDecodeError:
        raise CcdsError(
            expected=f"a recipe in UTF-8 in {path}", found="other bytes", do="name a recipe's file, saved as UTF-8"
        ) from None
    return Recipe.from_yaml(text)


def apply_to_file(
    recipe: Recipe,
    source: Path,
    target: Path,
    *,
    labels: Sequence[tuple[Path, Path]] = (),
    memory: int | None = None,
) -> Applied:
    """Makes `target` and the provenance beside it (.json) from `source`.

    The same image already at `target` is left as it is, its provenance renewed; anything else there is never overwritten.

    Args:
        recipe: what to do.
        source: a .nii or .nii.gz.
        target: a .nii.gz; its folder is made where missing.
        labels: label maps that go along: files on the grid of `source`, and the .nii.gz that each becomes.
        memory: bytes that may be used; None takes what the session or job may use.

    Raises:
        StepError: a step makes no sense for the image, or takes too much memory for it; the message names the step.
        TargetTaken: `target`, or what labels become, holds something else.
        CcdsError: `source` is no volume or too large, labels are none or don't fit it, or `target` can't be written; what is
            wrong with a file that is read names it by its part in the command (IN, --labels), never by its path.
    """
    check_target(source, target)
    for given, made in labels:
        check_target(given, made, _LABELS)
    if len({made.absolute() for made in (target, *(made for _, made in labels))}) <= len(labels):
        raise CcdsError(expected="an OUT for each file", found="the same one twice", do="choose another OUT")
    with named("IN"):
        header = read_header(source)
    check_memory(recipe, header, session_memory() if memory is None else memory, len(labels))
    maps = []
    for place, (given, made) in enumerate(labels, 1):
        with named("--labels" if len(labels) == 1 else f"--labels {place}"):
            maps.append((read_nifti(given), made))
    with named("IN"):
        stored = read_nifti(source)
    applied = apply_stored(recipe, stored, target, labels=maps)
    return applied if header.unit_said else replace(applied, unit_assumed=True)


@contextmanager
def named(part: str) -> Iterator[None]:
    """Says which of the command's files it is that something is wrong with, never by its path.

    Args:
        part: what the command calls it: IN, --labels.

    Raises:
        CcdsError: what was one.
    """
    try:
        yield
    except CcdsError as error:
        raise CcdsError(expected=f"in {part} {error.expected}", found=error.found, do=error.do) from error


def apply_stored(
    recipe: Recipe, stored: Stored, target: Path, *, labels: Sequence[tuple[Stored, Path]] = ()
) -> Applied:
    """As `apply_to_file`, of files that are read already; only `target` itself is looked at, not what lies beside it.

    Raises:
        StepError, TargetTaken, CcdsError: as `apply_to_file`.
    """
    outcome = apply_with(recipe, stored.volume, [one.volume for one, _ in labels])

    def told(given: str, made: str) -> str:
        return _provenance(recipe, outcome, stored.space, given, made)

    made_labels = tuple(
        AppliedLabels(one.digest, write_volume(volume, stored.space, made, partial(told, one.digest), _LABELS[1]))
        for (one, made), volume in zip(labels, outcome.labels, strict=True)
    )
    volume = outcome.volume  # last: who sees it finds its labels
    output = write_volume(volume, stored.space, target, partial(told, stored.digest))
    oblique, sheared = (round(degrees, 2) for degrees in tilt(volume.affine))
    return Applied(
        recipe.digest(),
        stored.digest,
        output,
        volume.voxels.shape,
        volume.spacing_mm,
        outcome.skipped,
        made_labels,
        oblique,
        sheared,
    )


def write_volume(volume: Volume, space: int, target: Path, provenance: Callable[[str], str], part: str = "OUT") -> str:
    """Writes `volume` to `target` and its provenance to the .json beside it; returns its digest.

    The same image already there is left as it is, its provenance renewed.

    Args:
        volume: what is written.
        space: NIfTI's code of the space that its affine leads to.
        target: a .nii.gz; its folder is made where missing.
        provenance: gives the text for the image's digest.
        part: what the command calls `target`.

    Raises:
        TargetTaken: `target` is another image.
        CcdsError: it can't be written.
    """
    try:
        with working_folder(target.parent) as folder:
            plain, packed, text = folder / "volume.nii", folder / "volume.nii.gz", folder / "volume.json"
            write_nifti(volume, plain, space)
            digest = compress(plain, packed)
            text.write_text(provenance(digest), encoding="utf-8")
            publish(packed, text, digest, target)
    except QuarantineError:
        raise TargetTaken(
            expected=f"{part} to be free, or to hold this very image",
            found="something else of that name",
            do=f"move it away, or choose another {part}",
        ) from None
    except OSError as error:
        raise CcdsError(
            expected=f"{part} to be writable, with room",
            found=error.strerror or type(error).__name__,
            do=f"make room or choose another {part}",
        ) from error
    return digest


def check_target(source: Path, target: Path, parts: tuple[str, str] = ("IN", "OUT")) -> None:
    """Refuses what would be overwritten or lost, before any work.

    Args:
        source: what is read.
        target: what is to be made of it.
        parts: what the command calls the two.

    Raises:
        CcdsError: `target` is no .nii.gz, is `source`, or has a .json beside it that is no provenance.
    """
    given, made = parts
    if not target.name.endswith(_SUFFIX) or target.name == _SUFFIX:
        raise CcdsError(
            expected=f"{made} as a file name that ends in {_SUFFIX}", found="another", do=f"name it as in head{_SUFFIX}"
        )
    if target.exists() and source.exists() and target.samefile(source):
        raise CcdsError(
            expected=f"two files, {given} and {made}", found="the same one twice", do=f"choose another {made}"
        )
    beside = target.with_name(target.name.removesuffix(_SUFFIX) + ".json")
    if beside.exists() and not _is_provenance(beside):
        raise CcdsError(
            expected=f"the .json beside {made} to be free, or the provenance of an earlier run",
            found="something else",
            do=f"move it away, or choose another {made}",
        )


def _is_provenance(path: Path) -> bool:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and {"recipe", "input", "output", "versions"} <= set(content)


def _provenance(recipe: Recipe, outcome: Outcome, space: int, given: str, made: str) -> str:
    """The JSON text: recipe, hashes, grids and versions; no file names, no time, so that the same input gives the same bytes.

    Args:
        recipe: what was done.
        outcome: what came of it.
        space: NIfTI's code of the space of both grids.
        given: the digest of what this is the provenance of, as it came.
        made: the digest of what became of it.
    """
    volume = outcome.volume
    content = {
        "recipe": {"sha256": recipe.digest(), **recipe.as_json()},
        "skipped": list(outcome.skipped),
        "input": {"sha256": given},
        "output": {"sha256": made, "shape": list(volume.voxels.shape), "spacing_mm": list(volume.spacing_mm)},
        "geometry": {**outcome.geometry.as_json(), "space": space},
        "versions": versions(),
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def versions() -> dict[str, str]:
    """What a provenance says of the programs that were at work."""
    return {package: version(package) for package in ("ccds", "nibabel", "numpy", "simpleitk")}
