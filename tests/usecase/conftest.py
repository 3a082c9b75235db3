"""A site whose settings name who writes use-case cards, and cards that are right."""

from collections.abc import Callable
from typing import Any

import pytest

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.settings import Paths, Settings
from ccds_kernel.usecase.card import UseCaseCard
from ccds_kernel.usecase.cards import UseCases

WEIGHTS = {"impact": 3, "feasibility": 2, "data": 2, "champion": 1}


def card_values(**changed: Any) -> dict[str, Any]:
    """What a card says that is right, `changed` at will; None takes a key out."""
    values = {
        "id": "effusion-chest",
        "title": "Pleural effusion",
        "question": "Which chest radiographs show an effusion?",
        "requirement": {"at_least": {"sensitivity": 0.95}, "why": "A missed one costs a day.", "set_by": "cho"},
        "team": [{"person": "cho", "role": "champion"}, {"person": "fay", "role": "fellow"}],
        "exam_codes": ["CXR1", "CXR2"],
        "scores": dict.fromkeys(WEIGHTS, 3),
    }
    return {key: value for key, value in (values | changed).items() if value is not None}


@pytest.fixture
def values() -> Callable[..., dict[str, Any]]:
    """The content of a card that is right, what is named changed."""
    return card_values


@pytest.fixture
def card() -> Callable[..., UseCaseCard]:
    """A card that is right, what is named changed."""
    return lambda **changed: UseCaseCard.model_validate(card_values(**changed))


@pytest.fixture
def settings(tmp_path) -> Settings:
    """A site that admin administers and lea leads; fay, fred and cho write cards."""
    return Settings.model_validate(
        {
            "paths": {name: str(tmp_path / "site" / name) for name in Paths.model_fields},
            "hub": {"administrators": ["admin"], "leadership": ["lea"]},
            "usecase": {"authors": ["fay", "fred", "cho"], "weights": WEIGHTS},
        }
    )


@pytest.fixture
def cases_of(settings) -> Callable[[str], UseCases]:
    """The site's cards, for somebody."""
    return lambda person: UseCases(person, lambda: settings)


@pytest.fixture
def events(settings) -> Callable[[], list[tuple[str, str, dict[str, Any]]]]:
    """What the site's chain says, as (person, event, detail)."""
    log = FileAuditSink(settings.paths.audit)
    return lambda: [(one["person"], one["event"], one["detail"]) for one in log.entries("")]
