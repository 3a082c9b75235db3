"""Bundles: found, refused, copied, and told apart by their hash."""

import json

import pytest
import yaml

from ccds_kernel.errors import CcdsError
from ccds_kernel.training.bundle import (
    CONFIGURATION,
    CONTRACT,
    METADATA,
    OURS,
    bundle_hash,
    bundles,
    copy_bundle,
    find_bundle,
)
from support.training import make_bundle


@pytest.fixture
def bundle(tmp_path):
    """A bundle's folder that is right."""
    return tmp_path / make_bundle(tmp_path / "mine")


@pytest.mark.parametrize("name", bundles())
def test_a_bundle_of_ours_is_one(name):
    """It has the launcher's keys, and the metadata that MONAI asks of every bundle."""
    folder = find_bundle(name)
    metadata = json.loads((folder / METADATA).read_text())

    assert folder == OURS / name
    assert metadata["name"] == name
    assert metadata.keys() >= {
        "version", "changelog", "monai_version", "pytorch_version", "numpy_version", "required_packages_version",
        "task", "description", "authors", "network_data_format",
    }  # fmt: skip


def test_there_is_a_classifier():
    """The one that the command takes where none is named."""
    assert "classify3d" in bundles()


def test_another_bundle_is_found_by_its_path(bundle):
    """Any folder with the launcher's keys."""
    assert find_bundle(str(bundle)) == bundle


@pytest.mark.parametrize("name", ["no-such", "..", "/", "classify3d/configs"])
def test_what_is_no_bundle_is_refused(name):
    """With the names of those that are."""
    with pytest.raises(CcdsError, match=r"a MONAI bundle; found no configs/train.yaml in .*one of: classify3d"):
        find_bundle(name)


@pytest.mark.parametrize("key", CONTRACT)
def test_a_bundle_that_lacks_a_key_of_the_launcher_is_refused(bundle, key):
    """It would silently train something else."""
    configuration = yaml.safe_load((bundle / CONFIGURATION).read_text())
    del configuration[key]
    (bundle / CONFIGURATION).write_text(yaml.safe_dump(configuration))

    with pytest.raises(CcdsError, match=f"found no {key}; add them"):
        find_bundle(str(bundle))


@pytest.mark.parametrize("content", [b"a: [", b"\xff\xfe", b"- a list", b""])
def test_a_configuration_that_is_none_is_refused(bundle, content):
    """In one line."""
    (bundle / CONFIGURATION).write_bytes(content)

    with pytest.raises(CcdsError, match=r"in the bundle's train\.yaml"):
        find_bundle(str(bundle))


def test_a_copy_has_the_same_hash(bundle, tmp_path):
    """Byte for byte, folders of its own included."""
    (bundle / "scripts").mkdir()
    (bundle / "scripts" / "net.py").write_text("x = 1\n")

    copied = copy_bundle(bundle, tmp_path / "copy")

    assert copied == bundle_hash(bundle) == bundle_hash(tmp_path / "copy")
    assert (tmp_path / "copy" / "scripts" / "net.py").read_text() == "x = 1\n"


@pytest.mark.parametrize("change", ["content", "name", "new"])
def test_another_bundle_has_another_hash(bundle, change):
    """A byte, a file's name, a file more."""
    before = bundle_hash(bundle)

    match change:
        case "content":
            (bundle / CONFIGURATION).write_text((bundle / CONFIGURATION).read_text() + "\n")
        case "name":
            (bundle / METADATA).rename(bundle / "configs" / "other.json")
        case "new":
            (bundle / "LICENSE").touch()

    assert bundle_hash(bundle) != before


def test_a_link_in_a_bundle_is_refused(bundle, tmp_path):
    """The copy would hold whatever it leads to."""
    (bundle / "weights.pt").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(CcdsError, match="found a link in it"):
        copy_bundle(bundle, tmp_path / "copy")
