#!/bin/sh
# What pip is sent to in place of a Python, where a session runs without an environment of its person's; see pip.py.
echo "ccds: expected an environment of your own for pip; found none here, and what the site installed is everybody's;" \
    "use a kernel called CCDS, or call 'ccds env reset' in a terminal if yours is broken, then restart the kernel or open a new terminal" >&2
exit 1
