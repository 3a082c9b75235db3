"""Real processes that do the same thing at the same moment."""

import subprocess
import sys
from contextlib import ExitStack

READY = """
print("ready", flush=True)
sys.stdin.readline()
"""
"""What a script for `at_once` holds where it is to wait for the others. Such a script has `sys` imported."""


def at_once(script: str, *calls: tuple[str, ...]) -> list[int]:
    """Runs `script` in one process for each of `calls`, its arguments; lets all go together; returns their exit statuses."""
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", f"import sys\n{script}", *call],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            )
            for call in calls
        ]
        for process in processes:
            assert process.stdout.readline() == b"ready\n"
        for process in processes:
            process.stdin.write(b"go\n")
            process.stdin.flush()
        return [process.communicate(timeout=60) and process.returncode for process in processes]
