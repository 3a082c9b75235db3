"""What leaves of a notebook is its source."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.airlock.finding import Severity
from ccds_kernel.airlock.scan.known_texts import KnownTexts
from ccds_kernel.airlock.scan.notebook import scan_notebook, sources, stripped
from ccds_kernel.errors import CcdsError
from support.airlock import NOTEBOOK, REPORTS, SECRET

KNOWN = KnownTexts(REPORTS.values(), REPORTS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
CELLS = st.lists(
    st.fixed_dictionaries(
        {"cell_type": st.sampled_from(["code", "markdown", "raw"]), "source": st.text() | st.lists(st.text())},
        optional={"outputs": JSON, "metadata": JSON, "attachments": JSON, "id": JSON, "execution_count": JSON},
    ),
    max_size=4,
)


def test_outputs_attachments_and_metadata_stay():
    """The source, the kinds of the cells and the kernel's name are all that is left."""
    left = json.loads(stripped(NOTEBOOK.encode(), "a.ipynb"))

    assert left == {
        "cells": [
            {"cell_type": "code", "id": "a", "metadata": {}, "source": "x = 1\nprint(x)", "execution_count": None, "outputs": []},
            {"cell_type": "markdown", "id": "b", "metadata": {}, "source": "# Sensitivity"},
        ],
        "metadata": {"kernelspec": {"name": "ccds", "display_name": "CCDS"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }  # fmt: skip


@given(CELLS, JSON)
def test_a_stripped_notebook_has_nothing_left_to_strip(cells, metadata):
    """Whatever was in it, once is enough; and nothing of an output is left."""
    content = json.dumps({"cells": cells, "metadata": {"widgets": metadata}, "nbformat": 4}).encode()

    once = stripped(content, "a.ipynb")

    assert stripped(once, "a.ipynb") == once
    assert all(cell.get("outputs", []) == [] for cell in json.loads(once)["cells"])
    assert [kind for kind, _ in sources(once, "a.ipynb")] == [cell["cell_type"] for cell in cells]


def test_findings_name_cell_and_line():
    """As a reader counts them."""
    cells = [
        {"cell_type": "markdown", "source": "# One"},
        {"cell_type": "code", "source": ["x = 1\n", f"# {SECRET}\n", "# 2024-03-17"]},
    ]
    content = stripped(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}).encode(), "a.ipynb")

    found = [(finding.severity, finding.place) for finding in scan_notebook(content, "a.ipynb", KNOWN)]

    assert found == [(Severity.REFUSE, "cell 2, line 2"), (Severity.WARN, "cell 2, line 3")]


def test_words_in_a_kernel_s_name_are_found():
    """What no page shows, a machine still reads."""
    notebook = {"cells": [], "metadata": {"kernelspec": {"name": SECRET}}, "nbformat": 4}

    found = scan_notebook(stripped(json.dumps(notebook).encode(), "a.ipynb"), "a.ipynb", KNOWN)

    assert [finding.what for finding in found] == ["8 or more words of a report"]


def test_a_notebook_with_outputs_is_refused_by_the_scan():
    """Whoever gets one past the stripping gets it no further."""
    (finding,) = scan_notebook(NOTEBOOK.encode(), "a.ipynb", KNOWN)

    assert finding.what == "a notebook with outputs"


def test_data_written_as_code_is_refused():
    """Nobody reads a megabyte of source."""
    cells = [{"cell_type": "code", "source": "x = [" + "1, " * 400_000 + "]"}]
    content = stripped(json.dumps({"cells": cells, "nbformat": 4}).encode(), "a.ipynb")

    (finding,) = scan_notebook(content, "a.ipynb", KNOWN)

    assert (finding.severity, finding.what.endswith("of source, which is data")) == (Severity.REFUSE, True)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff", b'{"nbformat": 4}', b'{"nbformat": 3, "cells": []}', b'{"nbformat": 4, "cells": [1]}',
     b'{"nbformat": 4, "cells": [{"cell_type": "html", "source": ""}]}',
     b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_notebook_is_refused(content):
    """In one line."""
    with pytest.raises(CcdsError, match=r"expected a\.ipynb to be a notebook"):
        stripped(content, "a.ipynb")
