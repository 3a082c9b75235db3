"""`ccds doctor [--security] [--json]`: what this machine can run, or how well its site is locked. A stage without verbs."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from ccds_kernel.errors import CcdsError


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document: whether all works, and each finding"
    )
    parser.add_argument(
        "--security", action="store_true", help="name each weak setting of this site, and what to do about it"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from ccds_kernel.doctor.checkup import examine
    from ccds_kernel.doctor.finding import Verdict
    from ccds_kernel.doctor.security.checkup import examine_security

    findings = []
    for finding in examine_security() if options.security else examine():
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
