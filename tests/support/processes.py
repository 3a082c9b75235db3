"""Real processes that do the same thing at the same moment."""

import subprocess
import sys

READY = """
import sys
print("ready", flush=True)
sys.stdin.readline()
"""
"""What a script for `at_once` holds where it is to wait for the others."""


def at_once(script: str, *calls: tuple[str, ...]) -> list[int]:
    """Runs `script` in one process for each of `calls`, its arguments; lets all go together; returns their exit statuses."""
    processes = [
        subprocess.Popen([sys.executable, "-c", script, *call], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for call in calls
    ]
    for process in processes:
        process.stdout.readline()
    for process in processes:
        process.stdin.write(b"go\n")
        process.stdin.flush()
    return [process.communicate(timeout=60) and process.returncode for process in processes]
