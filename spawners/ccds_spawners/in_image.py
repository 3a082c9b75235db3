"""Which of the site's images people choose from, and a session's job inside one. Pure.

Offered is only what the scheduler would run. The root helper becomes another Unix user by sudo, which no image has and no
container allows: where people are Unix users, sessions run in the site's own installation.
"""

from __future__ import annotations

from dataclasses import replace

from ccds_kernel.batch.shape import Container, Mount
from ccds_kernel.batch.spec import JobSpec
from ccds_kernel.env.image import VARIABLE
from ccds_kernel.settings import Settings


def images_of(settings: Settings) -> tuple[str, ...]:
    """The names of the images that people choose from on this site, as its settings have them."""
    images = settings.sessions.images
    if settings.sessions.helper:
        return ()
    if settings.scheduler.engine == "slurm":
        return tuple(images) if settings.slurm.containers != "none" else ()
    if settings.scheduler.engine == "lsf":
        return tuple(name for name, image in images.items() if image in settings.lsf.containers)
    return ()  # the local scheduler starts no containers


def in_image(spec: JobSpec, name: str, settings: Settings) -> JobSpec:
    """A lab session's job in an image, which has a Python with the workbench of its own; it sees this project and no other.

    Args:
        spec: the job, as the site's own installation would run it.
        name: the image's, one of `images_of`.
        settings: the site's settings.
    """
    image, project = settings.sessions.images[name], spec.env["CCDS_PROJECT"]
    folders = (
        (settings.paths.projects / project, False),
        (settings.paths.registry / project, True),
        (spec.log.parent, False),
        (spec.env["CCDS_CONFIG"], True),
    )
    mounts = tuple(Mount(str(place), str(place), read_only) for place, read_only in folders)
    command = ("python", *spec.command[1:])
    return replace(spec, command=command, env={**spec.env, VARIABLE: image}, container=Container(image, mounts))
