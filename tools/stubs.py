# SPDX-License-Identifier: MIT
"""Write the type stub of the compiled module, as the installed package has it, to a folder.

python stubs.py FOLDER
"""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def class_statement(name: str) -> str:
    """The stub of an error class, which names `klantreis` as its module though it is made in `_core`."""
    (base,) = getattr(importlib.import_module("klantreis._core"), name).__bases__
    return f"class {name}({base.__name__}):\n    pass"


def core_stub() -> str:
    """The text of ``_core.pyi`` for the installed module."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pybind11_stubgen", "klantreis._core", "-o", folder, "--exit-code"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"pybind11-stubgen failed:\n{done.stdout}{done.stderr}")
        text = Path(folder, "klantreis", "_core.pyi").read_text(encoding="utf-8")
    # The package takes these names from the module, so the stub cannot take them from the package.
    text = re.sub(r"^from klantreis import (\w+)$", lambda found: class_statement(found[1]), text, flags=re.MULTILINE)
    return "# SPDX-License-Identifier: MIT\n" + text


if __name__ == "__main__":
    Path(sys.argv[1], "_core.pyi").write_text(core_stub(), encoding="utf-8")
