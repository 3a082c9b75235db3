"""Read by `jupyterhub-singleuser` in an app session; what it says stands in `app_server.py`."""

from ccds_kernel.session.app_server import configure

configure(get_config())  # type: ignore[name-defined] # noqa: F821 - traitlets puts it there
