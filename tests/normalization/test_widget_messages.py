"""What the preview takes from its page: requests to the letter, and nothing else."""

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.steps import STEPS, make_step
from ccds_widgets.normalization.forms import FORMS, given
from ccds_widgets.normalization.messages import MOST_SLICES, MOST_STEPS, MOST_STUDIES, parse

STEP = {"name": "window", "on": True, "parameters": {"center": 40, "width": "8o"}}
EDIT = {"kind": "edit", "draft": {"steps": [STEP], "output": "float32"}}
LOOK = {"plane": "axial", "position": 1.5, "display": {"center": 40, "width": 80}, "name": "x"}
KEEP = EDIT | {"kind": "keep", "look": LOOK}
OF_STUDY = {"revision": 1, "before": [0], "after": [1, 2], "beside": []}
SLICES = {"kind": "slices", "plane": "coronal", "display": None, "studies": [OF_STUDY]}
TRY = EDIT | {"kind": "try", "until": 1, "plane": "axial", "position": 0.5, "display": None}
CHOOSE = {"kind": "choose", "volumes": ["a/one", "b/two"]}
BESIDE = {"kind": "beside", "file": "head.yaml"}
PROBE = {"kind": "probe", "revision": 1, "plane": "axial", "side": "after", "number": 0, "x": 1, "y": 2}
SAVE = EDIT | {"kind": "save", "name": "x"}
GOOD = [
    CHOOSE,
    BESIDE,
    EDIT,
    TRY,
    EDIT | {"kind": "fit"},
    {"kind": "poll"},
    {"kind": "stop"},
    KEEP,
    SLICES,
    PROBE,
    SAVE,
]


def changed(request: dict, **values) -> dict:
    """`request` with `values` in place of its own."""
    return request | values


@pytest.mark.parametrize("request_", GOOD, ids=lambda one: one["kind"])
def test_what_the_page_sends_is_taken(request_):
    """Each kind of request, with its values."""
    parsed = parse(request_)

    assert parsed.model_dump(mode="json") == request_


@pytest.mark.parametrize("request_", GOOD, ids=lambda one: one["kind"])
def test_an_unknown_key_refuses_the_request(request_):
    """Nothing is left out silently."""
    with pytest.raises(CcdsError, match="expected a request that this app knows"):
        parse(changed(request_, more=1))


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "ready",
        {},
        {"kind": "ready"},
        {"kind": "remove"},
        {"kind": "choose"},
        {"kind": "choose", "volumes": []},
        {"kind": "choose", "volumes": [3]},
        {"kind": "choose", "volumes": ["x" * 601]},
        {"kind": "choose", "volumes": ["a/one"] * (MOST_STUDIES + 1)},
        changed(BESIDE, file=3),
        changed(TRY, until=-1),
        changed(TRY, position=float("inf")),
        changed(EDIT, draft={"steps": [STEP] * (MOST_STEPS + 1), "output": "float32"}),
        changed(EDIT, draft={"steps": [], "output": "float64"}),
        changed(EDIT, draft={"steps": [STEP | {"on": 1}], "output": "float32"}),
        changed(EDIT, draft={"steps": [STEP | {"parameters": {"center": {"x": {"y": 1}}}}], "output": "float32"}),
        changed(EDIT, draft={"steps": [STEP | {"parameters": {"center": float("inf")}}], "output": "float32"}),
        changed(EDIT, draft={"steps": [STEP | {"parameters": {"center": [1] * 65}}], "output": "float32"}),
        changed(EDIT, draft={"steps": [STEP | {"parameters": {"center": "x" * 81}}], "output": "float32"}),
        changed(KEEP, look=changed(LOOK, plane="oblique")),
        changed(KEEP, look=changed(LOOK, position="1")),
        changed(KEEP, look=changed(LOOK, position=float("nan"))),
        changed(KEEP, look=changed(LOOK, display={"center": 40, "width": 0})),
        changed(KEEP, look=changed(LOOK, name="x" * 101)),
        changed(SLICES, studies=[OF_STUDY | {"revision": True}]),
        changed(SLICES, studies=[OF_STUDY | {"before": [-1]}]),
        changed(SLICES, studies=[OF_STUDY | {"before": [1.5]}]),
        changed(SLICES, studies=[OF_STUDY | {"after": [0] * (MOST_SLICES + 1)}]),
        changed(SLICES, studies=[OF_STUDY] * (MOST_STUDIES + 1)),
        changed(PROBE, side="both"),
        changed(PROBE, x=-1),
        changed(SAVE, name=None),
        {"kind": "save", "name": "x"},
    ],
)
def test_what_is_no_request_is_refused_without_quoting_it(content):
    """Wrong types and numbers out of range; one line that says what to do."""
    with pytest.raises(CcdsError, match=r"another one \(at [^()]{1,80}\); reload the page"):
        parse(content)


NEEDED = {("foreground", "above"): {"above": 0}, ("z_score", ""): {"mean": 0, "sd": 1}}
"""What an option asks for besides."""


def test_there_is_a_form_for_every_step():
    """Each registered step with each of its parameters; what stands there first is right."""
    assert list(FORMS) == list(STEPS)
    for name, fields in FORMS.items():
        starts = {
            field.parameter: list(field.start) if isinstance(field.start, tuple) else field.start for field in fields
        }
        step = make_step(name, given(name, starts))
        assert {*starts} >= {*step.parameters()}
        for field in fields:
            for option in field.options:
                more = NEEDED.get((name, option), {})
                make_step(name, given(name, starts | {field.parameter: option} | more))
