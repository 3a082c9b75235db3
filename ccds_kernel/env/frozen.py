"""What is in an overlay, and the same as a layer of an image: pinned requirements, and a Dockerfile upon the pinned image."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from ccds_kernel.env.image import is_pinned
from ccds_kernel.env.overlay import Overlay
from ccds_kernel.errors import CcdsError

REQUIREMENTS, DOCKERFILE = "requirements.txt", "Dockerfile"

# A person writes what is in their folder, and an administrator builds what is frozen: nothing else of it may come into a line.
_NAME = re.compile(r"[A-Z0-9]([A-Z0-9._-]*[A-Z0-9])?", re.ASCII | re.IGNORECASE)
_VERSION = re.compile(
    r"([0-9]+!)?[0-9]+(\.[0-9]+)*"
    r"([._-]?(a|b|c|rc|alpha|beta|pre|preview|post|rev|r|dev)[._-]?[0-9]*)*"
    r"(\+[A-Z0-9]+([._-][A-Z0-9]+)*)?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, order=True)
class Package:
    """One package of an overlay; `origin` says whence it came, where that was no index: `a file`, `a folder`, `a repository`."""

    name: str
    version: str
    origin: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether its name and its version are such, and nothing besides."""
        return bool(_NAME.fullmatch(self.name) and _VERSION.fullmatch(self.version))


def packages_of(overlay: Overlay) -> tuple[Package, ...]:
    """What was installed into `overlay`, by name; what is only half there is left out.

    Raises:
        CcdsError: it can't be read.
    """
    try:
        overlay.packages.stat()
        found = [_package(one) for one in distributions(path=[str(overlay.packages)])]
    except OSError as error:
        raise CcdsError(
            expected="an environment that can be read",
            found=(error.strerror or "an error").lower(),
            do="call 'ccds env reset', and install your packages again",
        ) from None
    return tuple(sorted(package for package in found if package))


def requirements(packages: Iterable[Package]) -> str:
    """The content of a requirements file, each package with its version; what pip won't find or take is told."""
    packages = tuple(packages)
    sound = [package for package in packages if package.is_sound]
    lines = ["# Everything that was added to the image; what it needs besides is in the image already."]
    if len(sound) < len(packages):
        lines.append(f"# Left out: {len(packages) - len(sound)} whose name or version pip wouldn't take.")
    for package in sound:
        if package.origin:
            lines.append(f"# The next came from {package.origin}: an index that builds this must have it.")
        lines.append(f"{package.name}=={package.version}")
    return "\n".join([*lines, ""])


def dockerfile(image: str) -> str:
    """The content of a Dockerfile that puts them upon `image`.

    Raises:
        CcdsError: the image isn't pinned by its digest.
    """
    if not is_pinned(image):
        raise CcdsError(
            expected="an image by its digest (name@sha256:…) to build upon",
            found=ascii(image[:80]),
            do="name it with --image; 'docker images --digests' shows digests",
        )
    return (
        f"FROM {image}\n"
        f"USER root\n"
        f"COPY {REQUIREMENTS} /opt/ccds/{REQUIREMENTS}\n"
        # All are pinned and what they need is beneath, or pinned too: nothing else may come with them.
        f"RUN python -m pip install --no-cache-dir --no-deps -r /opt/ccds/{REQUIREMENTS}\n"
        "USER 65534:65534\n"
    )


def size_of(overlay: Overlay) -> int:
    """Bytes of the files in it; what can't be read counts nothing."""
    return sum(_size(Path(folder, name)) for folder, _, names in os.walk(overlay.folder) for name in names)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:  # gone meanwhile
        return 0


def _package(one: Distribution) -> Package | None:
    try:
        name, version = one.metadata["Name"], one.version
    # The second where the backport `importlib_metadata` was loaded (Dask does): it reads packages for the whole process then.
    except (KeyError, FileNotFoundError):
        return None
    return Package(name, version, _origin(one.read_text("direct_url.json"))) if name and version else None


def _origin(told: str | None) -> str:
    """Where pip says that a package came from, in a word; never its address, which may hold a password."""
    try:
        known = json.loads(told or "{}")
    except ValueError:
        return "somewhere else"
    kinds = {"archive_info": "a file", "dir_info": "a folder", "vcs_info": "a repository"}
    return next((word for kind, word in kinds.items() if kind in known), "")
