"""From DICOM to NIfTI: series, conversion, geometry checks, verdicts."""
