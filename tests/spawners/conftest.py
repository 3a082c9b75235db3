"""Two machines with Docker, one for all tests of this folder that need them."""

from support.docker_machines import daemons, machines, session, site

__all__ = ["daemons", "machines", "session", "site"]
