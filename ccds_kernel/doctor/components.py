"""Programs and Python packages that a machine may have or lack: one table, and how a row of it is judged.

Packages are looked up by what their installation says of itself: importing torch or MONAI would take seconds.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from ccds_kernel.doctor.finding import Finding, Verdict


@dataclass(frozen=True)
class Component:
    """Something that is there when all its programs and packages are.

    Args:
        name: what people call it.
        get: how to get it.
        programs: names on PATH; `docker|podman` is one or the other.
        packages: names of Python distributions.
        optional: a site whose settings don't name it doesn't need it.
    """

    name: str
    get: str
    programs: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    optional: bool = True


COMPONENTS = (
    Component("dcm2niix", "pip install dcm2niix", packages=("dcm2niix",), optional=False),
    Component(
        "torch and MONAI",
        ".venv/bin/pip install --editable '.[training]' in the ccds checkout",
        packages=("torch", "monai"),
        optional=False,
    ),
    Component(
        "Slurm",
        "use a host on which Slurm's commands are installed (Debian: apt-get install slurm-wlm munge)",
        programs=("sbatch", "squeue", "scancel", "scontrol", "sinfo"),
    ),
    Component(
        "LSF",
        "use a host of an LSF cluster and source its profile.lsf",
        programs=("bsub", "bjobs", "bkill", "bmod", "bswitch", "bhosts"),
    ),
    Component(
        "Docker",
        "install Docker or Podman (Debian: apt-get install docker.io) and .venv/bin/pip install --editable '.[docker]'",
        programs=("docker|podman",),
        packages=("dockerspawner",),
    ),
    Component("PostgreSQL", "Debian: apt-get install postgresql-client", programs=("psql",)),
    Component(
        "browser tests",
        "Debian: apt-get install chromium; make install",
        programs=("chromium",),
        packages=("playwright",),
    ),
)


def package_version(package: str) -> str | None:
    """The installed version of a distribution, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def examine_component(
    component: Component,
    *,
    has_site: bool,
    which: Callable[[str], str | None] = shutil.which,
    version_of: Callable[[str], str | None] = package_version,
) -> Finding:
    """Whether `component` is there, and of what kind its absence is.

    Args:
        component: what is looked for.
        has_site: whether this machine has a site's settings.
        which: name of a program → its path, or None.
        version_of: name of a distribution → its version, or None.
    """
    paths = {names: next(filter(None, map(which, names.split("|"))), None) for names in component.programs}
    versions = {package: version_of(package) for package in component.packages}
    lacking = [name.replace("|", " or ") for name, found in (paths | versions).items() if not found]
    if lacking:
        unneeded = component.optional and has_site
        return Finding(
            component.name,
            Verdict.NOT_NEEDED if unneeded else Verdict.MISSING,
            f"no {', '.join(lacking)}",
            component.get,
        )
    told = [str(path) for path in paths.values()][:1] + [f"{package} {number}" for package, number in versions.items()]
    return Finding(component.name, Verdict.OK, ", ".join(told))
