"""Read by `jupyterhub-singleuser` in an app session; what it says stands in `app_server.py`.

Jupyter only logs what goes wrong in here, and serves with its own defaults: without any lock. So the server ends.
"""

import sys
import traceback

from ccds_kernel.session.app_server import configure

try:
    configure(get_config())  # type: ignore[name-defined] # noqa: F821 - traitlets puts it there
except Exception:  # noqa: BLE001 - whatever it is
    traceback.print_exc()
    sys.exit(1)
