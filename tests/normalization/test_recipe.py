"""Recipes: their files, their hash, and what is wrong with them."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.recipe import Output, Recipe
from ccds_kernel.normalization.steps import STEPS, Reorient, Window, make_step
from support.affines import ANY_ORIENTATION

HEAD_CT = """\
name: head CT
steps:
  - reorient: {to: RAS}
  - resample: {spacing_mm: [1, 1, 1], interpolation: linear}
  - window: {center: 40, width: 80}
  - clip: {percentiles: [0.5, 99.5]}
  - z_score: {mask: nonzero}
output: float32
"""

numbers = st.floats(-1e6, 1e6)
masks = st.sampled_from(["none", "nonzero", "otsu", "foreground"])

lengths = st.lists(st.integers(1, 32767), min_size=3, max_size=3)
kept = st.sampled_from(["all", "largest"])


def rising(count: int = 2, least: float = -1000, most: float = 1000) -> st.SearchStrategy[list[float]]:
    """That many numbers, each greater than the one before."""
    return st.lists(st.floats(least, most), min_size=count, max_size=count, unique=True).map(sorted)


PARAMETERS = {
    "reorient": st.fixed_dictionaries({"to": st.sampled_from(ANY_ORIENTATION)}),
    "resample": st.fixed_dictionaries(
        {
            "spacing_mm": st.lists(st.floats(0.01, 100), min_size=3, max_size=3),
            "interpolation": st.sampled_from(["nearest", "linear", "cubic"]),
        }
    )
    | st.fixed_dictionaries(
        {"shape": lengths, "interpolation": st.sampled_from(["linear", "cubic"])},
        optional={"antialias": st.sampled_from(["none", "gaussian"])},
    ),
    "crop_pad": st.fixed_dictionaries(
        {"shape": lengths, "to": st.sampled_from(["center", "foreground"])}, optional={"fill": numbers}
    )
    | st.fixed_dictionaries({"margin_mm": st.floats(0, 1000), "to": st.just("foreground")}, optional={"fill": numbers}),
    "foreground": st.fixed_dictionaries({"method": st.just("otsu"), "keep": kept})
    | st.fixed_dictionaries({"method": st.just("above"), "above": numbers, "keep": kept}),
    "window": st.fixed_dictionaries({"center": numbers, "width": st.floats(1e-3, 1e6)}),
    "clip": st.fixed_dictionaries({"percentiles": st.tuples(st.floats(0, 49), st.floats(50, 100)).map(list)}),
    "rescale": st.fixed_dictionaries({"range": rising()}, optional={"from": rising()}),
    "z_score": st.fixed_dictionaries({"mask": masks})
    | st.fixed_dictionaries({"mean": numbers, "sd": st.floats(1e-6, 1e6)}),
    "nyul": st.fixed_dictionaries(
        {"mask": masks, "percentiles": rising(5, 0, 100), "range": rising()},
        optional={"landmarks": rising(5), "volumes": st.integers(1, 10_000)},
    ).filter(lambda given: "landmarks" in given or "volumes" not in given),
    "white_stripe": st.fixed_dictionaries(
        {"mask": masks, "peak": st.sampled_from(["last", "highest"]), "width": st.floats(0.01, 0.5)}
    ),
    "n4": st.fixed_dictionaries({"mask": masks, "spacing_mm": st.floats(0.5, 20)}),
}
steps = st.one_of([values.map(lambda given, name=name: make_step(name, given)) for name, values in PARAMETERS.items()])
names = st.text(min_size=1, max_size=100).filter(lambda text: text == text.strip() and text.isprintable())
recipes = st.builds(Recipe, names, st.lists(steps, max_size=6).map(tuple), st.sampled_from(Output))


def test_every_step_has_its_parameters_here() -> None:
    """A new step is tried by the properties below."""
    assert PARAMETERS.keys() == STEPS.keys()


@given(recipes)
def test_a_recipe_survives_its_file(recipe) -> None:
    """YAML there and back: an equal recipe with the same hash."""
    again = Recipe.from_yaml(recipe.to_yaml())

    assert again == recipe
    assert again.digest() == recipe.digest()


@given(recipes, recipes)
def test_recipes_that_do_something_else_hash_otherwise(one, other) -> None:
    """And those that do the same, whatever they are called, hash the same."""
    assert (one.digest() == other.digest()) == ((one.steps, one.output) == (other.steps, other.output))


def test_formatting_is_not_content() -> None:
    """Order of keys, comments, quotes, whole numbers for floats, the name, and an output left out."""
    rewritten = """
# the same
steps: [{reorient: {to: 'RAS'}}, {resample: {interpolation: linear, spacing_mm: [1.0, 1.0, 1]}},
        {window: {width: 80.0, center: 4.0e+1}}, {clip: {percentiles: [0.50, 99.5]}}, {z_score: {mask: "nonzero"}}]
name: brain
"""

    assert Recipe.from_yaml(rewritten).digest() == Recipe.from_yaml(HEAD_CT).digest()


def test_the_hash_stays_what_it_is() -> None:
    """Folders of normalized volumes are named after it: a change of this line is a change of every site's folders."""
    assert Recipe.from_yaml(HEAD_CT).digest() == "0a09d52bcfb6c2516846be5e2ea57a79020d7f4d118dada0e47e3740a69b41bc"


def test_minus_zero_is_zero() -> None:
    """Equal recipes hash the same."""
    one, other = (Recipe("w", (Window(center=center, width=80),)) for center in (0.0, -0.0))

    assert one == other
    assert one.digest() == other.digest()


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("resmaple: {}", r"expected one of the steps reorient, .*; found 'resmaple' in step 1; write resample"),
        ("frobnicate: {}", "found 'frobnicate' in step 1; take one of these"),
        (
            "window: {centre: 40, width: 80}",
            "parameters center, width of window; found 'centre' in step 1; write center",
        ),
        ("window: {center: 40}", r"the parameter width of window; found none in step 1; add it \(center, width"),
        ("window: {center: 40, width: 0}", "width of window to be right: at least 0.001; found 0"),
        (
            "window: {center: '40', width: 80}",
            "center of window to be right: a number; found '40' in step 1; write 40, a plain number",
        ),
        (
            "window: {center: 40, width: 80 mm}",
            "width of window to be right: a number; found '80 mm' in step 1; write the number alone, in HU",
        ),
        ("window: {center: 40, width: 80 hu}", "found '80 hu' in step 1; write 80 alone, in HU"),
        ("resample: {spacing_mm: [1mm, 1, 1], interpolation: linear}", "found '1mm' in step 1; write 1 alone, in mm"),
        ("resample: {spacing_mm: [0.1cm, 1, 1], interpolation: linear}", "'0.1cm' in step 1; write 1 alone, in mm"),
        ("n4: {mask: none, spacing_mm: 4000 µm}", "'4000 µm' in step 1; write 4 alone, in mm"),
        ("n4: {mask: none, spacing_mm: 4 inch}", "'4 inch' in step 1; write the number alone, in mm"),
        ("clip: {percentiles: [0.5, 99.5 %]}", "found '99.5 %' in step 1; write 99.5 alone, in percent"),
        ("rescale: {range: [0, 1 x]}", "found '1 x' in step 1; write 1 alone$"),
        ("window: {center: true, width: 80}", "center of window to be right: a number; found True"),
        ("window: {center: .nan, width: 80}", "center of window to be right: a finite number; found nan"),
        ("window: {center: 40, width: .inf}", "width of window to be right: .*; found inf"),
        (
            "resample: {spacing_mm: 1, interpolation: linear}",
            r"spacing_mm of resample to be right: three numbers; found 1 in step 1; write \[1, 1, 1\], in mm",
        ),
        (
            "resample: {spacing_mm: 0.2cm, interpolation: linear}",
            r"to be right: three numbers; found '0.2cm' in step 1; write \[2, 2, 2\], in mm",
        ),
        (
            "resample: {shape: '64', interpolation: linear}",
            r"three numbers; found '64' in step 1; write \[64, 64, 64\]$",
        ),
        ("resample: {shape: [64.5, 1, 1], interpolation: linear}", "number 1 of shape .* a whole number; found 64.5"),
        ("resample: {spacing_mm: [1, 1, 1, 1], interpolation: linear}", "spacing_mm .* three numbers; found"),
        (
            "rescale: {range: 0 to 1}",
            r"range of rescale .* two numbers; found '0 to 1' in step 1; write \[lowest, highest\]",
        ),
        ("rescale: {range: [0, 1], from: 3}", "from of rescale .* two numbers; found 3"),
        (
            "nyul: {mask: none, percentiles: 5, range: [0, 1]}",
            "percentiles of nyul to be right: a list of numbers; found 5 in step 1; write them in brackets",
        ),
        ("resample: {spacing_mm: [1, 1], interpolation: linear}", "spacing_mm of resample .* three numbers; found"),
        (
            "resample: {spacing_mm: [1, 1, 0], interpolation: linear}",
            "number 3 of spacing_mm of resample .*; found 0 in step 1",
        ),
        ("resample: {spacing_mm: [1, 1, 5000], interpolation: linear}", "at most 100; found 5000"),
        (
            "resample: {spacing_mm: [1, 1, 1], interpolation: lanczos}",
            "'nearest', 'linear' or 'cubic'; found 'lanczos'",
        ),
        ("reorient: {to: RAR}", "one each of R or L, A or P, S or I, such as RAS; found 'RAR'"),
        ("reorient: {to: ras}", "such as RAS; found 'ras'"),
        ("reorient: {to: RASS}", "such as RAS; found 'RASS'"),
        ("clip: {percentiles: [99, 1]}", "the lower one first"),
        ("clip: {percentiles: [0, 101]}", "at most 100; found 101"),
        ("z_score: {mask: brain}", "'none', 'nonzero', 'otsu' or 'foreground'; found 'brain'"),
        ("z_score: {}", r"the parameters of z_score to be right: either mask \(none, .*\), or mean and sd together"),
        ("z_score: {mask: none, mean: 3, sd: 2}", "either mask .* or mean and sd together"),
        ("z_score: {mean: 3}", "either mask .* or mean and sd together"),
        ("z_score: {mean: 3, sd: 0}", "sd of z_score to be right: .*; found 0 in step 1"),
        ("nyul: {mask: none, percentiles: [9, 1], range: [0, 1]}", "each greater than the one before"),
        ("nyul: {mask: none, percentiles: [9], range: [0, 1]}", "percentiles of nyul to be right: at least 2 numbers"),
        (
            "nyul: {mask: none, percentiles: [1, 9], range: [0, 1], landmarks: [3]}",
            r"landmarks are as many as percentiles \(2\)",
        ),
        (
            "nyul: {mask: none, percentiles: [1, 9], range: [0, 1], volumes: 3}",
            "where landmarks come from, and there are none",
        ),
        ("nyul: {mask: none}", r"the parameter percentiles of nyul; found none .*mask, percentiles, range are needed"),
        ("white_stripe: {mask: none, peak: first, width: 0.1}", "'last' or 'highest'; found 'first'"),
        ("n4: {mask: none, spacing_mm: 0}", "spacing_mm of n4 to be right: .*; found 0"),
        ("rescale: {range: [1, 1]}", "two different numbers each, the lower one first"),
        ("rescale: {range: [0, 1], from: [3, 2]}", "two different numbers each, the lower one first"),
        ("rescale: {range: [0, 1], source: [3, 2]}", "parameters range, from of rescale; found 'source'"),
        ("reorient:", r"the parameters of reorient as a map \(to\); found None in step 1"),
        ("reorient: RAS", r"the parameters of reorient as a map \(to\); found 'RAS' in step 1"),
        ("{reorient: {to: RAS}, window: {}}", "step 1 as a map with one key"),
        ("reorient", "step 1 as a map with one key"),
        ("7: {}", "found 7 in step 1"),
    ],
)
def test_a_wrong_step_is_named_with_what_there_is(step, message) -> None:
    """One line: expected, found, what to do."""
    with pytest.raises(CcdsError, match=message) as raised:
        Recipe.from_yaml(f"name: x\nsteps:\n- {step}\n")

    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found no map"),
        ("- a", "found no map"),
        ("name: [", "expected a recipe in YAML; found something else .* in line 2; mend that line"),
        ("name: a\nsteps: []\n\t- b", "in line 3; mend that line, or the one before it"),
        ("name: a\nsteps:\n- \0", "found a character that text can't have in line 3; mend that line"),
        ("name: é\nsteps: &x []\n? &x b\n: 1", "found an anchor twice in line 3"),
        ("name: a\nname: b\nsteps: []", "found the key 'name' twice in line 2"),
        ("name: a\nsteps:\n- reorient: {to: RAS, to: LPS}", "the key 'to' twice"),
        ("name: a\nsteps: []\noutputs: float32", "found 'outputs'"),
        ("steps: []", "expected the key name in the recipe"),
        ("name: a", "expected the key steps in the recipe"),
        ("name: a\nsteps: {reorient: {to: RAS}}", "expected steps as a list"),
        ("name: a\nsteps: []\noutput: float16", "output to be float32 or int16; found 'float16'"),
        ("name: a\nsteps: []\noutput: [int16]", "output to be float32 or int16"),
        ("name: 5\nsteps: []", "one line of text, 1 to 100 characters; found 5"),
        ("name: ''\nsteps: []", "one line of text"),
        ('name: "two\\nlines"\nsteps: []', "one line of text"),
        ("name: a\nsteps: []\n? [1]\n: 2", "found "),
        ("name: !!python/object:os.system a\nsteps: []", "expected a recipe in YAML"),
        ("name: !!int a\nsteps: []", "expected a recipe in YAML"),
        ("[" * 10_000, "expected a recipe in YAML"),
        ("# " + "x" * (1 << 20), "at most 1 MB"),
    ],
)
def test_a_wrong_file_is_one_clear_line(text, message) -> None:
    """Never a traceback, never a guess."""
    with pytest.raises(CcdsError, match=message) as raised:
        Recipe.from_yaml(text)

    assert "\n" not in str(raised.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_yaml_is_a_recipe_or_one_clear_line(values) -> None:
    """As the steps of a recipe, whatever they hold."""
    text = yaml.safe_dump({"name": "x", "steps": [values], "output": "float32"})

    with pytest.raises(CcdsError):
        Recipe.from_yaml(text)


def test_a_recipe_takes_steps_only() -> None:
    """Not what merely looks like one."""
    with pytest.raises(CcdsError, match="found something else among them"):
        Recipe("x", (Reorient(to="RAS"), "window"))


def test_a_recipe_that_is_not_fitted_is_not_ready() -> None:
    """Told before any image is read, with the step's place and the command."""
    unfitted = "name: n\nsteps: [{reorient: {to: RAS}}, {nyul: {mask: none, percentiles: [1, 99], range: [0, 1]%s}}]"

    Recipe.from_yaml(unfitted % ", landmarks: [0, 1]").check_ready()
    with pytest.raises(CcdsError, match=r"found none \(step 2, nyul\); fit it first: ccds normalization fit"):
        Recipe.from_yaml(unfitted % "").check_ready()
