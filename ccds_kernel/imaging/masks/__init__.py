"""Masks from elsewhere on a volume's grid: DICOM SEG, RTSTRUCT, NIfTI. What doesn't fit is refused, never resampled."""
