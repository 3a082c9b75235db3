"""`ccds doctor [--security|--scheduler [--person NAME]] [--json]`: what a machine can run, how its site is locked, what its
scheduler does.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from functools import partial

from ccds_kernel.errors import CcdsError


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document: whether all works, and each finding"
    )
    subject = parser.add_mutually_exclusive_group()
    subject.add_argument(
        "--security", action="store_true", help="name each weak setting of this site, and what to do about it"
    )
    subject.add_argument(
        "--scheduler", action="store_true", help="name what this site's scheduler lacks; asks it, and runs one tiny job"
    )
    parser.add_argument(
        "--person",
        metavar="NAME",
        help="whose that job is, on a cluster where sessions are their people's ([sessions] helper)",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from ccds_kernel.doctor.checkup import examine
    from ccds_kernel.doctor.finding import Verdict
    from ccds_kernel.doctor.scheduler.checkup import examine_scheduler
    from ccds_kernel.doctor.scheduler.tiny_job import ForPeople
    from ccds_kernel.doctor.security.checkup import examine_security
    from ccds_kernel.session.hub_scheduler import hub_scheduler

    findings = []
    scheduler = partial(examine_scheduler, ForPeople(hub_scheduler, options.person))
    look = examine_security if options.security else scheduler if options.scheduler else examine
    for finding in look():
        findings.append(finding)
        if not options.json:
            print(finding.line())
    wrong = [finding.name for finding in findings if finding.verdict is Verdict.WRONG]
    if options.json:
        print(json.dumps({"works": not wrong, "findings": [asdict(finding) for finding in findings]}, indent=2))
    if wrong:
        raise CcdsError(
            expected="everything that this site's settings ask for to work",
            found=f"what is wrong with {', '.join(wrong)}",
            do="do what those lines say",
        )
