"""What stands in the documents is what the program has, and nothing else."""

import dataclasses
import importlib
import json
import pkgutil
import re
import tomllib

import pytest

import ccds_kernel.cli
from ccds_kernel.audit import events
from ccds_kernel.audit.event import Event
from ccds_kernel.audit.events import kinds
from ccds_kernel.cli import STAGES, build_parser, main
from ccds_kernel.settings import Paths, Settings
from support.checkout import ROOT, table_rows

THIS_MACHINE_S = {"scheduler.cpus", "scheduler.memory_mb"}


def default_text(default: object) -> str:
    """A default as docs/settings.md writes it; TOML has no word for nothing."""
    return "none" if default is None else f"`{json.dumps(default, default=str)}`"


def settings_rows() -> list[list[str]]:
    """Every setting as docs/settings.md has it: key, default, what it is."""
    rows = []
    for section, part in Settings.model_fields.items():
        for name, field in part.annotation.model_fields.items():
            default = "required" if field.is_required() else default_text(field.default)
            key = f"{section}.{name}"
            rows.append([f"`{key}`", "all of this machine's" if key in THIS_MACHINE_S else default, field.description])
    return rows


def verbs() -> list[tuple[str, str, str]]:
    """Stage, verb and summary of every verb that `ccds` has; an empty verb for a stage without any."""
    found = []
    stages = build_parser(list(STAGES))._subparsers._group_actions[0].choices
    for stage, parser in stages.items():
        if parser._subparsers is None:
            found.append((stage, "", parser.description))
            continue
        (group,) = parser._subparsers._group_actions
        summaries = {choice.dest: choice.help for choice in group._choices_actions}
        found += [(stage, verb, summaries.get(verb)) for verb in group.choices]
    return found


def test_every_setting_is_documented():
    """Key, default and description, in the order of the file; no setting that isn't one."""
    assert table_rows("docs/settings.md") == settings_rows()


def test_the_settings_file_of_the_document_is_one():
    """Whoever copies it has a site."""
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/settings.md").read_text(encoding="utf-8"), re.DOTALL)

    settings = Settings.model_validate(tomllib.loads(example))

    assert settings.hub.administrators == ("ann",)


@pytest.mark.parametrize(
    "example", re.findall(r"```toml\n(.*?)```", (ROOT / "docs/login.md").read_text(encoding="utf-8"), re.DOTALL)
)
def test_each_way_to_log_in_has_an_example_that_is_one(tmp_path, example):
    """Put into a site's settings as it stands."""
    values = tomllib.loads(example)
    paths = {name: str(tmp_path / name) for name in Paths.model_fields}

    settings = Settings.model_validate({"paths": paths, **values})

    assert settings.hub.model_fields_set == values["hub"].keys()


def test_every_audit_event_is_documented_with_its_fields():
    """Each event class, each field of it, and nothing else."""
    common = {field.name for field in dataclasses.fields(Event)}
    declared = {
        f"`{name}`": {field.name for field in dataclasses.fields(kind)} - common for name, kind in kinds().items()
    }

    documented = {
        name: set(re.findall(r"`(\w+)`:|`(\w+)`,", detail)) for name, _, detail in table_rows("docs/audit-events.md")
    }

    assert {name: {one or other for one, other in found} for name, found in documented.items()} == declared


def test_the_events_of_every_file_are_known():
    """A file of events that nobody registered would stay unseen by the daemon, by `ccds audit show` and by the test above."""
    files = {module.name for module in pkgutil.iter_modules(events.__path__)}

    assert {kind.__module__.rpartition(".")[2] for kind in kinds().values()} == files


def test_a_stage_is_listed_when_it_has_a_module():
    """`ccds --help` lists what works: every module of the command line but parts of one, and no stage without one."""
    modules = {module.name for module in pkgutil.iter_modules(ccds_kernel.cli.__path__) if module.name[0] != "_"}

    assert set(STAGES) == modules


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_a_stage_on_the_command_line_says_so_in_its_module(stage):
    """The module's first line is how it is called."""
    module = importlib.import_module(f"ccds_kernel.cli.{stage}")

    assert module.__doc__.startswith(f"`ccds {stage}")


@pytest.mark.parametrize(("stage", "verb", "summary"), verbs())
def test_every_verb_explains_itself(capsys, stage, verb, summary):
    """Its help ends well and has a summary; every argument says what it is."""
    with pytest.raises(SystemExit) as raised:
        main([stage, *([verb] if verb else []), "--help"])

    told = " ".join(capsys.readouterr().out.split())
    assert raised.value.code == 0
    assert summary
    assert summary in told
    assert told.startswith(f"usage: ccds {stage} {verb}".rstrip())


@pytest.mark.parametrize(("stage", "verb", "summary"), verbs())
def test_every_argument_explains_itself(stage, verb, summary):
    """No option without a help text."""
    parser = build_parser([stage])._subparsers._group_actions[0].choices[stage]
    parser = parser._subparsers._group_actions[0].choices[verb] if verb else parser

    silent = [action.dest for action in parser._actions if not action.help]

    assert summary
    assert silent == []


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_the_readme_s_table_names_the_stage(stage):
    """Its word, its package, and each of its verbs."""
    rows = [row for row in table_rows("README.md") if re.match(rf"\W*{stage}\b", row[0])]

    assert len(rows) == 1, f"README.md: one row of the table for {stage}"
    row = " ".join(rows[0])
    assert f"`ccds_kernel/{stage}`" in row
    assert f"ccds {stage}" in row
    assert [verb for found, verb, _ in verbs() if found == stage and verb and not re.search(rf"\b{verb}\b", row)] == []


def test_the_readme_points_to_what_is_there():
    """No link, picture or script of the README leads nowhere."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    paths = re.findall(
        r"`((?:ccds_kernel|hub|spawners|widgets|notebooks|benchmarks|images|tests|docs)/[\w./-]+)`", text
    )

    assert [path for path in [*links, *paths] if not (ROOT / path).exists()] == []
    assert links


def test_the_changelog_has_this_version():
    """A heading for the version that pyproject.toml names, newest first."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

    headings = re.findall(r"^## \[?([^\]\s]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert headings[0] == version
