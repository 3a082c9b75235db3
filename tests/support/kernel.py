"""A kernel behind a server, run by messages as a page would."""

import json
import uuid

from websockets.sync.client import connect


def run_code(session_url: str, kernel: str, headers: dict[str, str], code: str) -> str:
    """What `code` prints in that kernel, and the error that it ends in, if it does, with its traceback.

    Args:
        session_url: the address of the session's server, with a slash at its end.
        kernel: the kernel's id.
        headers: what opens the server.
        code: the code.
    """
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": "execute_request",
        "session": "s",
        "username": "",
        "version": "5.3",
    }
    content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
    message = {
        "header": header | {"date": "2026-01-01T00:00:00Z"},
        "parent_header": {},
        "metadata": {},
        "content": content,
    }
    url, said = f"{session_url}api/kernels/{kernel}/channels".replace("http", "ws", 1), ""
    left = {"execute_reply", "idle"}  # the reply comes on another channel than what was printed, maybe before it
    with connect(url, additional_headers=headers, max_size=2**26, open_timeout=60) as socket:
        socket.send(json.dumps(message | {"channel": "shell", "buffers": []}))
        while left:
            came = json.loads(socket.recv(timeout=90))
            if came["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            if came["msg_type"] == "stream":
                said += came["content"]["text"]
            if came["msg_type"] == "error":
                error = came["content"]
                said += "\n".join([*error["traceback"], f"{error['ename']}: {error['evalue']}"])
            left.discard(came["content"].get("execution_state") if came["msg_type"] == "status" else came["msg_type"])
    return said
