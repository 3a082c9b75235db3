"""Wheels made in a test, so that pip has something to install and asks nobody for it."""

import zipfile
from pathlib import Path


def make_wheel(folder: Path, name: str, version: str = "1.0", **files: str) -> Path:
    """A wheel of package `name` in `folder`.

    Args:
        folder: where it is put.
        name: the package and its one module.
        version: its version.
        files: `module`, the text of the module; or an ending and the text of a file of it, such as `pth`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    content = {f"{name}.py": files.pop("module", f"VERSION = {version!r}\n")}
    content |= {f"{name}.{ending}": text for ending, text in files.items()}
    content |= {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*content, f"{info}/RECORD"])
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        for path, text in (content | {f"{info}/RECORD": record}).items():
            packed.writestr(path, text)
    return wheel
