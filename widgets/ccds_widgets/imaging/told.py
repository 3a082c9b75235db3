"""What a page tells of a series that was converted, beside its verdict."""

from __future__ import annotations

from typing import Any

from ccds_kernel.imaging.correction import CORRECTED
from ccds_kernel.imaging.studies.rows import Judgement


def told_beside(judged: Judgement) -> dict[str, Any]:
    """`warnings` and `corrected`, a line each, and `passed`: who let what pass, when and why."""
    return {
        "warnings": [line for line in judged.warnings if not line.startswith(CORRECTED)],
        "corrected": [line for line in judged.warnings if line.startswith(CORRECTED)],
        "passed": [
            {"code": one.code, "note": one.note, "person": one.person, "at": one.at.isoformat()}
            for one in judged.passed
        ],
    }
