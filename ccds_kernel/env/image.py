"""What an overlay lies upon: the image that the session runs in, or the installation where there is no image.

Compiled packages fit one Python; all fit the packages beneath them. So each image has overlays of its own: what was installed
upon another one is never imported upon this.
"""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

VARIABLE = "CCDS_IMAGE"
"""The session's image, by its digest, as the hub puts it into the environment of a session that runs in one."""

_PINNED = re.compile(r"[a-z0-9][A-Za-z0-9./:_-]{0,255}@sha256:(?P<digest>[0-9a-f]{64})")
_KEY = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Image:
    """What an overlay lies upon.

    Attributes:
        key: 16 hexadecimal digits by which overlays upon it are found.
        name: how people call it: the pinned image, or Python's and our version.
    """

    key: str
    name: str

    @property
    def is_pinned(self) -> bool:
        """Whether it is a container image, so that another one can be made from it."""
        return is_pinned(self.name)

    @classmethod
    def of_this_process(cls, environ: Mapping[str, str]) -> Image:
        """That of a session with this environment; without an image, or one that isn't pinned, the installation's."""
        pinned = _PINNED.fullmatch(environ.get(VARIABLE, ""))
        if pinned:
            return cls(pinned["digest"][:16], pinned[0])
        # Not the last digit of Python's version: what was compiled goes on working.
        name = f"Python {sys.version_info.major}.{sys.version_info.minor}, ccds {version('ccds')}"
        told = f"{sys.implementation.cache_tag} {platform.machine()} {name}"
        return cls(hashlib.sha256(told.encode()).hexdigest()[:16], name)


def is_pinned(name: str) -> bool:
    """Whether `name` says one image for good: `registry/name@sha256:…`."""
    return bool(_PINNED.fullmatch(name))


def is_key(text: str) -> bool:
    """Whether `text` could be an image's key."""
    return bool(_KEY.fullmatch(text))
