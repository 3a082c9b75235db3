"""JupyterHub reads this; everything that it says is in `ccds_hub.config`."""

import sys

from ccds_hub.config import configure
from ccds_kernel.errors import CcdsError
from ccds_kernel.settings import load_settings

try:
    configure(get_config(), load_settings())  # type: ignore[name-defined] # noqa: F821 - JupyterHub puts it there
except CcdsError as error:
    sys.exit(f"ccds: {error}")
