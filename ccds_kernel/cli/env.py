"""`ccds env list|freeze|reset`: the packages that you added to a project's sessions."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ccds_kernel.env.overlay import Overlay


_NAMED = 5
"""So many packages are named before they are taken away."""


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the stage's verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    summary = "your environments for the project, one for each image that you added packages to"
    listed = verbs.add_parser("list", help=summary, description=summary)
    listed.add_argument("--json", action="store_true", help="print one JSON list: an object for each environment")
    listed.set_defaults(run=_list)
    summary = "what you added, pinned: a requirements file, and a Dockerfile that makes it a layer of the image"
    freeze = verbs.add_parser("freeze", help=summary, description=summary)
    freeze.add_argument("out", metavar="OUT", type=Path, help="folder that receives requirements.txt and Dockerfile")
    freeze.add_argument("--image", default="", help="the image to build upon, by its digest; else that of the session")
    freeze.set_defaults(run=_freeze)
    summary = "takes everything that you added away; the next kernel starts with an empty environment"
    reset = verbs.add_parser("reset", help=summary, description=summary)
    reset.add_argument("--yes", action="store_true", help="also where there are packages in it: there is no way back")
    reset.set_defaults(run=_reset)
    for verb in (listed, freeze, reset):
        verb.add_argument("--project", metavar="ID", help="the project; else that of the session")
    for verb in (freeze, reset):
        verb.add_argument("--key", help="an environment of another image, as 'ccds env list' names it")


def _list(options: argparse.Namespace) -> None:
    from ccds_kernel.env.frozen import packages_of, size_of
    from ccds_kernel.env.overlay import overlays_in
    from ccds_kernel.errors import CcdsError

    rows = []
    for overlay in overlays_in(_folder(options)):
        try:
            image, packages, trouble = overlay.image_name, len(packages_of(overlay)), ""
        except (CcdsError, OSError, UnicodeDecodeError):
            image, packages, trouble = "", 0, "can't be read"
        rows.append(
            {
                "key": overlay.key,
                "image": image,
                "this_session": overlay.key == _key(),
                "packages": packages,
                "mebibytes": round(size_of(overlay) / 2**20, 1),
                "trouble": trouble,
            }
        )
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        here = "*" if row["this_session"] else " "
        what = f"{_counted(row['packages'], 'package')}, {row['mebibytes']} MiB, on {row['image']}"
        if row["trouble"]:
            what = f"{row['trouble']}; 'ccds env reset --key {row['key']}' takes it away"
        print(f"{here} {row['key']}  {what}")
    print(f"{_counted(len(rows), 'environment')}; * is that of this session's image")


def _freeze(options: argparse.Namespace) -> None:
    from ccds_kernel.env.frozen import DOCKERFILE, REQUIREMENTS, dockerfile, packages_of, requirements
    from ccds_kernel.env.image import is_pinned
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.files import write_whole

    overlay = _overlay(options)
    packages = packages_of(overlay)
    image = options.image or overlay.image_name
    layer = dockerfile(image) if options.image or is_pinned(image) else ""
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        write_whole(options.out / REQUIREMENTS, requirements(packages))
        if layer:
            write_whole(options.out / DOCKERFILE, layer)
    except OSError as error:
        raise CcdsError(
            expected=f"to write the folder {options.out}",
            found=(error.strerror or "an error").lower(),
            do="name another one",
        ) from None
    print(f"{_counted(len(packages), 'package')}: {options.out / REQUIREMENTS}")
    print(options.out / DOCKERFILE if layer else "no Dockerfile: this session runs in no image; name one with --image")


def _reset(options: argparse.Namespace) -> None:
    from ccds_kernel.env.image import Image
    from ccds_kernel.env.overlay import make_overlay, remove_overlay

    overlay = _overlay(options)
    if not options.yes:
        _refuse_to_lose(overlay, f" --key {overlay.key}" if options.key else "")
    there = remove_overlay(overlay)
    if there and overlay.key == _key():
        # What runs in this session has its pip: without it, pip would be that of the installation.
        make_overlay(overlay.folder.parent, Image.of_this_process(os.environ))
    print("taken away; restart your kernels, and open new terminals" if there else "there is none; nothing was changed")


def _refuse_to_lose(overlay: Overlay, key: str) -> None:
    """Stops where there are packages that would be gone; what can't be read is lost already."""
    from ccds_kernel.env.frozen import packages_of
    from ccds_kernel.errors import CcdsError

    try:
        packages = packages_of(overlay)
    except CcdsError:
        return
    if packages:
        named = ", ".join(f"{package.name} {package.version}" for package in packages[:_NAMED])
        more = f" and {len(packages) - _NAMED} more" if len(packages) > _NAMED else ""
        raise CcdsError(
            expected="--yes, since there is no way back",
            found=f"{_counted(len(packages), 'package')} that would be gone: {named}{more}",
            do=f"'ccds env freeze OUT{key}' writes them down, 'ccds env reset --yes{key}' takes them away",
        )


def _counted(number: object, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _overlay(options: argparse.Namespace) -> Overlay:
    from ccds_kernel.env.image import is_key
    from ccds_kernel.env.overlay import Overlay
    from ccds_kernel.errors import CcdsError

    key = options.key or _key()
    if not is_key(key):
        raise CcdsError(
            expected="a key of 16 hexadecimal digits", found=ascii(key[:40]), do="take it from 'ccds env list'"
        )
    return Overlay(_folder(options) / key)


def _key() -> str:
    from ccds_kernel.env.image import Image

    return Image.of_this_process(os.environ).key


def _folder(options: argparse.Namespace) -> Path:
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.irb.application import ID
    from ccds_kernel.irb.identity import identity
    from ccds_kernel.session.environment import env_folder
    from ccds_kernel.settings import load_settings

    project = options.project or os.environ.get("CCDS_PROJECT", "")
    if not ID.fullmatch(project):
        raise CcdsError(
            expected="a project's id", found=ascii(project[:40]) if project else "none", do="name it with --project"
        )
    settings = load_settings()
    return env_folder(settings, project, identity(settings).person)
