"""The labelling app on real chest reports: what it shows is what an independent count says."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.phrase_file import read_phrases
from ccds_kernel.labeling.report_file import ReportColumns, read_reports
from ccds_kernel.labeling.repository import LabelingRepository
from support.browser import drag_over
from support.shared_data import shared_data

pytestmark = pytest.mark.browser

PHRASES = Path(__file__).parents[1] / "labeling" / "phrases-chest.csv"
COLUMNS = ("findings", "impression")
SELECTED = "degenerative changes"


def test_the_counts_on_the_page_are_those_of_a_plain_count(serve, site, open_page):
    """Captured and matched reports of every phrase, and of one more selected by mouse, equal a count by `re`."""
    source = shared_data("openi-sample-400.csv")
    project = open_project("CHEST-1", Action.OPEN_LABELING, person="fay", settings=site.settings)
    repository = LabelingRepository(project)
    repository.load_reports(list(read_reports(source, ReportColumns("accession", COLUMNS))))
    listed = read_phrases(PHRASES)
    repository.append_phrases(listed)
    project.store.close()

    page = open_page(serve("labeling.ipynb", project="CHEST-1", person="fay"))

    rows = page.locator(".ccds-phrase")
    texts = [phrase.text for phrase in listed]
    expect(rows).to_have_count(len(texts))
    assert _shown(rows) == _counted(source, texts)

    report = next(n for n, row in enumerate(_reports(source), 1) if SELECTED in row["findings"])
    page.get_by_label("Report number").fill(str(report))
    page.keyboard.press("Enter")
    expect(page.locator("[data-section='0']")).to_contain_text(SELECTED)
    drag_over(page, SELECTED, section=0)
    page.get_by_label("New label").fill("degeneration")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(len(texts) + 1)
    assert _shown(rows) == _counted(source, [*texts, SELECTED])


def _shown(rows) -> list[tuple[int, int]]:
    """Captured and matched of each phrase, as the page shows them."""
    counts = [row.locator(".ccds-count").all_inner_texts() for row in rows.all()]
    return [(int(captured), int(matched)) for captured, matched in counts]


def _counted(source: Path, phrases: list[str]) -> list[tuple[int, int]]:
    """The same by a regular expression for each phrase, over the file's rows."""
    spaced = (r"\s+".join(map(re.escape, text.split())) for text in phrases)
    words = [re.compile(rf"(?<!\w){text}(?!\w)", re.IGNORECASE) for text in spaced]
    captured, matched = [0] * len(phrases), [0] * len(phrases)
    for report in _reports(source):
        hits = [n for n, pattern in enumerate(words) if any(pattern.search(report[name]) for name in COLUMNS)]
        for n in hits:
            matched[n] += 1
        if hits:
            captured[hits[0]] += 1
    return list(zip(captured, matched, strict=True))


def _reports(source: Path) -> list[dict[str, str]]:
    with source.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
