"""A submission's files → what is found in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ccds_kernel.airlock.allowed import ALLOWED, described
from ccds_kernel.airlock.finding import Finding, note, refuse
from ccds_kernel.airlock.scan.disguise import TooMuchError, beginning, inside, packed, voxels_in
from ccds_kernel.airlock.scan.known_texts import KnownTexts
from ccds_kernel.airlock.scan.notebook import scan_notebook
from ccds_kernel.airlock.scan.picture import scan_jpeg, scan_png, scan_svg
from ccds_kernel.airlock.scan.table_file import scan_csv, scan_json
from ccds_kernel.airlock.scan.text import decoded, scan_text, scan_words
from ccds_kernel.airlock.scan.weights import scan_safetensors, scan_torch
from ccds_kernel.airlock.scan.words import json_words, yaml_words
from ccds_kernel.airlock.submission import Submission, suffix_of

_CHUNK = 2**20


def scan(submission: Submission, folder: Path, known: KnownTexts) -> tuple[Finding, ...]:
    """What is found in `submission`: in its reason, its files' names, and its files, which lie in `folder`.

    Raises:
        OSError: a file can't be read.
    """
    found = scan_text(submission.reason, "", known)
    for file in submission.files:
        found += scan_text(file.name, file.name, known, place=lambda _: "its name", quiet=True)
        found += scan_file(folder / file.name, file.name, submission, known)
    return tuple(dict.fromkeys(found))


def scan_file(path: Path, name: str, submission: Submission, known: KnownTexts) -> list[Finding]:
    """What is found in the one file at `path`, which the submission calls `name`.

    Raises:
        OSError: it can't be read.
    """
    suffix, kind = suffix_of(name), submission.kind
    if what := _disguised(path, suffix):
        return [refuse(what, name)]
    if suffix not in ALLOWED[kind]:
        return [refuse(f"a kind of file that a {kind} has not; it may have {described(kind)}", name)]
    if path.stat().st_size > ALLOWED[kind][suffix]:
        return [refuse(f"more than {ALLOWED[kind][suffix]:,} bytes", name)]
    if suffix in _WEIGHTS:
        return _WEIGHTS[suffix](path, name, known)
    content = path.read_bytes()
    if suffix in _BINARY:
        return _BINARY[suffix](content, name, known)
    return _scan_plain(content, name, known)


def _disguised(path: Path, suffix: str) -> str | None:
    """What the file at `path` is under its name, where that never leaves."""
    with path.open("rb") as source:
        head = source.read(512)
    if packed(head) and suffix not in _WEIGHTS:
        try:
            return inside(path)
        except TooMuchError:
            return "an archive that holds more than is looked through"
    return beginning(head) or voxels_in(_chunks(path))


def _scan_plain(content: bytes, name: str, known: KnownTexts) -> list[Finding]:
    text, suffix = decoded(content, name), suffix_of(name)
    if isinstance(text, Finding):
        return [text]
    table, words_of = _TABLES.get(suffix), _WORDS.get(suffix)
    found = scan_text(text, name, known, quiet=table is not None)
    if words_of:
        try:
            found += scan_words(words_of(text), name, known, found)
        except (ValueError, RecursionError):
            return [*found, refuse(f"{suffix[1:].upper()} that isn't well-formed", name)]
    return found + (table(text, name) if table else [note(f"{len(text.splitlines()):,} lines", name)])


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            yield chunk


_WEIGHTS: Mapping[str, Callable[[Path, str, KnownTexts], list[Finding]]] = {
    ".pt": scan_torch, ".pth": scan_torch, ".safetensors": scan_safetensors,
}  # fmt: skip
_BINARY: Mapping[str, Callable[[bytes, str, KnownTexts], list[Finding]]] = {
    ".png": scan_png, ".jpg": scan_jpeg, ".jpeg": scan_jpeg, ".svg": scan_svg, ".ipynb": scan_notebook,
}  # fmt: skip
_TABLES: Mapping[str, Callable[[str, str], list[Finding]]] = {".csv": scan_csv, ".tsv": scan_csv, ".json": scan_json}
_WORDS: Mapping[str, Callable[[str], list[str]]] = {".json": json_words, ".yaml": yaml_words, ".yml": yaml_words}
