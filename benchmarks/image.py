"""Measures what the image of the pipeline carries: `python -m benchmarks.image`.

Installs requirements.txt into an environment of its own, as the Dockerfile does, and starts the script from it for the
first time. The base image comes on top: some 130 MB.
"""

import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from benchmarks.measure import ROOT

CODE = ["sources", "pipelines", "reports", "dbt", ".dlt"]


def installed(folder: Path) -> Path:
    """The Python of a new environment with the pipeline's dependencies and no others."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    wanted = ["-r", str(ROOT / "requirements.txt"), "-c", str(ROOT / "constraints.txt")]
    quietly = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([str(python), "-m", "pip", "install", *quietly, *wanted], check=True)
    return python


def seconds(command: list[str], folder: Path) -> float:
    """How long a command takes, the first time that it runs."""
    started = time.monotonic()
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - started


def main() -> int:
    """Prints a Markdown table; 1 when a promise was broken."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = str(installed(folder))
        megabytes = sum(path.lstat().st_size for path in (folder / "venv").rglob("*")) / 1e6
        for code in CODE:
            shutil.copytree(
                ROOT / code, folder / code, ignore=shutil.ignore_patterns("__pycache__", "target", "secrets*")
            )
        helped = seconds([python, "pipelines/rawg.py", "--help"], folder)
        imported = seconds([python, "-c", "import pipelines.load"], folder)
    lines = [
        ("installed dependencies: < 900 MB", f"{megabytes:.0f} MB", megabytes < 900),
        ("first `--help`: < 2 s", f"{helped:.2f} s", helped < 2),
        ("first import of the pipeline", f"{imported:.2f} s", True),
    ]
    print("| promise | measured | held |\n|---|---|---|")
    for promise, measured, held in lines:
        print(f"| {promise} | {measured} | {'yes' if held else 'NO'} |")
    return 0 if all(held for *_, held in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
