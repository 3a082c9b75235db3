"""A project with small volumes, to run a recipe over."""

import base64
import hashlib
import json
from pathlib import Path

import nibabel as nib
import numpy as np

from ccds_kernel.imaging.volume import digest
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.normalization.apply_file import read_recipe
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.run_operator import SUFFIX
from ccds_kernel.settings import load_settings
from support.site import ADMINISTRATOR, application, on_roster, write_settings

PROJECT = "HEAD-1"
SIDE = 16
RECIPE = """name: small heads
steps:
  - resample: {spacing_mm: [2, 2, 2], interpolation: linear}
  - window: {center: 40, width: 80}
  - z_score: {mask: nonzero}
output: float32
"""


def study_key(number: int) -> str:
    """The key of the study of that number."""
    return base64.b32encode(hashlib.sha256(f"study {number}".encode()).digest())[:16].decode().lower()


def normalizing_site(folder: Path) -> Path:
    """Makes a site with the project HEAD-1: eve is an engineer, fay a fellow; its ccds.toml."""
    config = write_settings(folder)
    roster = on_roster(eve="engineer", fay="fellow", kim="scientist")
    approved = application(id=PROJECT, exam_codes=["CTHEAD"], data=["images", "reports"], roster=roster)
    apply_application(approved, person=ADMINISTRATOR, settings=load_settings(config))
    return config


def project_folder(config: Path) -> Path:
    """The project's directory."""
    return load_settings(config).paths.projects / PROJECT


def write_study(project: Path, number: int, *, series: str = "series-a", seed: int = 0) -> Path:
    """Writes a volume of 16³ voxels of 1 mm as the study of that number; its path."""
    numbers = np.random.default_rng([number, seed])
    voxels = numbers.integers(-1000, 1000, (SIDE, SIDE, SIDE), dtype=np.int16)
    path = project / "nifti" / study_key(number) / f"{series}{SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nib.Nifti1Image(voxels, np.diag([1.0, 1.0, 1.0, 1.0]))
    image.header.set_xyzt_units("mm")
    fresh = path.with_name(f".{series}{SUFFIX}")
    nib.save(image, fresh)
    fresh.replace(path)
    path.with_name(f"{series}.json").write_text(json.dumps({"modality": "CT"}), encoding="utf-8")
    return path


def write_recipe(folder: Path, text: str = RECIPE) -> tuple[Path, Recipe]:
    """A recipe's file in `folder`, and the recipe."""
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path, read_recipe(path)


def digests(into: Path) -> dict[str, str]:
    """Study key and series of every volume in `into` → the digest of its voxels and affine."""
    found = sorted(into.glob(f"[!.]*/*{SUFFIX}"))
    return {path.relative_to(into).as_posix().removesuffix(SUFFIX): digest(path) for path in found}
