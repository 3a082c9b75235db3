"""A recipe's file, an image's file, and the file that the one makes of the other, with its provenance beside it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.output import publish, working_folder
from ccds_kernel.imaging.verdict import QuarantineError
from ccds_kernel.imaging.volume import compress
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.nifti import read_nifti, write_nifti
from ccds_kernel.normalization.recipe import LONGEST_FILE, Recipe

_SUFFIX = ".nii.gz"


@dataclass(frozen=True, slots=True)
class Applied:
    """What was made.

    Args:
        recipe_sha256: of the recipe's steps and output.
        input_sha256: of the input's voxels, scaling and affine.
        output_sha256: of the output's.
        shape: of the output.
        spacing_mm: of the output, along its axes.
    """

    recipe_sha256: str
    input_sha256: str
    output_sha256: str
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]

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


def apply_to_file(recipe: Recipe, source: Path, target: Path) -> Applied:
    """Makes `target` and the provenance beside it (.json) from `source`.

    The same image already at `target` is left as it is, its provenance renewed; anything else there is never overwritten.

    Args:
        recipe: what to do.
        source: a .nii or .nii.gz.
        target: a .nii.gz; its folder is made where missing.

    Raises:
        CcdsError: `source` is no volume, the recipe makes no sense for it, or `target` is taken or can't be written.
    """
    _check_target(source, target)
    stored = read_nifti(source)
    volume = apply(recipe, stored.volume)
    i, j, k = volume.voxels.shape
    try:
        with working_folder(target.parent) as folder:
            plain, packed, text = folder / "volume.nii", folder / "volume.nii.gz", folder / "volume.json"
            write_nifti(volume, plain, stored.space)
            applied = Applied(recipe.digest(), stored.digest, compress(plain, packed), (i, j, k), volume.spacing_mm)
            text.write_text(_provenance(recipe, applied), encoding="utf-8")
            publish(packed, text, applied.output_sha256, target)
    except QuarantineError:
        raise CcdsError(
            expected="OUT to be free, or to hold this very image",
            found="something else of that name",
            do="move it away, or choose another OUT",
        ) from None
    except OSError as error:
        raise CcdsError(
            expected="an OUT that can be written, with room",
            found=error.strerror or type(error).__name__,
            do="make room or choose another OUT",
        ) from error
    return applied


def _check_target(source: Path, target: Path) -> None:
    """Refuses what would be overwritten or lost, before any work."""
    if not target.name.endswith(_SUFFIX) or target.name == _SUFFIX:
        raise CcdsError(
            expected=f"OUT as a file name that ends in {_SUFFIX}", found="another", do=f"name it as in head{_SUFFIX}"
        )
    if target.exists() and source.exists() and target.samefile(source):
        raise CcdsError(expected="two files, IN and OUT", found="the same one twice", do="choose another OUT")
    beside = target.with_name(target.name.removesuffix(_SUFFIX) + ".json")
    if beside.exists() and not _is_provenance(beside):
        raise CcdsError(
            expected="the .json beside OUT to be free, or the provenance of an earlier run",
            found="something else",
            do="move it away, or choose another OUT",
        )


def _is_provenance(path: Path) -> bool:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and {"recipe", "input", "output", "versions"} <= set(content)


def _provenance(recipe: Recipe, applied: Applied) -> str:
    """The JSON text: recipe, hashes and versions; no file names, no time, so that the same input gives the same bytes."""
    content = {
        "recipe": {"sha256": applied.recipe_sha256, **recipe.as_json()},
        "input": {"sha256": applied.input_sha256},
        "output": {
            "sha256": applied.output_sha256,
            "shape": list(applied.shape),
            "spacing_mm": list(applied.spacing_mm),
        },
        "versions": {package: version(package) for package in ("ccds", "nibabel", "numpy")},
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
