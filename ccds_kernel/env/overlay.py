"""A person's own packages: a virtual environment upon what is installed, in their folder of the project.

`work/<person>/.ccds/env/<image's key>/` lies on the shared disk, so that what `%pip install` adds is there in the next session on
any node. pip sees what is installed as outside of it and leaves that alone: it adds here, upgrades here, removes here. An overlay
holds no path to itself, only to what it lies upon.

Rejected: `python -m venv --system-site-packages` (inside a virtual environment it shows the packages of the Python beneath that,
not ours), and `pip install --prefix` (it takes what it upgrades out of the installation).
"""

from __future__ import annotations

import os
import secrets
import shutil
import site
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from ccds_kernel.env.image import Image, is_key
from ccds_kernel.errors import CcdsError

_BASE = "zz-ccds-base.pth"
"""Leads to what the overlay lies upon; its name is last, so that everything of the overlay comes before."""

_IMAGE = "ccds-image"
_CONFIG = "pyvenv.cfg"
_PIP = '#!/bin/sh\nexec "${0%/*}/python" -m pip "$@"\n'  # no other program: an image may have none


@dataclass(frozen=True)
class Overlay:
    """The overlay in `folder`, which is called as its image's key. Whether it is there is for its methods to find out."""

    folder: Path

    @property
    def key(self) -> str:
        """Its image's key."""
        return self.folder.name

    @property
    def python(self) -> Path:
        """Its Python, which sees both."""
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        """Where its packages lie."""
        return self.folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"

    @property
    def image_name(self) -> str:
        """How the image upon which it was made is called; empty where it doesn't say."""
        return self._config().get(_IMAGE, "")

    def path_files(self) -> list[Path]:
        """Its `.pth` files, which Python obeys when it starts, without ours; sorted as Python reads them.

        Raises:
            OSError: the folder can't be read.
        """
        return sorted(path for path in self.packages.iterdir() if path.suffix == ".pth" and path.name != _BASE)

    def check(self) -> None:
        """Makes sure that it is whole and lies upon this installation; runs nothing of it.

        Raises:
            CcdsError: it isn't, in one line.
        """
        try:
            config = self._config()
            list(self.packages.iterdir())
            beneath = (self.packages / _BASE).read_text(encoding="utf-8")
            runs = os.access(self.python, os.X_OK)
        except FileNotFoundError:
            raise broken("one that is half made, or of another Python") from None
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "no text where text should be"
            raise broken(f"one that can't be read: {reason.lower()}") from None
        ours = f"{sys.version_info.major}.{sys.version_info.minor}"
        if config.get("version", "").split(".")[:2] != ours.split("."):
            raise broken(f"one of another Python than {ours}")
        if not runs or beneath != _beneath():
            raise broken("one that lies upon another installation")

    def _config(self) -> dict[str, str]:
        lines = (self.folder / _CONFIG).read_text(encoding="utf-8").splitlines()
        pairs = (line.partition("=") for line in lines)
        return {name.strip(): value.strip() for name, _, value in pairs}


def overlays_in(folder: Path) -> list[Overlay]:
    """The overlays in `folder`, the newest first; none where there is no such folder.

    Raises:
        OSError: the folder can't be read.
    """
    try:
        found = [path for path in folder.iterdir() if is_key(path.name)]
    except FileNotFoundError:
        return []
    return [Overlay(path) for path in sorted(found, key=lambda path: path.lstat().st_mtime, reverse=True)]


def make_overlay(folder: Path, image: Image) -> Overlay:
    """The overlay upon `image` in `folder`, made where there is none, whole. For whoever runs in that image.

    Raises:
        CcdsError: it can't be made.
    """
    overlay = Overlay(folder / image.key)
    if overlay.folder.is_symlink() or overlay.folder.exists():
        return overlay
    half = folder / f".{image.key}.{secrets.token_hex(4)}"
    try:
        for level in (folder.parent, folder):
            level.mkdir(mode=0o770, exist_ok=True)
        _Builder(symlinks=True).create(half)
        with (half / _CONFIG).open("a", encoding="utf-8") as config:
            config.write(f"{_IMAGE} = {image.name}\n")
        (Overlay(half).packages / _BASE).write_text(_beneath(), encoding="utf-8")
        half.rename(overlay.folder)
    except OSError as error:
        shutil.rmtree(half, ignore_errors=True)
        if not overlay.folder.exists():  # else another kernel was quicker
            raise broken(f"none, and none can be made: {(error.strerror or 'an error').lower()}") from None
    return overlay


def remove_overlay(overlay: Overlay) -> bool:
    """Takes it away, whatever it is; returns whether there was one. What runs with it goes on with what it has imported.

    Raises:
        CcdsError: it can't be taken away.
    """
    aside = overlay.folder.with_name(f".{overlay.key}.{secrets.token_hex(4)}")
    try:
        overlay.folder.rename(aside)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise CcdsError(
            expected="to take your packages away",
            found=(error.strerror or "an error").lower(),
            do="ask whoever runs this site to remove the folder .ccds/env of yours",
        ) from None
    if aside.is_symlink():
        aside.unlink()
    else:
        shutil.rmtree(aside, onerror=_open_and_retry)
    return True


def broken(found: str) -> CcdsError:
    """What is said of an overlay that isn't used."""
    return CcdsError(
        expected="the environment with your own packages",
        found=f"{found}, so this session goes on without them",
        do="call 'ccds env reset' in a terminal, restart the kernel, and install them again",
    )


class _Builder(venv.EnvBuilder):
    """A virtual environment whose only scripts are Python and pip."""

    def setup_scripts(self, context: SimpleNamespace) -> None:
        """The library's hook."""
        for name in ("pip", "pip3"):
            script = Path(context.bin_path) / name
            script.write_text(_PIP, encoding="ascii")
            script.chmod(0o755)


def _beneath() -> str:
    return "".join(f"import site; site.addsitedir({folder!r})\n" for folder in site.getsitepackages())


def _open_and_retry(_function: object, path: str, _error: object) -> None:
    """Opens a folder that its owner closed to themselves; what can't be removed then stays, aside."""
    closed = Path(path)
    for folder in (closed.parent, closed):
        if folder.is_dir() and not folder.is_symlink():
            folder.chmod(0o700)
    if closed.is_dir() and not closed.is_symlink():
        shutil.rmtree(closed, ignore_errors=True)
    else:
        closed.unlink(missing_ok=True)
