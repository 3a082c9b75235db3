"""`ccds.toml`: what is taken, and how what isn't is told."""

import os
import subprocess
import tomllib
from pathlib import Path

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Paths, load_settings, settings_file
from support.unix import need_root, open_folder, shared_python

PATHS = """
[paths]
registry = "/srv/ccds/registry"
projects = "/srv/ccds/projects"
audit = "/srv/ccds/audit"
state = "/srv/ccds/state"
clinical = "/srv/ccds/clinical"
published = "/srv/ccds/published"
"""


@pytest.fixture
def told(tmp_path):
    """Loads a ccds.toml of that text and returns what is said against it."""
    path = tmp_path / "ccds.toml"

    def load(text: str | bytes) -> str:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(CcdsError) as raised:
            load_settings(path)
        assert "\n" not in str(raised.value)
        return str(raised.value).replace(str(tmp_path) + "/", "")

    return load


def test_the_least_file_is_enough(tmp_path):
    """The folders are named by the site; everything else has a default that listens on this machine only."""
    path = tmp_path / "ccds.toml"
    path.write_text(PATHS)

    settings = load_settings(path)

    assert settings.paths.audit == Path("/srv/ccds/audit")
    assert (settings.hub.address, settings.hub.port, settings.hub.authenticator) == ("127.0.0.1", 8000, "pam")
    assert settings.hub.administrators == ()
    assert (settings.scheduler.engine, settings.scheduler.gpus) == ("local", 0)
    assert settings.scheduler.cpus == os.cpu_count()


def test_a_folder_is_kept_without_its_detours(tmp_path):
    """What is compared and put into paths has no `..` in it."""
    path = tmp_path / "ccds.toml"
    path.write_text(PATHS.replace("/srv/ccds/audit", "/srv/ccds/x/../audit"))

    settings = load_settings(path)

    assert settings.paths.audit == Path("/srv/ccds/audit")


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        *(("paths", key, value) for key in Paths.model_fields for value in ("7", '"data/x"')),
        ("hub", "address", "127"),
        *(
            ("hub", key, value)
            for key in ("port", "api_port", "proxy_api_port")
            for value in ("0", "65536", '"8000"', "true")
        ),
        ("hub", "authenticator", '"dummy"'),
        ("hub", "administrators", '"ann"'),
        ("hub", "administrators.0", '["Ann"]'),
        ("hub", "administrators.1", '["ann", 7]'),
        ("scheduler", "engine", '"cron"'),
        *(("scheduler", "gpus", value) for value in ("-1", "65", "true", "1.5")),
        *(("scheduler", key, value) for key in ("cpus", "memory_mb") for value in ("0", '"many"')),
    ],
)
def test_a_wrong_value_is_told_with_its_key(told, section, key, value):
    """Every key, given something that it can't be, is named in the one line that is shown."""
    bare = key.partition(".")[0]
    lines = [line for line in PATHS.splitlines() if not (section == "paths" and line.startswith(bare))]
    text = "\n".join([*lines, *([] if section == "paths" else [f"[{section}]"]), f"{bare} = {value}"])

    message = told(text)

    assert message.startswith(f"expected {section}.{key} in ccds.toml to be ")


@pytest.mark.parametrize("key", Paths.model_fields)
def test_a_missing_folder_is_told_with_its_key(told, key):
    """None of the folders has a default."""
    text = "\n".join(line for line in PATHS.splitlines() if not line.startswith(key))

    message = told(text)

    assert message == f"expected paths.{key} in ccds.toml; found nothing; add paths.{key}"


@pytest.mark.parametrize(
    ("more", "key"),
    [("[hub]\nprot = 8000", "hub.prot"), ("[cluster]\nx = 1", "cluster"), ("[scheduler.gpu]\nx = 1", "scheduler.gpu")],
)
def test_an_unknown_key_is_told(told, more, key):
    """A misspelt key is refused, not ignored."""
    message = told(PATHS + more)

    assert message == f"expected only known keys in ccds.toml; found {key}; take {key} out, or spell it right"


def test_how_many_more_are_wrong_is_told(told):
    """The first wrong key is named, the others are counted."""
    message = told(PATHS + "[hub]\nport = 0\nauthenticator = 1\n[scheduler]\ngpus = -1")

    assert message.startswith("expected hub.port in ccds.toml")
    assert "found 0 (and 2 more)" in message


@pytest.mark.parametrize("clash", ["port = 8081", "api_port = 8001", "proxy_api_port = 8000"])
def test_two_ports_that_are_one_are_refused(told, clash):
    """The three ports of a hub differ, the defaults included."""
    message = told(f"{PATHS}[hub]\n{clash}")

    assert message.startswith("expected hub in ccds.toml to fit together; found port, api_port and proxy_api_port")


@pytest.mark.parametrize(
    "audit", ["/srv/ccds/registry", "/srv/ccds/registry/audit", "/srv/ccds/x/../state/audit", "/srv"]
)
def test_a_folder_in_another_is_refused(told, audit):
    """The folders have different owners: none is another, or inside it."""
    message = told(PATHS.replace("/srv/ccds/audit", audit))

    assert message.startswith("expected paths in ccds.toml to fit together; found ")
    assert "audit" in message


@pytest.mark.parametrize(
    ("text", "found"),
    [("[paths", "at end of document"), (b"\xff\xfe", "invalid start byte"), ("a = 1\na = 2", "overwrite")],
)
def test_what_is_no_toml_is_told(told, text, found):
    """A broken file is named, with the place."""
    message = told(text)

    assert message.startswith("expected TOML in ccds.toml; found ")
    assert found in message


def test_an_empty_file_lacks_its_folders(told):
    """Nothing at all is told as the missing section."""
    message = told("")

    assert message == "expected paths in ccds.toml; found nothing; add paths"


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    """A folder in the place of the file, or no file, is one line."""
    with pytest.raises(CcdsError, match=r"expected to read .*; found Is a directory; name a readable file"):
        load_settings(tmp_path)
    with pytest.raises(CcdsError, match="No such file or directory"):
        load_settings(tmp_path / "none.toml")


def test_the_environment_names_the_file(tmp_path, monkeypatch):
    """CCDS_CONFIG goes before the file here; where it names none, the one here is not taken in its place."""
    (tmp_path / "ccds.toml").write_text(PATHS)
    (tmp_path / "other.toml").write_text(PATHS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CCDS_CONFIG", str(tmp_path / "other.toml"))

    named = settings_file()
    monkeypatch.setenv("CCDS_CONFIG", str(tmp_path / "gone.toml"))
    with pytest.raises(CcdsError) as raised:
        settings_file()
    monkeypatch.delenv("CCDS_CONFIG")
    here = settings_file()

    assert named == tmp_path / "other.toml"
    assert "gone.toml; set CCDS_CONFIG to the ccds.toml of the site" in str(raised.value)
    assert here == tmp_path / "ccds.toml"


def test_a_closed_folder_is_passed_over():
    """Whoever has `sudo -u ccds` run a command stands in their own home, which that account may not look into."""
    need_root()
    code = "from ccds_kernel.settings import settings_file\ntry:\n print(settings_file())\nexcept Exception as e:\n print(e)"
    with open_folder() as folder:
        home = folder / "home"
        home.mkdir(mode=0o700)
        said = subprocess.run(
            [shared_python(), "-P", "-c", code],
            cwd=home, user=65534, group=65534, extra_groups=[], env={}, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    nowhere = f"expected this site's settings; found no file {home}/ccds.toml nor /etc/ccds/ccds.toml"
    assert said.startswith((nowhere, "/etc/ccds/ccds.toml"))


def test_settings_do_not_change(tmp_path):
    """What was validated stays as it was validated."""
    path = tmp_path / "ccds.toml"
    path.write_text(PATHS)
    settings = load_settings(path)

    with pytest.raises(ValueError, match="frozen"):
        settings.paths.audit = Path("/elsewhere")

    assert str(settings.paths.audit) == tomllib.loads(PATHS)["paths"]["audit"]
