"""How busy a session's GPUs are, as NVIDIA's management library (NVML) says on the node.

Only the session's own GPUs are looked at: those of CUDA_VISIBLE_DEVICES, by which the scheduler names them. NVML knows them by
number or by UUID; it ignores that variable itself. Where there is no NVML, where slots are pretended (the demo), or where it
doesn't say how busy a GPU is (a slice of one, MIG), nothing is known, which never counts as idle. What uses a GPU for less than
some thousandths of the time reads as 0, as memory that is only held does (seen on an H200, driver 580): that is idle.

Rejected: `nvidia-smi`, a process for each look, and a look at the session's processes on the GPU, which a kernel that only
keeps a model in the GPU's memory has as well.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, Protocol

VISIBLE = "CUDA_VISIBLE_DEVICES"


class GpuMeter(Protocol):
    """Says how busy GPUs are. Called from one thread at a time; it may block for some milliseconds."""

    def busiest(self) -> int | None:
        """Percent of the last moment (up to a second) in which the busiest of the GPUs worked; None where nobody knows."""


class NoMeter:
    """Nothing is known."""

    def busiest(self) -> int | None:
        """None."""
        return None


class NvmlMeter:
    """By NVML.

    Args:
        nvml: the library's module, initialised.
        handles: its handles of the GPUs, at least one.
    """

    def __init__(self, nvml: Any, handles: list[Any]) -> None:  # noqa: ANN401 - pynvml has no type hints
        self._nvml = nvml
        self._handles = handles

    def busiest(self) -> int | None:
        """See `GpuMeter`. One GPU that doesn't say is enough for nothing to be known."""
        try:
            return max(int(self._nvml.nvmlDeviceGetUtilizationRates(handle).gpu) for handle in self._handles)
        except self._nvml.NVMLError:
            return None


def visible_gpus(environment: Mapping[str, str]) -> list[str]:
    """The names of the GPUs that a job was given; without the variable none, though it may see all."""
    return [name for name in (part.strip() for part in environment.get(VISIBLE, "").split(",")) if name]


def meter_of(environment: Mapping[str, str]) -> GpuMeter:
    """The meter of the GPUs that `environment` names."""
    names = visible_gpus(environment)
    if not names:
        return NoMeter()
    try:
        import pynvml as nvml  # noqa: PLC0415 - only sessions with GPUs pay for it
    except ImportError:
        return NoMeter()
    with contextlib.suppress(nvml.NVMLError):
        nvml.nvmlInit()
        return NvmlMeter(nvml, [_handle(nvml, name) for name in names])
    return NoMeter()


def _handle(nvml: Any, name: str) -> Any:  # noqa: ANN401 - as above
    if name.isascii() and name.isdigit():
        return nvml.nvmlDeviceGetHandleByIndex(int(name))
    return nvml.nvmlDeviceGetHandleByUUID(name)
