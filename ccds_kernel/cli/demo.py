"""`ccds demo`: the synthetic hospital on this machine. The one stage without verbs."""

from __future__ import annotations

import argparse
from pathlib import Path


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("--folder", type=Path, default=Path(".demo"), help="where the demo lives (default: .demo)")
    parser.add_argument("--port", type=int, default=8000, help="port on 127.0.0.1 (default: 8000)")
    parser.add_argument("--small", action="store_true", help="300 reports and 20 series instead of 4,000 and 120")
    parser.add_argument("--check", action="store_true", help="end as soon as the pages answer")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from ccds_kernel.demo.run import run

    run(options.folder, options.port, small=options.small, check=options.check)
