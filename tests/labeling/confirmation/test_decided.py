"""What people decided about each study."""

from datetime import UTC, datetime

from ccds_kernel.labeling.confirmation.curation_rows import Curation, CurationKind
from ccds_kernel.labeling.confirmation.decided import decided_studies


def curated(key: str, label: str | None, kind: CurationKind = CurationKind.GOLD) -> Curation:
    """A fellow's word about a study; None where it was taken back."""
    return Curation(
        key, kind, None if label is None else frozenset({label}), "", "fay", datetime(2026, 1, 1, tzinfo=UTC)
    )


def test_the_final_word_comes_before_the_gold_set():
    """As in a label snapshot; a word that was taken back is none."""
    gold = {key: curated(key, label) for key, label in (("a", "X"), ("b", "X"), ("c", None))}
    final = {"a": curated("a", "Y", CurationKind.FINAL)}

    decided = decided_studies(final=final, gold=gold, answers=())

    assert decided == {"a": frozenset({"Y"}), "b": frozenset({"X"})}
