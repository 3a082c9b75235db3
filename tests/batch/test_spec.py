"""A job's description is checked when it is made, and names what is wrong without quoting a secret."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.batch import Array, Container, JobSpec, Mount, PriorityClass, job_name
from ccds_kernel.errors import CcdsError

RIGHT = {"name": "a", "command": ("true",), "cwd": Path("/"), "log": Path("/log"), "owner": "ann"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "job name"),
        ({"name": "a b"}, "job name"),
        ({"name": "-a"}, "job name"),
        ({"name": "a[1]"}, "job name"),
        ({"name": "a\n"}, "job name"),
        ({"name": "a" * 129}, "job name"),
        ({"command": ()}, "command"),
        ({"command": "true"}, "command"),
        ({"command": ("", "x")}, "command"),
        ({"command": ("a", "b\0")}, "command"),
        ({"command": ("a", "\udc80")}, "command"),
        ({"cwd": Path("/\udc80")}, "cwd"),
        ({"owner": ""}, "owner"),
        ({"owner": "ann\n"}, "owner"),
        ({"cwd": Path("here")}, "cwd"),
        ({"log": Path("here.log")}, "log"),
        ({"cpus": 0}, "cpus"),
        ({"cpus": 1.5}, "cpus"),
        ({"cpus": True}, "cpus"),
        ({"memory_mb": 0}, "memory_mb"),
        ({"gpus": -1}, "gpus"),
        ({"gpu_model": "a;b"}, "GPU model"),
        ({"wall_minutes": 0}, "wall_minutes"),
        ({"wall_minutes": float("nan")}, "wall_minutes"),
        ({"wall_minutes": float("inf")}, "wall_minutes"),
        ({"wall_minutes": 1e12}, "wall_minutes"),
        ({"wall_minutes": 10**400}, "wall_minutes"),
        ({"wall_minutes": "60"}, "wall_minutes"),
        ({"priority_class": "urgent"}, "priority class"),
        ({"priority_class": PriorityClass.APP, "gpus": 1}, "GPU"),
        ({"priority_class": PriorityClass.FIRST, "requeueable": True}, "requeueable"),
        ({"hosts": 0}, "hosts"),
        ({"gpu_shares": -1}, "gpu_shares"),
        ({"gpu_shares": 1, "gpus": 1}, "shares"),
        ({"gpu_shares": 1, "hosts": 2}, "shares"),
        ({"topology": "near"}, "topology"),
        ({"priority_class": PriorityClass.APP, "hosts": 2}, "one host"),
        ({"priority_class": PriorityClass.FIRST, "array": Array(2, 1)}, "array"),
        ({"env": {"A B": "x"}}, "environment names"),
        ({"env": {"1A": "x"}}, "environment names"),
        ({"env": {"A=B": "x"}}, "environment names"),
    ],
)
def test_a_wrong_field_is_named(wrong: dict[str, object], said: str) -> None:
    """Each field outside its range is refused in one line that says which."""
    with pytest.raises(CcdsError, match=said) as told:
        JobSpec(**{**RIGHT, **wrong})

    assert "\n" not in str(told.value)


@pytest.mark.parametrize("value", ["sesame\0", "sesame\ud800", b"sesame"])
def test_a_wrong_value_is_not_quoted(value: object) -> None:
    """An environment value may be a token: the message has its name only."""
    with pytest.raises(CcdsError, match="TOKEN") as told:
        JobSpec(**RIGHT, env={"TOKEN": value})

    assert "sesame" not in str(told.value)


def test_the_environment_is_not_shown_and_not_shared() -> None:
    """The repr has no environment; changing the caller's dictionary doesn't change the spec."""
    env = {"TOKEN": "sesame"}

    spec = JobSpec(**RIGHT, env=env)
    env["TOKEN"] = "other"

    assert "sesame" not in repr(spec)
    assert spec.env["TOKEN"] == "sesame"
    with pytest.raises(TypeError):
        spec.env["TOKEN"] = "third"


@given(st.lists(st.text(st.characters()), min_size=1, max_size=3))
def test_any_text_makes_a_valid_name(parts: list[str]) -> None:
    """job_name never makes what JobSpec refuses, and makes the same again."""
    name = job_name(*parts)

    assert JobSpec(**{**RIGHT, "name": name}).name == name
    assert job_name(*parts) == name


@pytest.mark.parametrize(("one", "other"), [(("a", "b"), ("a-b",)), (("a b",), ("a-b",)), (("ü",), ("ö",))])
def test_different_parts_make_different_names(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    """What looks the same once it is made readable stays apart."""
    assert job_name(*one) != job_name(*other)


def test_the_port_imports_nothing_heavy() -> None:
    """ccds_kernel.batch and the local scheduler live on the standard library alone."""
    program = (
        "import sys; before = set(sys.modules); import ccds_kernel.batch.local;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )

    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True, timeout=30)

    assert done.stdout.strip() == "['ccds_kernel']"


@pytest.mark.parametrize(("count", "at_once"), [(0, 1), (1001, 1), (2, 0), (2, 3), (True, 1), (2, 1.0), ("2", 1)])
def test_an_array_has_tasks(count: object, at_once: object) -> None:
    """1 to 1000 tasks, and no more at once than there are."""
    with pytest.raises(CcdsError, match="array"):
        Array(count, at_once)


@pytest.mark.parametrize("path", ["data", "/a,b", "/a:b", "/a b", "/a/../b", "/a\n", "/é", ""])
def test_a_mount_is_one_path(path: str) -> None:
    """What would be two mounts, or another folder than it looks like, is refused."""
    with pytest.raises(CcdsError, match="mount"):
        Mount("/data", path)
    with pytest.raises(CcdsError, match="mount"):
        Mount(path, "/data")


@pytest.mark.parametrize(
    "image", ["ccds/session", "ccds/session:latest", "a@sha256:12", "A@sha256:" + "0" * 64, "$(id)"]
)
def test_an_image_is_pinned(image: str) -> None:
    """A name or a tag may mean another image tomorrow."""
    with pytest.raises(CcdsError, match="pinned"):
        Container(image)
