"""What of a notebook goes to the page, and that a save loses nothing of the rest."""

import json

import pytest

from ccds_kernel.session.notebook_view import LEFT_OUT, MOST_SHOWN_BYTES, TooLong, shown, with_what_was_left_out
from ccds_kernel.session.source_text import MOST_BYTES

VOLUME = "QUJD" * 10
PICTURE = "iVBO" * (MOST_SHOWN_BYTES // 4 // 2)  # half of what is shown, and the JSON around it more


def code(name: str, outputs: list | None = None, **metadata) -> dict:
    """A code cell."""
    return {
        "cell_type": "code", "id": name, "metadata": metadata, "source": f"{name} = 1", "execution_count": 1,
        "outputs": outputs or [],
    }  # fmt: skip


def note(name: str, **more) -> dict:
    """A markdown cell."""
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": "![](attachment:a.png)", **more}


def figure(data: str = "iVBO") -> dict:
    """An output."""
    return {"output_type": "display_data", "metadata": {}, "data": {"image/png": data}}


def notebook(*cells, **metadata) -> dict:
    """A notebook."""
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells)}


def test_what_a_person_sees_goes_to_the_page() -> None:
    """The kernel, typed text, outputs, pasted pictures, the widgets' state, and how cells stand."""
    whole = notebook(
        code("a", [figure()], tags=["x"], collapsed=True, editable=False, jupyter={"source_hidden": True}),
        note("b", attachments={"a.png": {"image/png": "iVBO"}}),
        {"cell_type": "raw", "id": "c", "metadata": {"format": "text/x"}, "source": "raw"},
        kernelspec={"name": "ccds", "display_name": "CCDS"},
        language_info={"name": "python"},
        widgets={"application/vnd.jupyter.widget-state+json": {"state": {}}},
    )

    view = shown(whole)

    assert view.notebook == whole
    assert view.left_out == 0


@pytest.mark.parametrize(
    "hiding",
    [
        notebook(data=VOLUME), notebook(code("a", scan=VOLUME)), notebook(note("a") | {"metadata": {"scan": VOLUME}}),
        notebook(code("a") | {"scan": VOLUME}), notebook() | {"scan": VOLUME}, notebook(note("a", outputs=[VOLUME])),
        notebook(code("a") | {"attachments": {"a": {"b": VOLUME}}}),
    ],
)  # fmt: skip
def test_what_nobody_sees_stays_in_the_file(hiding: dict) -> None:
    """Metadata and fields that no page knows."""
    view = shown(hiding)

    assert VOLUME not in json.dumps(view.notebook)


@pytest.mark.parametrize(
    "long",
    [
        notebook(code("a") | {"source": "#" * MOST_BYTES}), notebook(code("a", tags=["x" * MOST_BYTES])),
        notebook(kernelspec={"name": "x" * MOST_BYTES}), notebook(code("a") | {"execution_count": "x" * MOST_BYTES}),
        notebook(*(code("a") | {"source": "#" * 100_000} for _ in range(20))), notebook(code("x" * MOST_BYTES)),
    ],
)  # fmt: skip
def test_what_is_typed_is_bounded_as_source_is(long: dict) -> None:
    """In one cell or in many, in known metadata, too."""
    with pytest.raises(TooLong):
        shown(long)


def test_outputs_are_shown_until_there_are_too_many() -> None:
    """The first ones; then one line in place of each cell's, while smaller ones still fit."""
    whole = notebook(code("a", [figure(PICTURE)]), code("b", [figure(PICTURE)]), code("c", [figure()]))

    view = shown(whole)

    assert view.left_out == 1
    assert [cell["outputs"][0].get("text") for cell in view.notebook["cells"]] == [None, LEFT_OUT, None]
    assert len(json.dumps(view.notebook)) < MOST_SHOWN_BYTES + MOST_BYTES


@pytest.mark.parametrize(
    "large",
    [notebook(note("a", attachments={"a.png": {"image/png": PICTURE * 2}})), notebook(widgets={"state": PICTURE * 2})],
)
def test_pasted_pictures_and_widgets_count_as_outputs(large: dict) -> None:
    """They are left out where there is no room."""
    view = shown(large)

    assert view.left_out == 1
    assert len(json.dumps(view.notebook)) < 1_000


def test_a_save_loses_nothing_that_the_page_was_not_given() -> None:
    """Outputs, pictures, metadata and widgets stay in the file, in cells that moved, too; what the person changed is changed."""
    before = notebook(
        code("a", [figure(PICTURE)]), code("b", [figure(PICTURE)], scan=VOLUME, tags=["x"]),
        note("c", attachments={"a.png": {"image/png": PICTURE}}), scan=VOLUME, title="old", widgets={"state": PICTURE},
    )  # fmt: skip
    sent = shown(before).notebook
    first, second, third = sent["cells"]
    first["outputs"], second["metadata"], second["source"] = [], {}, "changed"
    sent["metadata"] = {"title": "new"}
    sent["cells"] = [third, second, first, code("d", [figure()])]

    saved = with_what_was_left_out(sent, before)

    assert saved["metadata"] == {"scan": VOLUME, "title": "new", "widgets": {"state": PICTURE}}
    assert saved["cells"][0]["attachments"] == {"a.png": {"image/png": PICTURE}}
    assert saved["cells"][1] == code("b", [figure(PICTURE)], scan=VOLUME) | {"source": "changed"}
    assert saved["cells"][2:] == [code("a"), code("d", [figure()])]


def test_a_cell_without_an_id_is_known_by_its_source() -> None:
    """As in notebooks of older versions; the line may come back in parts."""
    before = notebook(code("a", [figure(PICTURE * 2)]))
    del before["cells"][0]["id"]
    sent = shown(before).notebook
    sent["cells"][0]["outputs"][0]["text"] = LEFT_OUT.splitlines(keepends=True)

    assert with_what_was_left_out(sent, before) == before


def test_a_cell_that_ran_or_was_cleared_is_as_the_page_says() -> None:
    """The person's own words come first."""
    before = notebook(code("a", [figure(PICTURE * 2)]), code("b", [figure(PICTURE * 2)]))
    sent = shown(before).notebook
    sent["cells"][0]["outputs"], sent["cells"][1]["outputs"] = [], [figure()]

    assert with_what_was_left_out(sent, before) == notebook(code("a"), code("b", [figure()]))
