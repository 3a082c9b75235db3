"""`python -m ccds_kernel.cli`: the same as `ccds`."""

import sys

from ccds_kernel.cli import main

sys.exit(main())
