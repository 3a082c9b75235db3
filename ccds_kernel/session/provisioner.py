"""Starts a session's kernels as its person, through the root helper; see `root_helper`.

jupyter_client finds it by its entry point (`ccds-helper`); the session's server names it as its default where the site
uses the helper. Server and kernel speak over sockets in a folder that only the two of them enter, not over the node's
loopback. The server can't signal the kernel, which is somebody else's: it says what is to happen on the helper's input, whose
end ends the kernel and all that it started.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets.config import Config

from ccds_kernel.session.helped import helper_command, refusal
from ccds_kernel.session.root_helper import REFUSED
from ccds_kernel.settings import load_settings

NAME = "ccds-helper"
_ORDERS = {signal.SIGINT: b"INT\n", signal.SIGTERM: b"TERM\n", signal.SIGKILL: b"KILL\n"}
_POLL_SECONDS = 0.1
_PORTS = ("shell_port", "iopub_port", "stdin_port", "hb_port", "control_port")


def configure(c: Config) -> None:
    """Lets every kernel of a server be started here."""
    # Not by `c`: whoever asks first for the factory makes it, with or without a configuration.
    os.environ["JUPYTER_DEFAULT_PROVISIONER_NAME"] = NAME
    c.KernelManager.transport = "ipc"
    c.KernelManager.transport_encryption = "disabled"  # nobody else enters the folder of the sockets


class HelperProvisioner(KernelProvisionerBase):
    """One kernel of the person's."""

    @property
    def _manager(self) -> Any:  # noqa: ANN401 - traitlets' parent has no type
        return self.parent

    _helper: subprocess.Popen[bytes] | None = None
    _sockets: str = ""
    _folder: str = ""

    @property
    def has_process(self) -> bool:
        """Whether one was started and not waited for."""
        return self._helper is not None

    async def poll(self) -> int | None:
        """None while it runs, else its exit status."""
        return self._helper.poll() if self._helper else 0

    async def wait(self) -> int | None:
        """Waits until it has ended."""
        if self._helper is None:
            return 0
        while (code := self._helper.poll()) is None:  # noqa: ASYNC110 - a process of another user's tells nobody
            await asyncio.sleep(_POLL_SECONDS)
        self._close()
        return code

    async def send_signal(self, signum: int) -> None:
        """Has the helper send INT, TERM or KILL to the kernel's process group; 0 and others do nothing."""
        if self._helper and self._helper.stdin and signum in _ORDERS:
            try:
                self._helper.stdin.write(_ORDERS[signal.Signals(signum)])
                self._helper.stdin.flush()
            except BrokenPipeError:  # it has ended
                return

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002 - jupyter_client's signature
        """Ends the kernel and everything that it started."""
        self._close_orders()

    async def terminate(self, restart: bool = False) -> None:  # noqa: ARG002 - jupyter_client's signature
        """Asks the kernel to end."""
        await self.send_signal(signal.SIGTERM)

    async def cleanup(self, restart: bool = False) -> None:  # noqa: ARG002 - jupyter_client's signature
        """Leaves nothing behind; the helper removes the sockets."""
        await self.kill()

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - jupyter_client's signature
        """Chooses where the kernel is reached; at a restart it stays, since the page's channels lead there."""
        manager, place = self._manager, load_settings().sessions.sockets
        if Path(manager.ip).parent.parent != place:
            manager.ip = str(place / secrets.token_hex(8) / "k")
        self._sockets = Path(manager.ip).parent.name
        for number, port in enumerate(_PORTS, 1):
            setattr(manager, port, number)
        self._folder = _below(Path.cwd(), kwargs.get("cwd"))
        manager.write_connection_file()
        self.connection_info = manager.get_connection_info()
        return await super().pre_launch(cmd=helper_command("kernel"), **kwargs)

    async def launch_kernel(self, cmd: list[str], **_kwargs: Any) -> KernelConnectionInfo:  # noqa: ANN401 - likewise
        """Starts it.

        Raises:
            CcdsError: the helper refused.
        """
        manager = self._manager
        said = {
            "name": manager.kernel_name,
            "folder": self._folder,
            "sockets": self._sockets,
            "connection": _plain(self.connection_info),
        }
        self._helper = subprocess.Popen(cmd, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)  # noqa: ASYNC220 - it is there at once
        assert self._helper.stdin  # noqa: S101 - PIPE
        try:
            self._helper.stdin.write(json.dumps(said).encode() + b"\n")
            self._helper.stdin.flush()
        except BrokenPipeError:
            pass
        if await self.poll() == REFUSED:
            raise refusal("it refused; the session's log says why")
        return self.connection_info

    async def get_provisioner_info(self) -> dict[str, Any]:
        """Nothing that could be taken up by another server: with this one's end the kernel ends."""
        return {}

    def _close(self) -> None:
        self._close_orders()
        self._helper = None

    def _close_orders(self) -> None:
        if self._helper and self._helper.stdin:
            with suppress(BrokenPipeError):  # it has ended
                self._helper.stdin.close()


def _plain(connection: KernelConnectionInfo) -> dict[str, Any]:
    """The connection as JSON has it."""
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in connection.items()}


def _below(root: Path, folder: str | None) -> str:
    """`folder` as it is called below `root`, the session's own folder; empty where it lies elsewhere."""
    return str(Path(folder).relative_to(root)) if folder and Path(folder).is_relative_to(root) else ""
