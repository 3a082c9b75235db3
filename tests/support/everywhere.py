"""One study and one recipe that every way to apply it is tried on, and what comes of them: see `test_same_everywhere`."""

from pathlib import Path

from support.normalizing import study_key
from support.preview import head, write_image

STUDY = study_key(7)
VOLUME = f"{STUDY}/series-a"
NAME = "everywhere"
RECIPE = f"""name: {NAME}
steps:
  - reorient: {{to: RAS}}
  - resample: {{spacing_mm: [2.5, 2.5, 2.5], interpolation: cubic}}
  - clip: {{percentiles: [0.5, 99.5]}}
  - z_score: {{mask: otsu}}
output: float32
"""
EXPECTED = "e818f3b1944344f4aaef2c68811b93c6878e2392468a6a808967d64da9f0b38d"
"""SHA-256 of voxels and affine. Change it only with a line in the changelog."""


def write_the_study(project: Path) -> Path:
    """Writes the study's volume into the project's folder; its path."""
    path = project / "nifti" / f"{VOLUME}.nii.gz"
    write_image(path, head(7))
    return path
