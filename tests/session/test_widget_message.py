"""Which messages of a page reach an app's kernel, and in what shape."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.base import serialize_binary_message

from ccds_kernel.session.widget_message import V1, message_permitted, to_kernel, to_page

UPDATE = {"comm_id": "c", "data": {"method": "update", "state": {"value": 1}, "buffer_paths": []}}
CONTROL = {"comm_id": "c", "target_name": "jupyter.widget.control", "data": {}}


@dataclass(frozen=True)
class Message:
    """What reaches the kernel."""

    head: dict
    parent: dict
    metadata: dict
    content: dict
    buffers: list[bytes]


def passed(message: str | bytes, protocol: str | None = None) -> list[Message]:
    """What the kernel gets of a page's message: one message, or none."""
    session = Session(key=b"k")
    frames = to_kernel(message, protocol, session)
    if frames is None:
        return []
    return [Message(*(json.loads(part) for part in frames[:4]), [bytes(buffer) for buffer in frames[4:]])]


def header(kind: object) -> dict:
    """A message's header."""
    return {"msg_id": "1", "msg_type": kind, "session": "s", "username": "u", "version": "5.3", "date": "2026-01-01"}


def as_json(kind: object, content: object, channel: object = "shell", **more: object) -> str:
    """A message as pages without the binary protocol send it."""
    values = {"channel": channel, "header": header(kind), "parent_header": {}, "metadata": {}, "content": content}
    return json.dumps(values | more)


def as_v1(kind: object, content: object, channel: str = "shell", head: bytes | None = None, buffers=()) -> bytes:
    """A message in the binary protocol."""
    texts = [head or json.dumps(header(kind)).encode(), b"{}", b"{}", json.dumps(content).encode()]
    parts = [channel.encode(), *texts, *buffers]
    count = len(parts) + 1
    offsets = [8 * (1 + count)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return b"".join(number.to_bytes(8, "little") for number in [count, *offsets]) + b"".join(parts)


ALLOWED = [
    ("kernel_info_request", {}),
    ("comm_info_request", {"target_name": "jupyter.widget"}),
    ("comm_open", CONTROL),
    ("comm_msg", UPDATE),
    ("comm_msg", {"comm_id": "c", "data": {"method": "request_states"}}),
    ("comm_msg", {"comm_id": "c", "data": {"method": "custom", "content": {"kind": "key"}}}),
]

DENIED = [
    *(
        (kind, {"code": "open('owned', 'w')", "cursor_pos": 1})
        for kind in (
            "execute_request", "complete_request", "inspect_request", "history_request", "is_complete_request",
            "debug_request", "create_subshell_request", "delete_subshell_request", "list_subshell_request",
            "usage_request", "connect_request", "interrupt_request", "shutdown_request", "input_reply", "apply_request",
            "clear_request", "abort_request", "comm_close", "update_display_data", "", None, 1, [], {}, ["comm_msg"],
        )
    ),
    ("comm_open", {"comm_id": "c", "target_name": "jupyter.widget", "data": {"state": {"_model_name": "FileUpload"}}}),
    ("comm_open", {"comm_id": "c", "target_name": "jupyter.widget.control.x"}),
    ("comm_open", {"comm_id": "c"}),
    ("comm_open", {"comm_id": "c", "target_name": ["jupyter.widget.control"]}),
    ("comm_msg", {"comm_id": "c"}),
    ("comm_msg", {"comm_id": "c", "data": {}}),
    ("comm_msg", {"comm_id": "c", "data": []}),
    ("comm_msg", {"comm_id": "c", "data": {"method": "backbone"}}),
    ("comm_msg", {"comm_id": "c", "data": {"method": ["update"]}}),
    ("comm_msg", {"comm_id": "c", "data": {"method": None}}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "content"), ALLOWED)
@pytest.mark.parametrize("protocol", [None, V1])
def test_messages_of_widgets_reach_the_kernel(protocol: str | None, kind: str, content: dict) -> None:
    """With their content as it is."""
    message = (as_v1 if protocol else as_json)(kind, content)

    got = passed(message, protocol)

    assert [(one.head["msg_type"], one.content) for one in got] == [(kind, content)]


@pytest.mark.parametrize(("kind", "content"), DENIED)
@pytest.mark.parametrize("protocol", [None, V1])
def test_nothing_else_does(protocol: str | None, kind: object, content: dict) -> None:
    """Whatever runs code, reads history, opens widgets or has no meaning."""
    message = (as_v1 if protocol else as_json)(kind, content)

    got = passed(message, protocol)

    assert got == []


@pytest.mark.parametrize("channel", ["control", "stdin", "iopub", "hb", "Shell", "shell ", "", "nonsense"])
@pytest.mark.parametrize("protocol", [None, V1])
def test_only_the_shell_channel_is_open(protocol: str | None, channel: str) -> None:
    """A widget's message on another channel is dropped as well."""
    message = (as_v1 if protocol else as_json)("comm_msg", UPDATE, channel)

    got = passed(message, protocol)

    assert got == []


@pytest.mark.parametrize("first", ["comm_msg", "execute_request"])
def test_a_doubled_key_can_not_smuggle(first: str) -> None:
    """What reaches the kernel has one type, the one that was checked, whichever of the two a parser believes."""
    second = {"comm_msg": "execute_request", "execute_request": "comm_msg"}[first]
    doubled = json.dumps(header("X")).replace('"msg_type": "X"', f'"msg_type": "{first}", "msg_type": "{second}"')

    frames = to_kernel(as_v1("", UPDATE | {"code": "1"}, head=doubled.encode()), V1, Session(key=b"k")) or []

    assert not any(b"execute_request" in frame for frame in frames)


def test_only_known_keys_of_the_header_go_on() -> None:
    """No subshell, no parent, no metadata but the protocol's version."""
    message = json.loads(as_json("comm_msg", UPDATE))
    message["header"] |= {"subshell_id": "s1", "evil": 1}
    message["parent_header"] = {"msg_id": "stolen"}
    message["metadata"] = {"version": "2.1.0", "cellId": "x"}

    (got,) = passed(json.dumps(message))

    assert set(got.head) == {"msg_id", "msg_type", "session", "username", "version", "date"}
    assert (got.parent, got.metadata) == ({}, {"version": "2.1.0"})


@pytest.mark.parametrize("protocol", [None, V1])
def test_buffers_go_on(protocol: str | None) -> None:
    """A widget's binary traits arrive."""
    message = json.loads(as_json("comm_msg", UPDATE)) | {"buffers": [b"\x00\xff"]}

    got = passed(
        as_v1("comm_msg", UPDATE, buffers=[b"\x00\xff"]) if protocol else serialize_binary_message(message), protocol
    )

    assert [one.buffers for one in got] == [[b"\x00\xff"]]


@pytest.mark.parametrize(
    "message",
    [
        "", "x", "[]", "null", "1", '"x"', "{}", b"", b"\0", b"\xff" * 40,
        as_json("comm_msg", UPDATE, header=[]), as_json("comm_msg", []), as_json("comm_msg", None),
        as_json("comm_msg", UPDATE, buffers=["x"]), as_json("comm_msg", UPDATE, buffers=[1]),
        as_json("comm_msg", UPDATE, buffers=7), as_json("comm_msg", UPDATE, metadata="version"),
        as_json("comm_msg", UPDATE, metadata=["version"]), as_json("comm_msg", {"comm_id": "\ud800"} | UPDATE | {"x": "\ud800"}),
        "[" * 100_000,
    ],
)  # fmt: skip
def test_junk_is_dropped(message: str | bytes) -> None:
    """Without an exception, which would close the page's connection."""
    assert passed(message) == []


@pytest.mark.parametrize("protocol", [None, V1])
@pytest.mark.timeout(10)
def test_a_count_of_parts_that_can_not_be_is_dropped_at_once(protocol: str | None) -> None:
    """Eight bytes don't make the server count to 2⁶⁴."""
    assert passed(b"\x7f" + b"\xff" * 7, protocol) == []


@given(st.binary(max_size=200))
def test_no_bytes_raise_or_pass(message: bytes) -> None:
    """In the binary protocol too."""
    assert passed(message, V1) == []


KEYS = st.sampled_from(["data", "method", "target_name", "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON, st.dictionaries(KEYS, JSON, max_size=3))
def test_the_rule_answers_about_anything(channel: object, kind: object, content: dict) -> None:
    """It is a rule, not a parser: any JSON gets a yes or a no."""
    answer = message_permitted(channel, kind, content)

    assert answer in {True, False}


def test_an_error_goes_to_the_page_without_its_text() -> None:
    """It may quote a patient's report: name, value and traceback stay on the server; the signature holds."""
    session = Session(key=b"k")
    message = session.msg("error", {"ename": "KeyError", "evalue": "Mrs Roe", "traceback": ["Mrs Roe, 1950"]})

    frames = to_page(session.serialize(message), session)
    assert frames
    told = session.deserialize(session.feed_identities(frames)[1])

    assert b"Roe" not in b"".join(frames)
    assert told["content"] == {"ename": "Error", "evalue": "", "traceback": []}


@pytest.mark.parametrize("kind", ["comm_msg", "display_data", "status"])
def test_what_widgets_need_goes_to_the_page(kind: str) -> None:
    """As it is."""
    session = Session(key=b"k")
    frames = session.serialize(session.msg(kind, {"data": {}}))

    assert to_page(frames, session) == frames


@pytest.mark.parametrize(
    "kind", ["stream", "execute_result", "execute_input", "execute_reply", "history_reply", "input_request"]
)
def test_what_no_widget_needs_stays_in_the_kernel(kind: str) -> None:
    """Printed text and results of code never reach the page."""
    session = Session(key=b"k")

    assert to_page(session.serialize(session.msg(kind, {"text": "secret"})), session) is None
