"""A site with the root helper, which its service account uses through sudo; ann and bob are on one project, ann on a second."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ccds_kernel.irb.applying import apply_application
from ccds_kernel.session import root_helper
from support.components import need_program
from support.site import application, on_roster
from support.unix import UnixSite, sudo_rules, unix_site

PROJECT, OTHER = "CCDSTR-1", "CCDSTR-2"
SESSION = "ccdstr-1-lab"
HELPER = Path(root_helper.__file__)


@pytest.fixture(scope="module")
def site() -> Iterator[UnixSite]:
    """Two projects: ann and bob are on the first, ann on the second, too; sudo lets the service account use the helper."""
    need_program("setfacl", "apt-get install acl")
    with ExitStack() as stack:
        made = stack.enter_context(unix_site("ann", "bob", more='[sessions]\nhelper = true\nsockets = "/run/ccdst"'))
        ann, bob = made.users["ann"], made.users["bob"]
        for project, roles in ((PROJECT, {ann: "scientist", bob: "scientist"}), (OTHER, {ann: "scientist"})):
            apply_application(
                application(id=project, data=["images", "reports"], roster=on_roster(**roles)),
                person="root",
                settings=made.settings,
            )
        stack.enter_context(sudo_rules(made))
        stack.callback(shutil.rmtree, "/run/ccdst", ignore_errors=True)
        yield made
