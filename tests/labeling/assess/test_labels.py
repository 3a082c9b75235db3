"""What the page tells of a label snapshot: the words of its numbers."""

from datetime import UTC, datetime

from ccds_kernel.labeling.confirmation.snapshot import Basis, LabelRow, Source, sealed
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.rows import StoredPhrase
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from ccds_widgets.labeling.assess.labels import labels_shown

TASK = Task("findings", TaskKind.SEVERAL, (Label("effusion", 0),))


def test_what_people_say_where_a_phrase_is_uncertain_is_told_apart():
    """Present or absent doesn't make its word wrong: the share that is present, with its interval, per phrase."""

    def row(number: int, value: str, soft_value: str) -> LabelRow:
        of = ("effusion", value, Source.CONFIRMED, ("ann",), soft_value, 7, "effusion", True)
        return LabelRow(f"k{number}", *of)

    rows = [row(0, "present", "perhaps"), row(1, "absent", "perhaps"), row(2, "present", "present")]
    phrases = [StoredPhrase(7, Phrase("effusion", "effusion", uncertain_label="perhaps"), "ann", datetime.now(UTC))]

    shown = labels_shown(sealed(Basis.of(1, TASK), rows), phrases)
    certain = labels_shown(sealed(Basis.of(1, TASK), rows[2:]), phrases)

    assert shown["uncertain"] == ["where “effusion” is uncertain: 1 of 2 are present (50 %, 95 % CI 9 to 91 %)"]
    assert [one["rate"]["of"] for one in shown["phrases"]] == ["0 of 1"]
    assert certain["uncertain"] == []
