"""Cards as people write them."""

import re

import pytest
import yaml

from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import UseCaseSettings
from ccds_kernel.usecase.card import Measure, StoredCard, UseCaseCard, read_card
from support.checkout import ROOT


def write(tmp_path, text: str):
    """A card file with that text."""
    path = tmp_path / "card.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_card_of_the_document_is_one(tmp_path):
    """Whoever copies it has a card for a site of the default settings."""
    (example,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/use-cases.md").read_text(encoding="utf-8"), re.DOTALL)

    card = read_card(write(tmp_path, example))
    card.require_scores(UseCaseSettings().weights)

    assert card.people == ("cho", "fay")
    assert card.requirement.at_least == {Measure.SENSITIVITY: 0.95, Measure.SPECIFICITY: 0.85}


def test_a_card_goes_through_its_file_unchanged(card):
    """What is kept is what was added, and two cards that say the same have one digest, in whichever order they do."""
    stored = StoredCard(schema=1, added_by="fay", added_at="2026-01-01T00:00:00Z", card=card())

    assert StoredCard.model_validate_json(stored.to_json()) == stored
    turned = dict(reversed(card().scores.items()))
    assert card().digest == card(scores=turned).digest != card(title="Another").digest


def test_a_text_may_be_folded(tmp_path, values):
    """YAML ends a folded text with a line feed, which doesn't count."""
    folded = yaml.safe_dump(values(question=None)) + "question: >\n  Which radiographs\n  show it?\n"

    assert read_card(write(tmp_path, folded)).question == "Which radiographs show it?"


REQUIREMENT = {"at_least": {"sensitivity": 0.9}, "why": "So.", "set_by": "cho"}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"id": "Effusion Chest"}, "expected id in "),
        ({"title": None}, "add title"),
        ({"titel": "x"}, "take titel out, or spell it right"),
        ({"question": "two\nlines"}, "expected question in "),
        ({"requirement": REQUIREMENT | {"at_least": {}}}, "expected requirement.at_least in "),
        ({"requirement": REQUIREMENT | {"at_least": {"accuracy": 0.9}}}, "expected requirement.at_least.accuracy"),
        ({"requirement": REQUIREMENT | {"at_least": {"dice": 95}}}, "expected requirement.at_least.dice in "),
        ({"requirement": REQUIREMENT | {"at_least": {"dice": True}}}, "expected requirement.at_least.dice in "),
        ({"requirement": REQUIREMENT | {"set_by": "eve"}}, "requirement.set_by is eve, who isn't on the team"),
        ({"team": []}, "expected team in "),
        ({"team": [{"person": "cho", "role": "chief"}]}, "expected team.0.role in "),
        ({"team": [{"person": "cho", "role": role} for role in ("champion", "fellow")]}, "team names cho twice"),
        ({"exam_codes": ["CXR1", "CXR1"]}, "exam_codes names CXR1 twice"),
        ({"exam_codes": [70450]}, "put it in quotes"),
        ({"scores": {"impact": 6}}, "expected scores.impact in "),
        ({"scores": {"impact": 2.5}}, "expected scores.impact in "),
    ],
)
def test_what_is_wrong_is_told_with_its_key(tmp_path, values, changed, told):
    """One line, which names the file."""
    path = write(tmp_path, yaml.safe_dump(values(**changed)))

    with pytest.raises(CcdsError) as raised:
        read_card(path)

    assert told in str(raised.value)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ({"impact": 1, "data": 1}, "found none for feasibility, champion; add it"),
        (dict.fromkeys(["impact", "feasibility", "data", "champion", "fun"], 1), "found one for 'fun'; take it out"),
    ],
)
def test_a_card_has_a_score_for_each_of_the_site_s_criteria(card, settings, scores, told):
    """And for nothing else: else two cards would be compared by different things."""
    with pytest.raises(CcdsError, match=told):
        card(scores=scores).require_scores(settings.usecase.weights)


def test_every_card_is_of_one_form(card):
    """A card can't be changed, only another version be added."""
    with pytest.raises(ValueError, match="frozen"):
        card().title = "Another"

    assert UseCaseCard.model_validate(card().model_dump(mode="json")) == card()
