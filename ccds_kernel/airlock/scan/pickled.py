"""Reads what a pickle would build, without building it: a machine of our own for the few instructions that a state dict needs.

Python's unpickler calls whatever a file names. Here an instruction only ever makes numbers, words, lists, maps and descriptions
of tensors; every other instruction, and every name but a dozen of torch's, ends the reading.

Rejected: a list of forbidden names (there is always one more), and `torch.load(weights_only=True)` (its list is longer than ours,
and torch takes seconds to import).
"""

from __future__ import annotations

import pickletools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ccds_kernel.airlock.scan.tensor import Tensor

MOST_STEPS = 2_000_000
MOST_NUMBERS = 4096
"""Settings are fewer; more are a picture."""

MOST_OF_TENSOR = 16
"""Numbers with which one tensor is told: its place, its sides, and so on."""

LARGEST_NUMBER = 2**63
"""Larger whole numbers are bytes in disguise."""

STORAGES: Mapping[str, str] = {
    "torch DoubleStorage": "float64", "torch FloatStorage": "float32", "torch HalfStorage": "float16",
    "torch BFloat16Storage": "bfloat16", "torch LongStorage": "int64", "torch IntStorage": "int32",
    "torch ShortStorage": "int16", "torch CharStorage": "int8", "torch ByteStorage": "uint8", "torch BoolStorage": "bool",
}  # fmt: skip
"""A storage's class → the type of its numbers."""

_CALLED = frozenset(
    {"collections OrderedDict", "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter", "torch Size"}
)
_FRAME_HEAD = 9
_CODE = re.compile(r"[A-Za-z_][\w.]{0,60} [A-Za-z_][\w.]{0,60}")


class NotPlainError(ValueError):
    """A pickle that does more than describe tensors; says what, in words without anything of the file but a name of code."""


@dataclass(frozen=True)
class Storage:
    """A run of numbers, kept beside the pickle under `key`."""

    dtype: str
    key: str
    numbers: int


@dataclass(frozen=True)
class Placed:
    """Where a tensor lies in a storage: from number `begin` on, as many as it has, without a gap."""

    storage: Storage
    begin: int
    tensor: Tensor


@dataclass(frozen=True)
class Described:
    """What a pickle describes: its tensors, where they lie, their storages by key, and its words."""

    placed: tuple[Placed, ...]
    storages: Mapping[str, Storage]
    words: tuple[str, ...]

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors in the order in which they are told."""
        return tuple(one.tensor for one in self.placed)

    @property
    def unfilled(self) -> bool:
        """Whether some number of a storage belongs to no tensor, or a tensor reaches beyond its storage."""
        spans: dict[str, list[tuple[int, int]]] = {key: [] for key in self.storages}
        for one in self.placed:
            spans[one.storage.key].append((one.begin, one.begin + one.tensor.numbers))
        return any(not _covers(sorted(spans[key]), storage.numbers) for key, storage in self.storages.items())


@dataclass(frozen=True)
class _Name:
    name: str


class _Mark:
    """Where a tuple, list or map begins on the stack."""


def described(pickle: bytes) -> Described:
    """What `pickle` would build.

    Raises:
        NotPlainError: it is none, or would do more.
    """
    machine = _Machine()
    last: int | None = -1
    try:
        for opcode, argument, at in pickletools.genops(pickle):
            machine.run(opcode.name, argument, at)
            last = at
    except NotPlainError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise NotPlainError("no well-formed pickle") from error
    if last != len(pickle) - 1 or machine.frame_end > len(pickle):
        raise NotPlainError("bytes behind the pickle's end")
    if machine.numbers > MOST_NUMBERS + MOST_OF_TENSOR * len(machine.placed):
        raise NotPlainError("numbers that are data")
    return Described(tuple(machine.placed), machine.storages, tuple(machine.words))


class _Machine:
    """The stack and the memo of a pickle's instructions."""

    def __init__(self) -> None:
        self.placed: list[Placed] = []
        self.numbers = 0
        self.frame_end = 0
        self.storages: dict[str, Storage] = {}
        self.words: list[str] = []
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._steps = 0

    def run(self, name: str, argument: Any, at: int | None) -> None:  # noqa: ANN401 - whatever the instruction carries
        """One instruction, which stands at byte `at`.

        Raises:
            NotPlainError: it isn't one of ours, or comes after too many others.
        """
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise NotPlainError("too many instructions")
        if name in _PUSHED:
            self._push(argument)
        elif name in _MADE:
            self._stack.append(_MADE[name]())
        elif name in _STEPS:
            _STEPS[name](self, argument)
        elif name == "FRAME":
            self._frame(argument, at or 0)
        elif name != "STOP" and (name, at) != ("PROTO", 0):
            raise NotPlainError(f"the instruction {name}")

    def _frame(self, length: int, at: int) -> None:
        """One begins where the one before it ended: its length says nothing else."""
        if at < self.frame_end:
            raise NotPlainError("frames that aren't as pickle writes them")
        self.frame_end = at + _FRAME_HEAD + length

    def _push(self, value: str | float) -> None:
        self._stack.append(value)
        if isinstance(value, str):
            self.words.append(value)
            return
        self.numbers += 1
        if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
            raise NotPlainError("numbers that are data")

    def put(self, argument: Any) -> None:  # noqa: ANN401 - see run
        if argument not in {None, len(self._memo)}:  # pickle counts; any other number is data
            raise NotPlainError("a memo that isn't as pickle writes it")
        self._memo[len(self._memo)] = self._stack[-1]

    def get(self, argument: Any) -> None:  # noqa: ANN401 - see run
        self._stack.append(self._memo[argument])

    def name(self, argument: Any) -> None:  # noqa: ANN401 - see run
        if argument is None:
            last, first = self._stack.pop(), self._stack.pop()
            argument = f"{first} {last}"
        if argument not in _CALLED and argument not in STORAGES:
            raise NotPlainError(f"the name {_shown(argument)}")
        self._stack.append(_Name(argument))

    def tuple_of(self, count: int) -> None:
        parts = tuple(self._stack[-count:])
        del self._stack[-count:]
        self._stack.append(parts)

    def tuple_from_mark(self, _: object) -> None:
        self._stack.append(tuple(self._since_mark()))

    def take_many(self, _: object) -> None:
        self._since_mark()  # entries of the list or map below: nothing is read from those

    def take_one(self, _: object) -> None:
        self._stack.pop()

    def take_pair(self, _: object) -> None:
        del self._stack[-2:]

    def persistent(self, _: object) -> None:
        kind, storage, key, _device, numbers = self._stack.pop()
        if kind != "storage" or not isinstance(storage, _Name) or storage.name not in STORAGES:
            raise NotPlainError("something kept beside it that is no storage")
        found = Storage(STORAGES[storage.name], str(key), int(numbers))
        if self.storages.setdefault(found.key, found) != found:
            raise NotPlainError("one storage of two types")
        self._stack.append(found)

    def call(self, _: object) -> None:
        arguments, called = self._stack.pop(), self._stack.pop()
        if not isinstance(called, _Name) or not isinstance(arguments, tuple):
            raise NotPlainError("a call of something that has no name")
        if called.name == "torch._utils _rebuild_tensor_v2":
            storage, begin, shape, strides = arguments[:4]
            tensor = Tensor(storage.dtype, tuple(map(_whole, shape)))
            if not _is_dense(tensor.shape, tuple(map(_whole, strides))):
                raise NotPlainError("a part of a larger array; save a clone() of it")
            self.placed.append(Placed(storage, _whole(begin), tensor))
            self._stack.append(tensor)
        elif called.name == "torch._utils _rebuild_parameter":
            self._stack.append(arguments[0])
        else:
            self._stack.append(())

    def _since_mark(self) -> list[Any]:
        at = max(place for place, value in enumerate(self._stack) if isinstance(value, _Mark))
        values = self._stack[at + 1 :]
        del self._stack[at:]
        return values


def _whole(number: object) -> int:
    """A side, a stride or a place.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(number, int) or number < 0:
        raise ValueError("no whole number")
    return number


def _is_dense(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Whether an array has all numbers from its first to its last, in whichever order of its sides."""
    if len(shape) != len(strides):
        return False
    step = 1
    for stride, side in sorted((stride, side) for side, stride in zip(shape, strides, strict=True) if side > 1):
        if stride != step:
            return False
        step *= side
    return True


def _covers(spans: list[tuple[int, int]], numbers: int) -> bool:
    """Whether `spans`, sorted, leave out none of the numbers from 0 to `numbers`, and reach no further."""
    reached = 0
    for begin, end in spans:
        if begin > reached:
            return False
        reached = max(reached, end)
    return reached == numbers


def _shown(name: object) -> str:
    """A name of code, or that it is none."""
    text = str(name)
    return text.replace(" ", ".") if _CODE.fullmatch(text) else "of no code"


_PUSHED = frozenset(
    {"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
)
_MADE: Mapping[str, Callable[[], Any]] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False, "EMPTY_TUPLE": tuple, "EMPTY_LIST": list,
    "EMPTY_DICT": dict, "MARK": _Mark,
}  # fmt: skip
_STEPS: Mapping[str, Callable[[_Machine, Any], None]] = {
    "BINPUT": _Machine.put, "LONG_BINPUT": _Machine.put, "MEMOIZE": _Machine.put, "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get, "GLOBAL": _Machine.name, "STACK_GLOBAL": _Machine.name, "TUPLE": _Machine.tuple_from_mark,
    "TUPLE1": lambda machine, _: machine.tuple_of(1), "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3), "APPEND": _Machine.take_one, "APPENDS": _Machine.take_many,
    "SETITEM": _Machine.take_pair, "SETITEMS": _Machine.take_many, "BUILD": _Machine.take_one,
    "BINPERSID": _Machine.persistent, "REDUCE": _Machine.call,
}  # fmt: skip
