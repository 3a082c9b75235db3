"""Read by `jupyterhub-singleuser` in a lab session; what it says stands in `lab_server.py`."""

from ccds_kernel.session.lab_server import configure

configure(get_config())  # type: ignore[name-defined] # noqa: F821 - traitlets puts it there
