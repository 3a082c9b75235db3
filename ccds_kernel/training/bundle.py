"""MONAI bundles: those that come with ccds, their copy in a run's folder, and the hash that identifies them.

A bundle can be trained here when its `configs/train.yaml` has the keys that the launcher sets (`CONTRACT`). Nothing else is
asked of it: `python -m monai.bundle run` runs it without us. A bundle's configuration is code and runs with the rights of whoever
starts it, as a notebook does.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection
from pathlib import Path

import yaml

from ccds_kernel.errors import CcdsError

OURS = Path(__file__).parent / "bundles"
CONTRACT = ("data_root", "datalist", "output", "epochs", "batch_size", "seed")
"""What the launcher sets: the folder to which the data list's paths are relative, the data list, the run's folder, and what was
asked for."""

OPTIONS = ("image_size", "learning_rate")
"""What the launcher sets where it was asked for and the bundle has it."""

CONFIGURATION = "configs/train.yaml"
METADATA = "configs/metadata.json"


def find_bundle(name: str) -> Path:
    """The folder of a bundle, by the name of one of ours or by its path.

    Raises:
        CcdsError: there is none, or it can't be trained by this launcher; says what it lacks.
    """
    folder = OURS / name if name in bundles() else Path(name).absolute()
    for needed in (CONFIGURATION, METADATA):
        if not (folder / needed).is_file():
            raise CcdsError(
                expected="a MONAI bundle",
                found=f"no {needed} in {name!r}",
                do=f"name its folder, or one of: {', '.join(bundles())}",
            )
    keys = _keys(folder / CONFIGURATION)
    if missing := [key for key in CONTRACT if key not in keys]:
        raise CcdsError(
            expected=f"the keys {', '.join(CONTRACT)} in the bundle's {Path(CONFIGURATION).name}",
            found=f"no {', '.join(missing)}",
            do="add them: the launcher sets them",
        )
    return folder


def options_of(folder: Path) -> tuple[str, ...]:
    """Which of `OPTIONS` the bundle in `folder` has.

    Raises:
        CcdsError: its configuration can't be read.
    """
    keys = _keys(folder / CONFIGURATION)
    return tuple(key for key in OPTIONS if key in keys)


def bundles() -> list[str]:
    """The names of the bundles that come with ccds."""
    return sorted(path.parents[1].name for path in OURS.glob(f"*/{CONFIGURATION}"))


def _keys(path: Path) -> Collection[str]:
    """The uppermost keys of a bundle's configuration."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise CcdsError(expected=f"YAML in the bundle's {path.name}", found="something else", do="correct it") from None
    return found.keys() if isinstance(found, dict) else ()


def copy_bundle(folder: Path, target: Path) -> str:
    """Copies a bundle; returns the SHA-256 of the names and bytes of the copy's files.

    Raises:
        CcdsError: it holds a link, or can't be copied.
    """
    if any(path.is_symlink() for path in folder.rglob("*")):
        raise CcdsError(expected="a bundle of plain files", found="a link in it", do="put the file itself there")
    try:
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns("__pycache__", ".git", ".ipynb_checkpoints"))
        return bundle_hash(target)
    except (OSError, shutil.Error) as error:
        found = error.strerror if isinstance(error, OSError) and error.strerror else "an error"
        raise CcdsError(expected="to copy the bundle into the project", found=found, do="mend that") from None


def bundle_hash(folder: Path) -> str:
    """SHA-256 of the names and bytes of all files in `folder`, in the order of their names."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix().encode()
        content = hashlib.sha256(path.read_bytes()).digest()
        whole.update(len(name).to_bytes(4, "big") + name + content)
    return whole.hexdigest()
