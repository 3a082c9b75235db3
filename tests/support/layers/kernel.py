"""A `ccds` kernel of each person's lab session, which runs what they like: it asks the door for everything."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

import ccds_kernel.session
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.settings import Settings
from support.matrix import ACTIONS, Cell, any_of, in_standing, name_of
from support.site import ADMINISTRATOR, session_of, site_settings, write_settings

PROJECT = "CHEST-1"
_ASKS = f"""
import json
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
def may(action):
    try:
        open_project({PROJECT!r}, action)
    except ProjectAccessDenied:
        return False
    return True
print(json.dumps({{action: may(action) for action in Action}}))
"""


class KernelLayer:
    """It knows every action. One kernel for each role, which goes on from standing to standing: nothing is kept from before."""

    def __init__(self, folder: Path, settings: Settings, stack: ExitStack) -> None:
        self.things = {action: any_of(action) for action in ACTIONS}
        self._folder = folder
        self._settings = settings
        self._stack = stack
        self._config = write_settings(folder)
        self._specs = KernelSpecManager(kernel_dirs=[str(folder / "share/jupyter/kernels")], ensure_native_kernel=False)
        ours = Path(ccds_kernel.session.__file__).parent / "kernelspec"
        self._specs.install_kernel_spec(str(ours), "ccds", prefix=str(folder))
        self._kernels: dict[str, BlockingKernelClient] = {}

    def observe(self, standing: str, roles: Iterable[str]) -> dict[Cell, bool]:
        """In the same kernel as before."""
        apply_application(in_standing(PROJECT, standing), person=ADMINISTRATOR, settings=self._settings)
        return {(role, action): may for role in roles for action, may in self._asked(role).items()}

    def _asked(self, role: str) -> dict[str, bool]:
        if role not in self._kernels:
            self._kernels[role] = self._stack.enter_context(self._kernel(name_of(role)))
        printed: list[str] = []
        self._kernels[role].execute_interactive(
            _ASKS,
            allow_stdin=False,
            timeout=120,
            output_hook=lambda message: printed.append(message["content"].get("text", "")),
        )
        found: dict[str, bool] = json.loads("".join(printed))
        return found

    @contextmanager
    def _kernel(self, person: str) -> Iterator[BlockingKernelClient]:
        session = session_of(person, PROJECT, self._config) | {
            "CCDS_CONFIG": str(self._config),
            "CCDS_PROJECT": PROJECT,
            "IPYTHONDIR": str(self._folder / "ipython"),
        }
        manager = KernelManager(
            kernel_name="ccds",
            kernel_spec_manager=self._specs,
            connection_file=str(self._folder / f"kernel-{person}.json"),
        )
        with (self._folder / f"kernel-{person}.log").open("wb") as log:
            manager.start_kernel(cwd=str(self._folder), env=os.environ | session, stdout=log, stderr=log)
        client = manager.client()
        try:
            client.start_channels()
            client.wait_for_ready(timeout=120)
            yield client
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            manager.cleanup_resources()


@contextmanager
def kernel_layer(folder: Path) -> Iterator[KernelLayer]:
    """Kernels of a site in `folder`, each started when it is asked first."""
    with ExitStack() as stack:
        yield KernelLayer(folder, site_settings(folder), stack)
