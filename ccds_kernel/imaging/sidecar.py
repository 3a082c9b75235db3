"""The JSON beside a volume: what later stages need to know of its origin, and nothing that names a patient.

Kept: coded and numeric fields of the scanner and the acquisition, geometry, hashes, versions, what was checked. Left out:
names, ids, UIDs, dates, times, and every text that people type. No time of writing: the same input gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version

from ccds_kernel.imaging.geometry import Grid
from ccds_kernel.imaging.header import PROTOCOL_MARK, Instance
from ccds_kernel.imaging.verify import Checked, Layout

_SCANNER = ("Manufacturer", "ManufacturerModelName", "SoftwareVersions")
_APART = (*_SCANNER, PROTOCOL_MARK)


def sidecar(
    instances: Sequence[Instance],
    technical: Mapping[str, object],
    grid: Grid,
    laid: Layout,
    checked: Checked,
    *,
    input_sha256: str,
    output_sha256: str,
    converter: str,
    warnings: Sequence[str],
    passed: Iterable[str] = (),
) -> str:
    """The JSON text.

    Args:
        instances: the files of the volume.
        technical: fields of scanner and acquisition, of the slice in the middle.
        grid: their geometry.
        laid: how dcm2niix laid them out.
        checked: what the checks measured.
        input_sha256: of the files' bytes, whatever their names and order.
        output_sha256: of voxels, scaling and affine.
        converter: dcm2niix's own version.
        warnings: one line each.
        passed: reasons for quarantine that a person let pass.
    """
    content = {
        "modality": instances[0].same["Modality"],
        "scanner": {keyword: technical.get(keyword) for keyword in _SCANNER},
        "protocol": technical.get(PROTOCOL_MARK),
        "acquisition": {keyword: value for keyword, value in technical.items() if keyword not in _APART},
        "spacing_mm": list(grid.spacing),
        "shape": [*laid.shape, *([laid.times] if laid.times > 1 else [])],
        "corrected": _corrected(grid),
        "passed": sorted(passed),
        "input": {
            "files": len(instances),
            "images": len({(frame.path, frame.index) for volume in grid.volumes for frame in volume}),
            "sha256": input_sha256,
        },
        "output": {"sha256": output_sha256},
        "checks": {
            "grid_deviation_mm": round(grid.deviation_mm, 6),
            "geometry_best_mm": round(checked.best_mm, 6),
            "geometry_worst_mm": round(checked.worst_mm, 6),
            "dcm2niix_drift_mm": round(laid.drift_mm, 6),
            "slices_compared": checked.slices_compared,
        },
        "versions": {"ccds": version("ccds"), "dcm2niix": converter, "pydicom": version("pydicom")},
        "warnings": list(warnings),
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _corrected(grid: Grid) -> dict[str, object] | None:
    """What was interpolated; None where the voxels are those of the files."""
    if grid.unevenness is None:
        return None
    return {
        "tilt_degrees": round(grid.unevenness.tilt_degrees, 4),
        "slice_positions_mm": [round(height, 4) for height in grid.unevenness.heights],
        "spacing_mm": grid.spacing[2],
        "interpolation": "linear",
        "outside": "least value",
    }
