"""What people choose for a lab session, whoever sends it and however, and what the site makes of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.batch import JobSpec, Node
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import Settings
from ccds_spawners.in_image import in_image
from ccds_spawners.offer import Model, Offer, models_of, offer_of
from ccds_spawners.options import LabOptions, OptionError
from support.site import site_settings

OFFER = Offer((Model("a100", 3, 0, 6, 4), Model("v100", 0, 1, 2, 2)), longest_hours=24, images=("torch",))


def node(name: str, gpus: int, free: int, model: str | None = "a100", **more: Any) -> Node:
    """A node with that many GPUs."""
    return Node(
        name=name,
        cpus=8,
        cpus_free=8,
        memory_mb=1,
        memory_mb_free=1,
        gpus=gpus,
        gpus_free=free,
        gpu_model=model,
        **more,
    )


def settings_of(tmp_path, **sections: Any) -> Settings:
    """A site's settings with these sections."""
    return Settings.model_validate(site_settings(tmp_path).model_dump() | sections)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({}, LabOptions(gpus=1, hours=8)),
        ({"gpus": ["0"], "hours": ["72"]}, LabOptions(gpus=0, hours=72)),
        ({"gpus": 4, "hours": "1"}, LabOptions(gpus=4, hours=1)),
        ({"hours": "0000008"}, LabOptions(gpus=1, hours=8)),
        ({"gpu_model": ["a100"], "image": "torch-2.13"}, LabOptions(gpu_model="a100", image="torch-2.13")),
        ({"gpu_model": [""], "image": None}, LabOptions()),
    ],
)
def test_options_as_forms_links_and_the_api_send_them(sent: dict[str, object], read: LabOptions) -> None:
    """Lists of one text, texts, numbers; what isn't there has its default, and an empty name is none."""
    assert LabOptions.from_mapping(sent) == read


@pytest.mark.parametrize(
    ("junk", "option"),
    [
        *(
            ({"gpus": value}, "gpus")
            for value in (
                5, -1, "9" * 39, "9" * 5000, 10**5000, True, 1.0, None, "1 ", "\u0661", "", ["1", "2"], [], [["1"]], {"a": 1},
                "$(id)", "1\n2", "-0", "1" * 10_000_000,
            )
        ),
        *(({"hours": value}, "hours") for value in (0, 9000, "8\n", "8h", "٨", [8, 8])),
        *(
            ({name: value}, name)
            for name in ("gpu_model", "image")
            for value in (
                "a100;id", "`id`", "a100\n#SBATCH --gres=gpu:8", "a 100", "-a", "a'100", 'a"100', "ä100", "x" * 10_000_000,
                "\0", "../a", 7, True, ["a", "b"], {"a": 1}, "<b>x</b>",
            )
        ),
        ({"gpus": "1", "env": {"LD_PRELOAD": "x"}}, ""),
        *((junk, "") for junk in ({1: 1}, {None: 1, "x": 2}, {"x" * 10_000_000: 1}, [1], "gpus", None, 7)),
    ],
)  # fmt: skip
def test_junk_is_refused_in_a_short_line_that_names_the_option(junk: Any, option: str) -> None:
    """It says what was expected and quotes little, in plain characters."""
    with pytest.raises(OptionError) as refused:
        LabOptions.from_mapping(junk)

    assert refused.value.option == option
    assert len(str(refused.value)) < 250
    assert str(refused.value).isascii()
    assert "\n" not in str(refused.value)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=6,
)
KEYS = st.sampled_from(["gpus", "hours", "gpu_model", "image"]) | st.text(max_size=9) | st.integers() | st.none()


@given(ANYTHING | st.dictionaries(KEYS, ANYTHING, max_size=3))
def test_anything_at_all_is_read_or_refused(values: Any) -> None:
    """Never another exception; what is read is in range, and comes back from what a form is given of it."""
    try:
        options = LabOptions.from_mapping(values)
    except CcdsError:
        return

    assert 0 <= options.gpus <= 4
    assert 1 <= options.hours <= 24 * 365
    assert LabOptions.from_mapping(options.as_values()) == options
    assert LabOptions.from_mapping({name: [str(value)] for name, value in options.as_values().items()}) == options


@pytest.mark.parametrize(
    "options",
    [
        LabOptions(4),
        LabOptions(0, 24),
        LabOptions(4, gpu_model="a100"),
        LabOptions(2, gpu_model="v100"),
        LabOptions(image="torch"),
    ],
)
def test_what_the_site_has_is_taken(options: LabOptions) -> None:
    """As many GPUs as one node has of that model, up to the site's most hours, in one of its images."""
    OFFER.check(options)


@pytest.mark.parametrize(
    ("options", "option", "said"),
    [
        (LabOptions(3, gpu_model="v100"), "gpus", "at most 2 GPUs of model v100"),
        (LabOptions(gpu_model="h100"), "gpu_model", "one of the site's GPU models (a100, v100); found h100"),
        (LabOptions(hours=25), "hours", "hours from 1 to 24; found 25"),
        (LabOptions(image="jax"), "image", "one of the site's images (torch); found jax"),
    ],
)
def test_what_the_site_has_not_is_refused(options: LabOptions, option: str, said: str) -> None:
    """In words that say what there is, beside the option that asks for too much."""
    with pytest.raises(OptionError) as refused:
        OFFER.check(options)

    assert (refused.value.option, said in str(refused.value)) == (option, True)


def test_a_site_without_gpus_offers_none() -> None:
    """The form begins with none, whoever names no number has none, and one is refused."""
    offer = Offer((), longest_hours=4)

    assert offer.usual == offer.read({}) == LabOptions(gpus=0, hours=4)
    assert offer.read({"hours": ["2"]}) == LabOptions(gpus=0, hours=2)
    with pytest.raises(OptionError, match="at most 0 GPUs"):
        offer.read({"gpus": ["1"]})


def test_where_the_scheduler_says_nothing_it_is_the_one_that_refuses(tmp_path) -> None:
    """Its silence makes no choice wrong; what the settings say is checked all the same."""
    offer = offer_of(settings_of(tmp_path), None)

    offer.check(LabOptions(4, gpu_model="h100"))
    assert offer.most_gpus == 4
    with pytest.raises(OptionError, match="hours from 1 to 72"):
        offer.check(LabOptions(hours=73))


def test_models_are_counted_over_the_nodes_that_are_up() -> None:
    """What is free, what yields, what there is; the most is what one node has."""
    nodes = [
        node("n1", 4, 1, gpus_preemptible=2),
        node("n2", 2, 2),
        node("n3", 8, 8, up=False),
        node("n4", 2, 0, "v100"),
        node("n5", 0, 0, None),
        node("n6", 1, 1, None),
    ]

    assert models_of(nodes) == (Model("a100", 3, 2, 6, 4), Model("v100", 0, 0, 2, 2), Model("", 1, 0, 1, 1))


@pytest.mark.parametrize(
    ("longest", "hours"),
    [
        (72, (1, 2, 4, 8, 12, 24, 48, 72)),
        (6, (1, 2, 4, 6)),
        (1, (1,)),
        (200, (1, 2, 4, 8, 12, 24, 48, 72, 120, 168, 200)),
    ],
)
def test_hours_go_up_to_the_site_s_most(longest: int, hours: tuple[int, ...]) -> None:
    """And include it."""
    assert Offer((), longest).hours == hours


PINNED = f"registry/torch@sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("sections", "offered"),
    [
        ({}, ()),
        ({"scheduler": {"engine": "slurm"}}, ()),
        ({"scheduler": {"engine": "slurm"}, "slurm": {"containers": "pyxis"}}, ("jax", "torch")),
        ({"scheduler": {"engine": "lsf"}}, ()),
        ({"scheduler": {"engine": "lsf"}, "lsf": {"containers": {PINNED: "torch"}}}, ("torch",)),
        ({"scheduler": {"engine": "slurm"}, "slurm": {"containers": "pyxis"}, "sessions": {"helper": True}}, ()),
    ],
)
def test_only_images_that_would_run_are_offered(tmp_path, sections: dict[str, Any], offered: tuple[str, ...]) -> None:
    """The local scheduler starts no containers, Slurm with pyxis, LSF by a profile; none has a root helper inside."""
    images = {"jax": f"registry/jax@sha256:{'b' * 64}", "torch": PINNED}
    chosen = sections | {"sessions": sections.get("sessions", {}) | {"images": images}}

    assert offer_of(settings_of(tmp_path, **chosen), ()).images == offered


def test_a_session_in_an_image_sees_its_project_only(tmp_path) -> None:
    """Its own Python, the folders that it needs at the places where they are, and which image it is."""
    settings = settings_of(tmp_path, sessions={"images": {"torch": PINNED}})
    folder = tmp_path / "state" / "servers" / "sam"
    env = {"CCDS_PROJECT": "CHEST-1", "CCDS_CONFIG": str(tmp_path / "ccds.toml"), "TOKEN": "x"}
    spec = JobSpec(
        name="a", command=("/usr/bin/python3", "-m", "x"), cwd=tmp_path, log=folder / "log", owner="sam", env=env
    )

    inside = in_image(spec, "torch", settings)

    assert (inside.command, inside.env) == (("python", "-m", "x"), env | {"CCDS_IMAGE": PINNED})
    assert inside.container.image == PINNED
    assert [(mount.source, mount.read_only) for mount in inside.container.mounts] == [
        (f"{tmp_path}/projects/CHEST-1", False),
        (f"{tmp_path}/registry/CHEST-1", True),
        (str(folder), False),
        (f"{tmp_path}/ccds.toml", True),
    ]
    assert all(mount.source == mount.target for mount in inside.container.mounts)


@pytest.mark.parametrize(
    ("begin", "sent", "shown", "wrong"),
    [
        (None, {}, LabOptions(1, 8), []),
        (LabOptions(2, 4, "a100", "torch"), {}, LabOptions(2, 4, "a100", "torch"), []),
        (LabOptions(4, 100, "h100", "jax"), {}, LabOptions(4, 8), []),
        (LabOptions(2, 4), {"gpus": ["3"], "hours": "2"}, LabOptions(3, 2), []),
        (LabOptions(2, 4), {"gpus": ["9"], "hours": ["2"]}, LabOptions(2, 2), ["gpus"]),
        (LabOptions(4, 4), {"gpu_model": ["v100"]}, LabOptions(4, 4), ["gpus"]),
        (None, {"gpu_model": "<b>", "image": "\n"}, LabOptions(1, 8), ["gpu_model", "image"]),
        (LabOptions(2, 4), {"gpus": "99", "hours": "-4"}, LabOptions(2, 4), ["gpus", "hours"]),
        (None, {"env": "x"}, LabOptions(1, 8), []),
    ],
)
def test_a_form_shows_the_last_choice_and_what_a_link_says(
    begin: LabOptions | None, sent: dict[str, object], shown: LabOptions, wrong: list[str]
) -> None:
    """As far as the site has it; each thing that was wrong in the link is named, and nothing of it is taken."""
    options, errors = OFFER.fill(begin, sent)

    assert (options, sorted(errors)) == (shown, wrong)


def test_hours_below_one_are_told_the_site_s_range() -> None:
    """Not the program's own: whoever corrects it once shall not be wrong again."""
    _, errors = OFFER.fill(None, {"hours": "-4"})

    assert str(errors["hours"]) == "expected hours from 1 to 24; found -4; choose another number of hours"
