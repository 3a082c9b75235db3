"""`ccds dataset snapshot | list | show | verify`."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ccds_kernel.cli._wording import counted

if TYPE_CHECKING:
    from ccds_kernel.dataset.snapshot import DatasetSnapshot
    from ccds_kernel.irb.project import Project


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the stage's verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    summary = (
        "put normalized volumes, their labels and a split by patients into a file of the project that never changes"
    )
    snapshot = _verb(verbs, "snapshot", summary, "print the dataset's digest and counts as one JSON document")
    snapshot.add_argument(
        "--name", required=True, metavar="N", help="what it is called: small letters, digits, hyphens"
    )
    snapshot.add_argument(
        "--normalized", required=True, metavar="HASH", help="the recipe's hash, or its first digits (6 or more)"
    )
    snapshot.add_argument(
        "--labels", required=True, metavar="SNAPSHOT", help="the label snapshot, as 'ccds labeling snapshot' named it"
    )
    snapshot.add_argument("--label", metavar="LABEL", help="which label, in a task in which each is decided by itself")
    snapshot.add_argument("--yes", default="present", metavar="WORD", help="the label that is 1 (default: present)")
    snapshot.add_argument("--no", default="absent", metavar="WORD", help="the label that is 0 (default: absent)")
    snapshot.add_argument(
        "--split",
        choices=("random", "date", "site"),
        default="random",
        help="how patients come to their sides: by chance, the latest tested on, or whole scanners together "
        "(default: random)",
    )
    snapshot.add_argument(
        "--shares",
        type=_shares,
        default=(70, 15, 15),
        metavar="T,V,X",
        help="percent for training, validation and test (default: 70,15,15)",
    )
    snapshot.add_argument("--seed", type=int, default=0, metavar="N", help="throws the dice anew (default: 0)")
    snapshot.set_defaults(run=_snapshot)

    listing = _verb(verbs, "list", "list the datasets of a project", "print one JSON document")
    listing.set_defaults(run=_list)

    show = _verb(verbs, "show", "say what a dataset is made of, and what is on each side", "print one JSON document")
    show.add_argument("name", metavar="NAME", help="the dataset's name")
    show.set_defaults(run=_show)

    summary = "read every volume of a dataset and compare it with what was taken; exits 1 where one differs"
    verify = _verb(verbs, "verify", summary, "print the counts as one JSON document")
    verify.add_argument("name", metavar="NAME", help="the dataset's name")
    verify.set_defaults(run=_verify)


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str, printed: str
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=summary, description=summary)
    verb.add_argument("--project", required=True, metavar="ID", help="the IRB application's id")
    verb.add_argument("--json", action="store_true", help=printed)
    return verb


def _shares(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected shares as in 70,15,15; found {text[:40]!r}") from None


def _opened(options: argparse.Namespace) -> Project:
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action

    return open_project(options.project, Action.TRAIN)


def _snapshot(options: argparse.Namespace) -> None:
    from ccds_kernel.dataset.made import Answers
    from ccds_kernel.dataset.sides import By, Split
    from ccds_kernel.dataset.snapshots import DatasetSnapshots

    split = Split(By(options.split), options.shares, options.seed)
    project = _opened(options)
    with closing(project.store), _Progress() as progress:
        taken = DatasetSnapshots(project).take(
            options.name,
            normalized=options.normalized,
            labels=options.labels,
            label=options.label,
            answers=Answers(options.yes, options.no),
            split=split,
            tell=progress.tell,
        )
    if options.json:
        told = {**_as_json(taken.snapshot), "new": taken.is_new, "left_out": dict(taken.left_out)}
        print(json.dumps(told, indent=2, ensure_ascii=False))
        return
    _print(taken.snapshot)
    if taken.left_out:
        print("left out")
    for why, count in taken.left_out.items():
        print(f"{count:>9}  {why}")
    if not taken.is_new:
        print("it was there already, the same")


def _list(options: argparse.Namespace) -> None:
    from ccds_kernel.dataset.snapshots import DatasetSnapshots

    project = _opened(options)
    with closing(project.store):
        datasets = DatasetSnapshots(project)
        found = [datasets.read(name) for name in datasets.names()]
    if options.json:
        print(json.dumps([_as_json(one) for one in found], indent=2, ensure_ascii=False))
        return
    print(counted(len(found), "dataset"))
    for one in found:
        at, studies = f"{one.made_at:%Y-%m-%d %H:%M} UTC", counted(one.studies, "study", "studies")
        print(f"{one.name}  {one.digest[:12]}  {at}  {studies}, split by {one.basis.split.by}, by {one.made_by}")


def _show(options: argparse.Namespace) -> None:
    from ccds_kernel.dataset.snapshots import DatasetSnapshots

    project = _opened(options)
    with closing(project.store):
        found = DatasetSnapshots(project).read(options.name)
    if options.json:
        print(json.dumps(_as_json(found), indent=2, ensure_ascii=False))
    else:
        _print(found)


def _verify(options: argparse.Namespace) -> None:
    from ccds_kernel.dataset.snapshots import DatasetSnapshots
    from ccds_kernel.errors import CcdsError

    project = _opened(options)
    with closing(project.store), _Progress() as progress:
        found = DatasetSnapshots(project).verify(options.name, progress.tell)
    if options.json:
        print(json.dumps({"same": found.same, "changed": found.changed, "gone": found.gone}))
    if found.changed or found.gone:
        raise CcdsError(
            expected=f"the {counted(found.same + found.changed + found.gone, 'volume')} of '{options.name}' as they were",
            found=f"{found.changed} changed, {found.gone} gone or unreadable",
            do="normalize them again with the same recipe, or restore them from the backup",
        )
    if not options.json:
        print(f"{counted(found.same, 'volume')} as they were; no patient on two sides")


def _print(found: DatasetSnapshot) -> None:
    from ccds_kernel.dataset.sides import SIDES
    from ccds_kernel.dataset.snapshot import counts_of

    basis, words = found.basis, found.basis.answers
    print(
        f"dataset {found.name}: {counted(len(found.items), 'volume')} of {counted(found.studies, 'study', 'studies')}"
    )
    print(f"digest  {found.digest}")
    print(f"labels  {basis.labels[:12]} ({basis.question}: {words.positive} is 1, {words.negative} is 0)")
    print(f"volumes {basis.volumes}")
    shares = "/".join(map(str, basis.split.shares))
    print(f"split   by {basis.split.by}, {shares} %{f', seed {basis.split.seed}' if basis.split.seed else ''}")
    for side in SIDES:
        patients, yes, no = counts_of(found.of(side))
        print(f"  {side:<10} {counted(patients, 'patient'):>13}  {yes} {words.positive}, {no} {words.negative}")


def _as_json(found: DatasetSnapshot) -> dict[str, Any]:
    from ccds_kernel.dataset.sides import SIDES
    from ccds_kernel.dataset.snapshot import counts_of

    basis = found.basis
    sides = {side: dict(zip(("patients", "yes", "no"), counts_of(found.of(side)), strict=True)) for side in SIDES}
    return {
        "dataset": found.name,
        "digest": found.digest,
        "studies": found.studies,
        "volumes": len(found.items),
        "labels": basis.labels,
        "question": basis.question,
        "answers": {"yes": basis.answers.positive, "no": basis.answers.negative},
        "folder": basis.volumes,
        "split": {"by": basis.split.by.value, "shares": list(basis.split.shares), "seed": basis.split.seed},
        "sides": sides,
        "made_by": found.made_by,
        "made_at": found.made_at.isoformat(),
    }


class _Progress:
    """A bar on a terminal while volumes are read."""

    def __enter__(self) -> _Progress:
        from tqdm import tqdm

        self._bar = tqdm(unit="volume", leave=False, disable=None, file=sys.stderr)
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def tell(self, done: int, every: int) -> None:
        self._bar.total = every
        self._bar.update(done - self._bar.n)
