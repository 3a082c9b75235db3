"""The examples of docs/formats.md are read by the readers that they are written for."""

import csv
import io
import json
import re

import yaml

from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.labeling.incoming.fhir_reports import FhirReading, read_fhir
from ccds_kernel.labeling.incoming.hl7_reports import Hl7Reading, read_hl7
from ccds_kernel.labeling.phrase_file import read_phrases
from ccds_kernel.labeling.tasks.task_file import read_task
from ccds_kernel.monitoring.files import read_final_reports, read_predictions
from ccds_kernel.monitoring.release import release_id
from ccds_kernel.normalization.recipe import Recipe
from support.checkout import ROOT

EXAMPLES = dict(re.findall(r"```(yaml|csv|json)\n(.*?)```", (ROOT / "docs" / "formats.md").read_text(), re.DOTALL))
CSVS = re.findall(r"```csv\n(.*?)```", (ROOT / "docs" / "formats.md").read_text(), re.DOTALL)
YAMLS = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "formats.md").read_text(), re.DOTALL)


def test_the_application_and_the_recipe_are_valid():
    """Both are taken as they stand."""
    application, _, recipe = YAMLS

    assert IrbApplication.model_validate(yaml.safe_load(application)).entry_of("fay").role == "fellow"
    assert len(Recipe.from_yaml(recipe).steps) == 5


def test_the_task_is_valid(tmp_path):
    """With all that the document says of it."""
    (tmp_path / "task.yaml").write_text(YAMLS[1], encoding="utf-8")

    task = read_task(tmp_path / "task.yaml").changed(None)

    assert (task.name, task.words, task.left_out) == ("hemorrhage", ("present", "absent"), {"indication"})
    assert task.guideline.startswith("present: ")


def test_predictions_and_final_reports_are_valid(tmp_path):
    """Both are read by the command's readers, and speak of the same study."""
    for name, text in zip(("predictions", "reports"), CSVS, strict=False):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")

    predictions = read_predictions(tmp_path / "predictions.csv", release_id("ich", "1.0.0")).predictions
    reports = read_final_reports(tmp_path / "reports.csv", ["findings", "impression"])

    assert [one.accession for one in predictions] == [one.report.accession for one in reports] == ["A-1"]


def test_the_message_and_the_resource_are_valid(tmp_path):
    """Both make a report, of the same study."""
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    for name in ("hl7", "ndjson"):
        (tmp_path / f"r.{name}").write_text(re.search(f"```{name}\n(.*?)```", text, re.DOTALL)[1], encoding="utf-8")

    (message,) = read_hl7(tmp_path / "r.hl7", Hl7Reading())
    (resource,) = read_fhir(tmp_path / "r.ndjson", FhirReading())

    assert [section.name for section in message.report.sections] == ["findings", "impression"]
    assert [section.name for section in resource.report.sections] == ["impression"]
    assert {one.report.accession for one in (message, resource)} == {"A-1"}
    assert {one.report.study_date.isoformat() for one in (message, resource)} == {"2020-05-01"}


def test_the_phrase_list_and_the_data_list_are_valid(tmp_path):
    """The phrases are read in their order; the data list has the three keys."""
    (tmp_path / "phrases.csv").write_text(EXAMPLES["csv"], encoding="utf-8")

    assert [phrase.label for phrase in read_phrases(tmp_path / "phrases.csv")] == ["absent", "present"]
    assert next(csv.reader(io.StringIO(EXAMPLES["csv"]))) == ["phrase", "label", "negatable"]
    assert [sorted(entry) for entry in json.loads(EXAMPLES["json"])] == [["image", "label", "split"]] * 2
