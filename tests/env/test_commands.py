"""`ccds env`: what somebody sees of their environments, takes along as a layer of an image, and takes away."""

import importlib
import json
import subprocess
import tempfile
from pathlib import Path

import pytest

from ccds_kernel.cli import main
from ccds_kernel.env.frozen import Package, packages_of, requirements
from ccds_kernel.env.image import Image, is_pinned
from ccds_kernel.env.overlay import Overlay, make_overlay
from ccds_kernel.errors import CcdsError
from support.site import act_as, site_settings, write_settings
from support.wheel import make_wheel

PINNED = f"registry.hospital.org/ccds/session@sha256:{'0a' * 32}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where ann's environments for CHEST-1 lie; this process is one of her session."""
    monkeypatch.setenv("CCDS_CONFIG", str(write_settings(tmp_path)))
    monkeypatch.setenv("CCDS_PROJECT", "CHEST-1")
    monkeypatch.delenv("CCDS_IMAGE", raising=False)
    act_as(monkeypatch, "ann", "CHEST-1")
    home = site_settings(tmp_path).paths.projects / "CHEST-1" / "work" / "ann"
    home.mkdir(parents=True)
    return home / ".ccds" / "env"


@pytest.fixture
def overlay(tmp_path, folder):
    """Her environment upon the installation, with two packages, one of them straight from a file."""
    made = make_overlay(folder, Image.of_this_process({}))
    wheels = tmp_path / "wheels"
    make_wheel(wheels, "ccdsprobe", "1.2")
    by_file = make_wheel(wheels, "ccdsother", "0.3")
    for asked in (["--find-links", str(wheels), "ccdsprobe"], [str(by_file)]):
        subprocess.run([made.folder / "bin" / "pip", "install", "--quiet", "--no-index", *asked], check=True)
    return made


def ccds_env(capsys, *arguments: str) -> tuple[int, str, str]:
    """Exit status, what was printed, what was complained of."""
    status = main(["env", *arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_the_list_has_every_environment_and_marks_this_session_s(capsys, folder, overlay):
    """With its packages and its image; what can't be read is listed too."""
    Overlay(folder / ("0b" * 8)).folder.mkdir()
    Path(tempfile.mkdtemp(dir=folder, prefix="no-key"))

    status, out, _ = ccds_env(capsys, "list", "--json")
    _, text, _ = ccds_env(capsys, "list")

    rows = {row.pop("key"): row for row in json.loads(out)}
    mine = rows[overlay.key]
    assert status == 0
    assert set(rows) == {overlay.key, "0b" * 8}
    assert mine.pop("mebibytes") >= 0
    assert mine == {"image": Image.of_this_process({}).name, "this_session": True, "packages": 2, "trouble": ""}
    assert rows["0b" * 8]["trouble"] == "can't be read"
    assert f"* {overlay.key}  2 packages, " in text
    assert f"  {'0b' * 8}  can't be read; 'ccds env reset --key {'0b' * 8}' takes it away\n" in text
    assert "2 environments;" in text


def test_an_empty_list_says_so(capsys, folder):
    """Nothing was made by asking."""
    assert ccds_env(capsys, "list") == (0, "0 environments; * is that of this session's image\n", "")
    assert not folder.exists()


@pytest.mark.usefixtures("overlay")
def test_freeze_writes_pinned_requirements_and_a_layer_of_the_image(capsys, tmp_path):
    """Compared whole; what came from no index is said, its path isn't."""
    status, _, _ = ccds_env(capsys, "freeze", str(tmp_path / "layer"), "--image", PINNED)

    assert status == 0
    assert (tmp_path / "layer" / "requirements.txt").read_text(encoding="utf-8") == (
        "# Everything that was added to the image; what it needs besides is in the image already.\n"
        "# The next came from a file: an index that builds this must have it.\n"
        "ccdsother==0.3\n"
        "ccdsprobe==1.2\n"
    )
    assert (tmp_path / "layer" / "Dockerfile").read_text(encoding="utf-8") == (
        f"FROM {PINNED}\n"
        "USER root\n"
        "COPY requirements.txt /opt/ccds/requirements.txt\n"
        "RUN python -m pip install --no-cache-dir --no-deps -r /opt/ccds/requirements.txt\n"
        "USER 65534:65534\n"
    )


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("ccdsevil", "1.0\n --index-url http://elsewhere.invalid/simple"),
        ("ccdsevil --index-url http://elsewhere.invalid/simple", "1.0"),
        ("ccdsevil @ http://elsewhere.invalid/evil.whl #", "1.0"),
        ("-r/etc/passwd #", "1.0"),
        ("ccdsevil", "1.0; --hash"),
        ("ccdsevil", "1.*"),
    ],
)
def test_what_a_package_says_of_itself_brings_nothing_else_into_the_layer(capsys, tmp_path, overlay, name, version):
    """A person can write it by hand, and root builds the layer: such a package is left out, with a remark."""
    folder = overlay.packages / "evil-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")

    ccds_env(capsys, "freeze", str(tmp_path / "layer"))
    (folder / "METADATA").unlink()
    ccds_env(capsys, "freeze", str(tmp_path / "plain"))

    first, *rest = (tmp_path / "plain" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    left_out = "# Left out: 1 whose name or version pip wouldn't take."
    assert (tmp_path / "layer" / "requirements.txt").read_text(encoding="utf-8").splitlines() == [
        first,
        left_out,
        *rest,
    ]


@pytest.mark.parametrize("reader", ["importlib.metadata", "importlib_metadata"])
def test_a_package_half_there_is_left_out_whichever_library_reads_it(overlay, reader):
    """The backport takes the standard library's place where anything loads it, and has an error of its own."""
    importlib.import_module(reader)
    (overlay.packages / "half-1.0.dist-info").mkdir()

    found = packages_of(overlay)

    assert [package.name for package in found] == ["ccdsother", "ccdsprobe"]


@pytest.mark.parametrize("version", ["1.2", "2013b", "1!2.0rc1.post2.dev3", "2.12.1+cu130", "0.0.0-alpha", "1.0.post1"])
def test_a_version_is_one_in_every_spelling(version):
    """As pip reads them."""
    assert requirements([Package("ccds.Probe_1-x", version)]).splitlines()[1:] == [f"ccds.Probe_1-x=={version}"]


@pytest.mark.usefixtures("overlay")
def test_without_an_image_there_are_requirements_only(capsys, tmp_path):
    """And it is said how to name one."""
    status, out, _ = ccds_env(capsys, "freeze", str(tmp_path / "layer"))

    assert status == 0
    assert out.endswith("no Dockerfile: this session runs in no image; name one with --image\n")
    assert [path.name for path in (tmp_path / "layer").iterdir()] == ["requirements.txt"]


def test_in_a_pinned_image_freeze_builds_upon_it(capsys, tmp_path, monkeypatch, folder):
    """Without a word of which."""
    monkeypatch.setenv("CCDS_IMAGE", PINNED)
    make_overlay(folder, Image.of_this_process({"CCDS_IMAGE": PINNED}))

    status, _, _ = ccds_env(capsys, "freeze", str(tmp_path / "layer"))

    assert status == 0
    assert (tmp_path / "layer" / "Dockerfile").read_text(encoding="utf-8").startswith(f"FROM {PINNED}\n")


@pytest.mark.parametrize("image", ["ccds/session:latest", "ccds/session@sha256:12", f"{PINNED}\nRUN evil", ""])
def test_an_image_that_says_no_digest_is_none(image):
    """It could be another one tomorrow, or more than an image."""
    assert not is_pinned(image)
    assert Image.of_this_process({"CCDS_IMAGE": image}) == Image.of_this_process({})


@pytest.mark.usefixtures("overlay")
def test_freeze_upon_an_image_without_digest_is_refused(capsys, tmp_path):
    """In one line, and nothing is written."""
    status, _, complaint = ccds_env(capsys, "freeze", str(tmp_path / "layer"), "--image", "ccds/session:latest")

    assert status == 1
    assert complaint.startswith(
        "ccds: expected an image by its digest (name@sha256:…) to build upon; found 'ccds/session:latest'"
    )
    assert not (tmp_path / "layer").exists()


def test_reset_takes_it_away_whatever_it_is(capsys, folder, overlay):
    """Also where its owner closed it to themselves; the session that runs gets an empty one; a link's target stays."""
    (overlay.packages / "closed").mkdir(mode=0)
    first = ccds_env(capsys, "reset", "--yes")
    left = list(folder.iterdir())
    empty = packages_of(overlay)
    target = folder.parent / "precious"
    target.mkdir()
    overlay.folder.rename(folder / "before")
    overlay.folder.symlink_to(target)
    second = ccds_env(capsys, "reset")

    assert first == (0, "taken away; restart your kernels, and open new terminals\n", "")
    assert (left, empty) == ([overlay.folder], ())
    assert second == first
    assert not overlay.folder.is_symlink()
    assert target.is_dir()


def test_an_environment_of_another_image_is_gone_for_good(capsys, folder):
    """None is made in its place, and a second time there is nothing to do."""
    other = Overlay(folder / ("0b" * 8))
    other.folder.mkdir(parents=True)

    first = ccds_env(capsys, "reset", "--key", other.key)
    second = ccds_env(capsys, "reset", "--key", other.key)

    assert first == (0, "taken away; restart your kernels, and open new terminals\n", "")
    assert second == (0, "there is none; nothing was changed\n", "")
    assert list(folder.iterdir()) == []


def test_reset_says_what_would_be_gone_before_it_takes_it_away(capsys, overlay):
    """And how to keep the list; nothing is changed."""
    said = ccds_env(capsys, "reset")

    assert said == (
        1,
        "",
        (
            "ccds: expected --yes, since there is no way back; "
            "found 2 packages that would be gone: ccdsother 0.3, ccdsprobe 1.2; "
            "'ccds env freeze OUT' writes them down, 'ccds env reset --yes' takes them away\n"
        ),
    )
    assert len(packages_of(overlay)) == 2


@pytest.mark.usefixtures("overlay")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["reset", "--key", "../../precious"], "expected a key of 16 hexadecimal digits; found '../../precious'"),
        (["list", "--project", "../CHEST-2"], "expected a project's id; found '../CHEST-2'"),
        (["freeze", "/proc/no/such"], "expected to write the folder /proc/no/such; found "),
    ],
)
def test_what_makes_no_sense_is_one_line(capsys, arguments, complaint):
    """No path leads elsewhere."""
    status, _, said = ccds_env(capsys, *arguments)

    assert status == 1
    assert said.startswith(f"ccds: {complaint}")
    assert said.count("\n") == 1


def test_an_overlay_of_the_right_form_is_whole(overlay):
    """`check` finds nothing, and what was only half removed is none."""
    overlay.check()
    (overlay.packages / "zz-ccds-base.pth").unlink()

    with pytest.raises(CcdsError, match="half made"):
        overlay.check()
