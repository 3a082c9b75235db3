"""Checkpoints: arrays of numbers leave; code, images and bytes that nobody looks at don't."""

import io
import pickle
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.airlock.finding import Finding, Severity, refusals
from ccds_kernel.airlock.scan.known_texts import KnownTexts
from ccds_kernel.airlock.scan.pickled import NotPlainError, described
from ccds_kernel.airlock.scan.weights import scan_safetensors, scan_torch
from support.airlock import REPORTS, SECRET, checkpoint, evil_pickle, safetensors

torch = pytest.importorskip("torch", reason="checkpoints are torch's: pip install -e .[training]")

KNOWN = KnownTexts(REPORTS.values(), REPORTS)
TRACE = Path("/tmp/ccds-airlock-was-here")  # noqa: S108 - what the attack would make


def saved(value: object) -> bytes:
    """`value` as torch saves it."""
    out = io.BytesIO()
    torch.save(value, out)
    return out.getvalue()


@pytest.fixture
def scan(tmp_path):
    """Scans bytes as a checkpoint."""

    def scan_it(content: bytes, scanner=scan_torch) -> list[Finding]:
        path = tmp_path / "model.pt"
        path.write_bytes(content)
        return scanner(path, "model.pt", KNOWN)

    return scan_it


def weights() -> dict:
    """A state dict with the shapes that networks have: also counters, positions and large kernels."""
    network = torch.nn.Sequential(
        torch.nn.Conv3d(1, 8, 3), torch.nn.BatchNorm3d(8), torch.nn.ConvTranspose3d(8, 4, 2), torch.nn.Linear(300, 100)
    )
    extra = {
        "large": torch.zeros(64, 1, 31, 31),
        "half": torch.zeros(3, dtype=torch.float16),
        "ids": torch.arange(512)[None],
    }
    return network.state_dict() | extra


def test_a_state_dict_leaves(scan):
    """Plain, in a map with numbers and words, or with its parameters; a note says how much is in it."""
    for value in (weights(), {"epoch": 3, "state_dict": weights(), "name": "densenet"}, torch.nn.Linear(2, 3).weight):
        (finding,) = scan(saved(value))

        assert finding.severity is Severity.NOTE
    assert finding.what == "1 arrays with 6 numbers"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (lambda: saved({"volume": torch.zeros(40, 64, 64)}), "an array shaped as images are"),
        (lambda: saved({"batch": torch.zeros(2, 1, 32, 32, 32)}), "an array shaped as images are"),
        (lambda: saved({"slice": torch.zeros(512, 512, dtype=torch.int16)}), "an array of whole numbers"),
        (lambda: saved({"note": SECRET, "w": torch.zeros(3)}), "8 or more words of a report"),
        (lambda: saved({SECRET: torch.zeros(3)}), "8 or more words of a report"),
        (lambda: saved({"ACC0012345": torch.zeros(3)}), "an accession number or study key"),
        (lambda: saved(torch.nn.Linear(2, 2)), "a checkpoint with more than tensors: the name torch.nn.modules"),
        (lambda: saved({"a": 1}), "no weights"),
        (lambda: saved({"w": torch.zeros(3), "picture": list(range(300_000))}), "a checkpoint with more than tensors: numbers"),
        (lambda: saved({"w": torch.zeros(3), "bytes": 2**400}), "a checkpoint with more than tensors: numbers that are data"),
        (lambda: checkpoint(evil_pickle(), {}), "a checkpoint with more than tensors: the name"),
        (evil_pickle, "no checkpoint as torch.save writes it today"),
        (lambda: pickle.dumps({"w": [1.0] * 9}), "no checkpoint as torch.save"),
        (lambda: b"PK\x03\x04junk", "no checkpoint as torch.save"),
        (lambda: checkpoint(b"junk", {}), "a checkpoint with more than tensors: no well-formed pickle"),
        (lambda: saved(weights()) + bytes(4096), "a checkpoint with bytes beside its parts"),
        (lambda: bytes(4096) + saved(weights()), "a checkpoint with bytes beside its parts"),
        (lambda: saved(weights()).replace(b"ZZZZZZZZ", b"PATIENTS"), "a checkpoint with bytes beside its parts"),
    ],
)  # fmt: skip
def test_what_is_no_weight_does_not(scan, content, what):
    """Volumes, pixels, words of a report, modules, code, other formats, bytes behind the end."""
    found = [finding.what for finding in refusals(scan(content()))]

    assert [one for one in found if one.startswith(what)]
    assert not TRACE.exists()


def rewritten(
    content: bytes, *, compress: bool = False, add: tuple[str, bytes] | None = None, comment: bytes = b""
) -> bytes:
    """A checkpoint packed anew."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w") as after:
        for member in before.infolist():
            kind = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
            after.writestr(member.filename, before.read(member), compress_type=kind)
        if add:
            after.writestr(*add)
        after.comment = comment
    return out.getvalue()


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"add": ("archive/data/99", bytes(4096))}, "data that no tensor has"), ({"comment": b"hello"}, "more than torch.save"),
        ({"add": ("archive/code/a.py", b"x")}, "a part that torch.save doesn't write"), ({"compress": True}, "compressed"),
        ({"add": ("archive/version", b"9" * 65)}, "no data.pkl, or something twice"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")  # the attack is a file of one name twice
def test_nothing_hides_beside_the_tensors(scan, changed, what):
    """Members that torch doesn't read, comments, compression."""
    assert refusals(scan(rewritten(saved(weights())))) == ()

    assert what in refusals(scan(rewritten(saved(weights()), **changed)))[0].what


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
)


@given(PLAIN)
def test_plain_values_are_read_without_unpickling(value):
    """Numbers, words, lists and maps in any nesting; their words are all told."""
    words: set[str] = set()
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, str):
            words.add(one)
        pending += (
            [*one.keys(), *one.values()] if isinstance(one, dict) else one if isinstance(one, (list, tuple)) else []
        )

    assert words == set(described(pickle.dumps(value, protocol=2)).words)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "value",
    [print, Path("/"), {1}, b"bytes", complex(1), range(3), ValueError("x"), bytearray(b"x"), frozenset({1})],
    ids=repr,
)
def test_every_other_object_is_refused(protocol, value):
    """By the name that it needs, or by its instruction."""
    with pytest.raises(NotPlainError):
        described(pickle.dumps({"a": value}, protocol=protocol))


@given(st.binary(max_size=200))
def test_any_bytes_are_no_surprise(junk):
    """What is no pickle is refused, and nothing else happens."""
    for content in (junk, b"\x80\x02" + junk, b"\x80\x02}(" + junk + b"u."):
        try:
            described(content)
        except NotPlainError:
            continue


def test_safetensors_leave(scan):
    """Arrays that lie one after the other, and nothing else."""
    content = safetensors(("w", "F32", (3, 4), 48), ("b", "BF16", (4,), 8))

    (finding,) = scan(content, scan_safetensors)

    assert finding.what == "2 arrays with 16 numbers"


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x00" * 8, b"\xff" * 16, safetensors(("w", "F32", (3,), 12), behind=b"more"), safetensors(("w", "F32", (3,), 16)),
        safetensors(("w", "X9", (3,), 12)), safetensors(("w", "F32", (40, 40, 40), 256_000)),
        safetensors(("w", "F32", (1,), 4)).replace(b'"shape": [1]', b'"dtype": "x"'),
        safetensors(("w", "U8", (100, 100), 10_000)), safetensors((SECRET, "F32", (1,), 4)),
    ],
)  # fmt: skip
def test_other_safetensors_do_not(scan, content):
    """Broken ones, bytes behind or between the arrays, images, words."""
    assert refusals(scan(content, scan_safetensors))
