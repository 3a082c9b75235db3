"""One study of a project: its key, the rules that choose among its series, what a series is called."""

from ccds_kernel.imaging.output import hashed_name
from support.dicom import Stack

KEY = "abcdefghij234567"
RULES = """
rules:
  - exam_codes: [CTHEAD]
    modality: [CT]
    orientation: [axial]
    images: [3, 100]
    prefer: most-images
"""


def name_of(stack: Stack) -> str:
    """What the series is called."""
    return hashed_name("series", stack.series_uid)
