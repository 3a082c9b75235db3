"""Which of a task's questions a data list is about."""

from __future__ import annotations

from collections.abc import Sequence

from ccds_kernel.errors import CcdsError


def chosen_question(questions: Sequence[str], label: str | None) -> str:
    """The one question of `questions`, or that of `label`.

    Args:
        questions: what a task asks of each study: its own name, where labels exclude each other, and else each label.
        label: what somebody chose; None for nothing.

    Raises:
        CcdsError: there are several and none is chosen, or none is called so.
    """
    if label is None and len(questions) == 1:
        return questions[0]
    if label is None or label not in questions:
        raise CcdsError(
            expected="a label that is decided by itself",
            found="none named" if label is None else "none of that name",
            do=f"name one as label: {', '.join(map(repr, questions))}",
        )
    return label
