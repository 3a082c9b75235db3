"""Kernels: behind a server, run by messages as a page would, and by themselves, started as Jupyter starts them."""

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from websockets.sync.client import connect

import ccds_kernel.session

KERNELSPEC = Path(ccds_kernel.session.__file__).parent / "kernelspec"


@dataclass(frozen=True)
class Answer:
    """What a cell gave: its status, and what it sent to the page."""

    status: str
    outputs: list[dict[str, Any]]

    @property
    def shown(self) -> dict[str, Any]:
        """The one display of the cell, by MIME type."""
        (output,) = [content["data"] for content in self.outputs if "data" in content]
        return dict(output)

    @property
    def printed(self) -> str:
        """What it printed."""
        return "".join(content["text"] for content in self.outputs if "text" in content)

    @property
    def errors(self) -> list[str]:
        """Each error as the page shows it."""
        return ["\n".join(content["traceback"]) for content in self.outputs if "traceback" in content]


@dataclass(frozen=True)
class Kernel:
    """A running kernel."""

    client: BlockingKernelClient

    def run(self, cell: str) -> Answer:
        """Runs one cell."""
        outputs: list[dict[str, Any]] = []
        kinds = {"stream", "execute_result", "display_data", "error"}
        reply = self.client.execute_interactive(
            cell,
            allow_stdin=False,
            timeout=60,
            output_hook=lambda message: (
                outputs.append(message["content"]) if message["header"]["msg_type"] in kinds else None
            ),
        )
        return Answer(reply["content"]["status"], outputs)


@contextmanager
def running_kernel(folder: Path, env: Mapping[str, str]) -> Iterator[Kernel]:
    """A kernel of the `ccds` kernelspec, in `folder`, until the block ends.

    Args:
        folder: where it runs, and where Jupyter keeps what it needs.
        env: its environment besides this process's; empty values stand for what isn't set.
    """
    specs = KernelSpecManager(kernel_dirs=[str(folder / "share/jupyter/kernels")], ensure_native_kernel=False)
    specs.install_kernel_spec(str(KERNELSPEC), "ccds", prefix=str(folder))
    manager = KernelManager(
        kernel_name="ccds", kernel_spec_manager=specs, connection_file=str(folder / f"kernel-{uuid.uuid4().hex}.json")
    )
    ours = {"CCDS_PROJECT", "CUDA_VISIBLE_DEVICES", "PIP_CONSTRAINT"}  # the last is make's, for the installation
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    manager.start_kernel(cwd=str(folder), env=inherited | {"IPYTHONDIR": str(folder / "ipython")} | dict(env))
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=60)
        yield Kernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


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
