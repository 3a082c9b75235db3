"""Who waits for a file's lock, by the system's word."""

from pathlib import Path


def waiting_for(path: Path) -> list[int]:
    """The processes that wait for the lock of a file; one for each thread that does. None where there is no such file yet."""
    if not path.exists():
        return []
    inode = f":{path.stat().st_ino}"
    locks = [line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines()]
    # 7: -> FLOCK ADVISORY WRITE <process> <device>:<inode> 0 EOF
    return [int(words[5]) for words in locks if "->" in words and any(word.endswith(inode) for word in words)]
