"""Writes the package-lock.json of each FOLDER anew: versions and hashes, and no address (npm adds whom to fund).

python3 scripts/lock_npm.py FOLDER …
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path


def main(folders: list[str]) -> None:
    if shutil.which("npm") is None:
        raise SystemExit("npm is not here, and these locks are its own: apt-get install npm, then make lock again")
    for folder in folders:
        subprocess.run(["npm", "install", "--package-lock-only"], cwd=folder, check=True)
        lock = Path(folder) / "package-lock.json"
        written = json.loads(lock.read_text())
        for package in written["packages"].values():
            package.pop("funding", None)
        lock.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
