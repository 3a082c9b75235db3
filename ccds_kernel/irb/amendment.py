"""What an application changes beside the one in force, for a person to read before and after it is applied. Pure."""

from __future__ import annotations

from datetime import date

from ccds_kernel.irb.application import IN_FORCE, IrbApplication
from ccds_kernel.irb.rules import TRAINING_YEARS

_FIELDS = ("title", "pi", "approved", "expires", "withdrawn", "exam_codes", "study_dates", "data", "egress")


def amendment(
    before: IrbApplication | None, after: IrbApplication, today: date, training_years: int = TRAINING_YEARS
) -> list[str]:
    """A line for each thing that `after` changes, and for what somebody may not expect of it; nothing where it changes nothing.

    Args:
        before: the application in force; None for a new id.
        after: the one to be applied.
        today: the day.
        training_years: after how many years training lapses.
    """
    if before == after:
        return []
    lines = [f"application {after.id}: {'amends the one in the registry' if before else 'new'}"]
    if before:
        lines += [
            f"  {name}: {_shown(getattr(before, name))} → {_shown(getattr(after, name))}"
            for name in _FIELDS
            if getattr(before, name) != getattr(after, name)
        ]
        lines += _roster(before, after)
        was, will = before.standing(today), after.standing(today)
        if was != will:
            lines.append(f"  standing: {was} → {will}")
    elif (standing := after.standing(today)) != IN_FORCE:
        lines.append(f"  standing: {standing}")
    lines += [
        f"  {entry.person}: training on {entry.trained} doesn't count today; they may do nothing"
        for entry in after.roster
        if not entry.is_trained(today, training_years)
    ]
    return lines


def _roster(before: IrbApplication, after: IrbApplication) -> list[str]:
    lines = []
    for person in sorted({entry.person for entry in (*before.roster, *after.roster)}):
        old, new = before.entry_of(person), after.entry_of(person)
        if old and not new:
            lines.append(f"  roster: -{person} ({old.role})")
        elif new and not old:
            lines.append(f"  roster: +{person} ({new.role})")
        elif old and new and old.role != new.role:
            lines.append(f"  roster: {person} {old.role} → {new.role}")
        elif old and new and old.trained != new.trained:
            lines.append(f"  roster: {person} trained {old.trained} → {new.trained}")
    return lines


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "none" if value is None else str(value)
