"""`ccds normalization run` and `show` over a project: what people and scripts see."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.cli import main
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.settings import load_settings
from support.killing import undisturbed
from support.normalizing import PROJECT, digests, normalizing_site, project_folder, study_key, write_recipe, write_study
from support.site import act_as

BAD = f"{study_key(3)}/series-a"


@dataclass(frozen=True)
class Site:
    """A site whose project has three volumes and a damaged one, and a recipe's file."""

    config: Path
    recipe_file: Path
    recipe: Recipe
    expected: dict[str, str]

    @property
    def into(self) -> Path:
        """Where the recipe's volumes are."""
        return project_folder(self.config) / "normalized" / self.recipe.digest()


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    """Made once, and the recipe is run over it once; eve, an engineer, is at work."""
    folder = tmp_path_factory.mktemp("site")
    config = normalizing_site(folder)
    project = project_folder(config)
    for number in range(3):
        write_study(project, number)
    recipe_file, recipe = write_recipe(folder)
    expected = undisturbed(project / "nifti", recipe)
    damaged = write_study(project, 3)
    damaged.write_bytes(damaged.read_bytes()[:-900])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CCDS_CONFIG", str(config))
        act_as(patch, "eve", PROJECT)
        yield Site(config, recipe_file, recipe, expected)


def _run(site: Site, *more: str) -> int:
    call = ["normalization", "run", "--project", PROJECT, "--recipe", str(site.recipe_file), "--workers", "1"]
    return main([*call, *more])


def test_every_volume_is_normalized_or_named(site, capsys):
    """Exit status 0, the bad one in quarantine with its step, the recipe beside the volumes; begin and end are audited."""
    status = _run(site, "--json")

    told = json.loads(capsys.readouterr().out)
    events = FileAuditSink(load_settings(site.config).paths.audit).entries(PROJECT)
    assert status == 0
    assert (told["state"], told["total"], told["done"], told["quarantined"]) == ("ended", 4, 3, 1)
    assert [(one["volume"], one["step"], one["cause"]) for one in told["failures"]] == [(BAD, "read", "refused")]
    assert digests(site.into) == site.expected
    assert Recipe.from_yaml((site.into / "recipe.yaml").read_text(encoding="utf-8")) == site.recipe
    assert [one["detail"] for one in events if one["event"].startswith("Normalization")] == [
        {"digest": site.recipe.digest(), "volumes": 4},
        {"digest": site.recipe.digest(), "state": "ended", "done": 3, "done_before": 0, "failed": 1},
    ]


def test_what_is_done_is_told_in_words(site, capsys):
    """How many, how many before, why not, and where each of them is named."""
    status = _run(site)

    told = capsys.readouterr().out
    assert status == 0
    assert "4 volumes: 3 done (3 before), 1 in quarantine" in told
    assert "1 at read: expected a NIfTI-1 image" in told
    assert f"the volumes are in normalized/{site.recipe.digest()} of" in told
    assert f"'ccds dataset snapshot --project {PROJECT} --normalized {site.recipe.digest()[:12]} --labels" in told
    assert f"ccds normalization show --project {PROJECT} {site.recipe.digest()[:12]}" in told


@pytest.mark.parametrize("name", ["small heads", "hash"])
def test_a_run_is_shown_with_each_failure(site, capsys, name):
    """By its recipe's name, or the beginning of its hash: the volume, the step, what to do."""
    _run(site)
    capsys.readouterr()

    status = main(["normalization", "show", "--project", PROJECT, name.replace("hash", site.recipe.digest()[:8])])

    assert status == 0
    assert f"{BAD}  read: expected a NIfTI-1 image" in capsys.readouterr().out


def test_a_run_over_one_study_hides_none_of_the_others(site, capsys):
    """The newest run was over one; what all runs did is told beside it."""
    _run(site)
    _run(site, "--study", study_key(0))
    capsys.readouterr()

    assert main(["normalization", "show", "--project", PROJECT, "small heads"]) == 0
    words = capsys.readouterr().out
    assert main(["normalization", "show", "--project", PROJECT, "small heads", "--json"]) == 0

    assert "1 volume: 1 done (1 before)" in words
    assert "by all runs: 3 done, 1 failed" in words
    assert json.loads(capsys.readouterr().out)["by_all_runs"] == {"done": 3, "failed": 1}


def test_all_runs_are_shown(site, capsys):
    """As one document, and in words."""
    _run(site)
    capsys.readouterr()

    assert main(["normalization", "show", "--project", PROJECT, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert main(["normalization", "show", "--project", PROJECT]) == 0

    assert [run["recipe"] for run in told] == [{"name": "small heads", "sha256": site.recipe.digest()}]
    assert "small heads" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        ("eve run --recipe {recipe} --study none", "expected volumes of HEAD-1 of these studies; found none"),
        ("kim run --recipe {recipe} --cohort none", "found none called 'none'"),
        ("fay run --recipe {recipe}", "write images"),
        ("eve run --recipe {recipe} --workers 0", "1 to 256 workers"),
        ("eve run --recipe nowhere.yaml", "expected to read nowhere.yaml"),
        ("eve show abcdef", "none of that name"),
    ],
)
def test_mistakes_are_told_in_one_line(site, capsys, monkeypatch, call, complaint):
    """With exit status 1, before any work: also what the person may not do."""
    person, verb, *rest = call.format(recipe=site.recipe_file).split()
    act_as(monkeypatch, person, PROJECT)

    status = main(["normalization", verb, "--project", PROJECT, *rest])

    told = capsys.readouterr().err
    assert (status, told.count("\n")) == (1, 1)
    assert complaint in told


def test_a_step_that_isn_t_sensible_is_warned_of_once(tmp_path, monkeypatch, capsys):
    """Before the work, with the number of volumes of the modality: for people on stderr, for scripts in the document."""
    config = normalizing_site(tmp_path)
    for number in range(2):
        write_study(project_folder(config), number)
    recipe, _ = write_recipe(tmp_path, "name: odd\nsteps:\n  - z_score: {mask: nonzero}\noutput: float32\n")
    monkeypatch.setenv("CCDS_CONFIG", str(config))
    act_as(monkeypatch, "eve", PROJECT)

    status = main(["normalization", "run", "--project", PROJECT, "--recipe", str(recipe), "--workers", "1", "--json"])

    told = capsys.readouterr()
    (said,) = json.loads(told.out)["advice"]
    assert status == 0
    assert told.err.startswith("ccds: warning: step 1 for 2 CT volumes: ")
    assert told.err.count("step 1") == 1
    assert (said["modality"], said["volumes"], said["step"]) == ("CT", 2, 1)
