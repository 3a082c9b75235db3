"""Which side of the split a patient is on: decided by the patient alone, so that it never changes.

A patient is known here by a keyed hash only, and the hash is as good as a throw of dice: one in four goes to validation. A
patient who comes later moves nobody, and two data lists of one project agree about everyone, so that what a model was
trained on never turns up in another one's validation. Rejected: cutting a sorted list at 75 % (exact, but each new patient
moves others), and balancing the labels (the side would depend on the phrases).
"""

from __future__ import annotations

import hashlib
import hmac

from ccds_kernel.dataset.entry import TRAINING, VALIDATION

TRAINING_SHARE = 0.75

_PURPOSE = b"ccds patient\0"
_BYTES = 8


def patient_key(secret: bytes, patient_id: str) -> bytes:
    """The keyed hash by which a patient is known here.

    Args:
        secret: the project's; another one than for study keys follows from it, so that neither tells of the other.
        patient_id: DICOM's PatientID; white space around it doesn't count.
    """
    return hmac.digest(secret, _PURPOSE + patient_id.strip().encode(), hashlib.sha256)


def split_of(patient: bytes) -> str:
    """The split of a patient, by `patient_key`: training for `TRAINING_SHARE` of all."""
    place = int.from_bytes(patient[:_BYTES], "big") / 256**_BYTES
    return TRAINING if place < TRAINING_SHARE else VALIDATION
