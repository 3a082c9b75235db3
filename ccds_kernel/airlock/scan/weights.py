"""Files of weights: a state dict as torch saves it, or safetensors. Only arrays, no code, nothing between or behind them."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from ccds_kernel.airlock.finding import Finding, refuse
from ccds_kernel.airlock.scan.known_texts import KnownTexts
from ccds_kernel.airlock.scan.pickled import Described, NotPlainError, described
from ccds_kernel.airlock.scan.tensor import BYTES, Tensor, scan_tensors
from ccds_kernel.airlock.scan.text import scan_text
from ccds_kernel.airlock.scan.zip_layout import is_gapless

_LARGEST_PICKLE = 64 * 2**20
_MOST_MEMBERS = 100_000

_PLAIN_MEMBERS = frozenset(
    {"data.pkl", "byteorder", "version", ".format_version", ".storage_alignment", ".data/serialization_id"}
)
_SMALL = 64
_TYPES: Mapping[str, str] = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32", "I16": "int16",
    "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip


def scan_torch(path: Path, file: str, known: KnownTexts) -> list[Finding]:
    """What is found in the state dict at `path`, which is called `file`."""
    try:
        with path.open("rb") as source, zipfile.ZipFile(source) as archive:
            found = _described(archive)
            if not is_gapless(source, archive, path.stat().st_size):
                return [refuse("a checkpoint with bytes beside its parts", file)]
    except NotPlainError as error:
        return [refuse(f"a checkpoint with more than tensors: {error}", file)]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, struct.error):
        return [refuse("no checkpoint as torch.save writes it today", file)]
    return [
        *scan_tensors(found.tensors, file, tuple(Tensor(one.dtype, (one.numbers,)) for one in found.storages.values())),
        *scan_text("\n".join(found.words), file, known, place=lambda _: "its words"),
    ]


def scan_safetensors(path: Path, file: str, known: KnownTexts) -> list[Finding]:
    """What is found in the safetensors at `path`, which is called `file`."""
    try:
        with path.open("rb") as source:
            tensors, words = _header(source, path.stat().st_size)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [refuse("no safetensors, or something between its arrays", file)]
    return [*scan_tensors(tensors, file), *scan_text(words, file, known, place=lambda _: "its words")]


def _described(archive: zipfile.ZipFile) -> Described:
    members = archive.infolist()
    if len(members) > _MOST_MEMBERS or archive.comment:
        raise NotPlainError("more than torch.save writes")
    inside = {member.filename.partition("/")[2]: member for member in members}
    if len(inside) < len(members) or "data.pkl" not in inside:
        raise NotPlainError("no data.pkl, or something twice")
    if any(member.compress_type != zipfile.ZIP_STORED or member.comment for member in members):
        raise NotPlainError("something that is compressed or commented")
    pickle = inside["data.pkl"]
    if pickle.file_size > _LARGEST_PICKLE:
        raise NotPlainError("a pickle that holds data itself")
    found = described(archive.read(pickle))
    _check_members(inside, found)
    if found.unfilled:
        raise NotPlainError("numbers that no tensor shows; save a clone() of each")
    return found


def _check_members(inside: Mapping[str, zipfile.ZipInfo], found: Described) -> None:
    if missing := found.storages.keys() - {name.removeprefix("data/") for name in inside}:
        raise NotPlainError(f"{len(missing)} storages whose data isn't there")
    for name, member in inside.items():
        if name.startswith("data/"):
            storage = found.storages.get(name.removeprefix("data/"))
            if storage is None or storage.numbers * BYTES[storage.dtype] != member.file_size:
                raise NotPlainError("data that no tensor has")
        elif name not in _PLAIN_MEMBERS or (name != "data.pkl" and member.file_size > _SMALL):
            raise NotPlainError("a part that torch.save doesn't write")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A map of JSON. A name that stands twice hides what it said first.

    Raises:
        ValueError: one does.
    """
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("one name twice")
    return values


def _header(source: IO[bytes], size: int) -> tuple[list[Tensor], str]:
    """The arrays of safetensors, and its words.

    Raises:
        ValueError: it is none, or its arrays aren't all that is in it.
    """
    length = int.from_bytes(source.read(8), "little")
    if not 0 < length <= min(_LARGEST_PICKLE, size - 8):
        raise ValueError("no header")
    header = json.loads(source.read(length), object_pairs_hook=_each_once)
    words = [f"{key} {value}" for key, value in header.pop("__metadata__", {}).items()]
    tensors, end = [], 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        dtype = _TYPES[entry["dtype"]]
        tensor = Tensor(dtype, tuple(int(side) for side in entry["shape"]))
        begin, after = entry["data_offsets"]
        if (
            begin != end
            or after - begin != tensor.numbers * BYTES[dtype]
            or set(entry) != {"dtype", "shape", "data_offsets"}
        ):
            raise ValueError("arrays that don't lie one after the other")
        end = after
        tensors.append(tensor)
        words.append(name)
    if 8 + length + end != size:
        raise ValueError("bytes behind the arrays")
    return tensors, "\n".join(words)
