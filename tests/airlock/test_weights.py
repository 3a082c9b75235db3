"""Checkpoints: arrays of numbers leave; code, images and bytes that nobody looks at don't."""

import gzip
import io
import pickle
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.airlock.finding import Finding, Severity, refusals
from ccds_kernel.airlock.scan.known_texts import KnownTexts
from ccds_kernel.airlock.scan.pickled import NotPlainError, described
from ccds_kernel.airlock.scan.weights import scan_safetensors, scan_torch
from support.airlock import REPORTS, SECRET, checkpoint, evil_pickle, nifti, safetensors

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


def storage_of(kind: str, numbers: int, shape: tuple[int, ...], strides: tuple[int, ...], *, begin: int = 0) -> bytes:
    """A pickle of one tensor in a storage of so many numbers, written by hand."""

    def whole(number: int) -> bytes:
        return b"J" + struct.pack("<i", number)

    def word(text: str) -> bytes:
        return b"X" + struct.pack("<I", len(text)) + text.encode()

    def many(sides: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(map(whole, sides)) + b"t"

    kept = (
        b"(" + word("storage") + f"ctorch\n{kind}Storage\n".encode() + word("0") + word("cpu") + whole(numbers) + b"tQ"
    )
    rest = whole(begin) + many(shape) + many(strides) + b"\x89}t"
    return b"\x80\x02}" + word("w") + b"ctorch._utils\n_rebuild_tensor_v2\n(" + kept + rest + b"Rs."


@pytest.mark.parametrize("protocol", [2, 4])
def test_arrays_lie_as_networks_have_them(scan, protocol):
    """Tied to another, transposed, channels last, several in one storage, written in frames: every number is shown."""
    flat = torch.arange(3000.0)
    lstm = torch.nn.LSTM(8, 16, 2)
    value = {
        "tied": flat, "again": flat, "turned": torch.zeros(30, 40).t(), "empty": torch.zeros(0, 3),
        "last": torch.zeros(8, 4, 3, 3).to(memory_format=torch.channels_last), "one": flat[:1000], "two": flat[1000:],
        **{f"lstm.{name}": tensor for name, tensor in lstm.state_dict().items()},
        **{f"layer{n}": torch.zeros(3) for n in range(3000)},
    }  # fmt: skip
    out = io.BytesIO()
    torch.save(value, out, pickle_protocol=protocol)

    assert refusals(scan(out.getvalue())) == ()


FILE = gzip.compress(nifti() + bytes(range(256)) * 64, compresslevel=0)
HONEST = storage_of("Byte", 64, (64,), (1,))
STOLEN = storage_of("Byte", len(FILE), (1,), (1,))
MANY_NUMBERS = {"w": 0, "floats": [float(n) for n in range(5000)]}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (lambda: checkpoint(HONEST + FILE, {"0": bytes(64)}), "bytes behind the pickle's end"),
        (lambda: checkpoint(HONEST + HONEST, {"0": bytes(64)}), "bytes behind the pickle's end"),
        (lambda: checkpoint(STOLEN, {"0": FILE}), "numbers that no tensor shows"),
        (lambda: checkpoint(storage_of("Byte", 64, (2, 2), (32, 1)), {"0": bytes(64)}), "a part of a larger array"),
        (lambda: checkpoint(storage_of("Byte", 64, (64,), (0,)), {"0": bytes(64)}), "a part of a larger array"),
        (lambda: checkpoint(storage_of("Byte", 64, (64,), (1, 1)), {"0": bytes(64)}), "a part of a larger array"),
        (lambda: checkpoint(storage_of("Byte", 64, (64,), (1,), begin=1), {"0": bytes(64)}), "numbers that no tensor shows"),
        (lambda: checkpoint(storage_of("Byte", 64, (64,), (1,), begin=-1), {"0": bytes(64)}), "no well-formed pickle"),
        (lambda: checkpoint(HONEST, {}), "1 storages whose data isn't there"),
        (lambda: saved({"a": torch.zeros(9)[:3]}), "numbers that no tensor shows"),
        (lambda: checkpoint(HONEST.replace(b"J\x40\0\0\0t", b"J\x40\0\0\0r\x78\x56\x34\x12t"), {"0": bytes(64)}), "a memo"),
        (lambda: checkpoint(HONEST[:2] + b"\x80\x07" + HONEST[2:], {"0": bytes(64)}), "the instruction PROTO"),
        (lambda: checkpoint(HONEST[:2] + b"\x95DICM\2\0\0\0" + HONEST[2:], {"0": bytes(64)}), "bytes behind"),
        (lambda: checkpoint(HONEST[:2] + (b"\x95" + b"\x7f" + bytes(7)) * 2 + HONEST[2:], {"0": bytes(64)}), "frames"),
        (lambda: saved(MANY_NUMBERS), "numbers that are data"),
    ],
)  # fmt: skip
def test_every_byte_belongs_to_an_array_that_is_shown(scan, content, what):
    """Nothing behind the pickle's end, in a storage that a tensor shows a part of, or in numbers that nobody reads."""
    assert refusals(scan(checkpoint(HONEST, {"0": bytes(64)}))) == ()

    assert what in refusals(scan(content()))[0].what


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (lambda: {f"a{n}": part for n, part in enumerate(torch.zeros(5000, dtype=torch.uint8).split(1000))}, "storage 1"),
        (lambda: {f"a{n}": torch.zeros(4096, dtype=torch.uint8) for n in range(17)}, ""),
    ],
)  # fmt: skip
def test_whole_numbers_are_counted_together(scan, value, place):
    """A file that is cut into small arrays is one file, in one storage or in many."""
    (finding,) = refusals(scan(saved(value())))

    assert ("whole numbers, as pixels are" in finding.what, finding.place) == (True, place)


@pytest.mark.parametrize(
    ("shapes", "warned"),
    [([(512, 16384)], True), ([(64, 64 * 64), (3,), (3, 3)], True), ([(300, 300)] * 9, False), ([(300, 300)], False)],
)
def test_few_huge_arrays_are_pointed_out(scan, shapes, warned):
    """A volume that was made a matrix of fractions looks like weights: a reviewer is asked whether it is a network."""
    found = scan(saved({f"w{n}": torch.zeros(shape) for n, shape in enumerate(shapes)}))

    assert refusals(found) == ()
    assert any(one.what.startswith("most numbers lie in 3 arrays or fewer") for one in found) is warned


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
