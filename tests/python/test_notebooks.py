# SPDX-License-Identifier: MIT
"""The notebooks run from the first cell to the last, in a kernel of their own.

What comes out is kept in build/notebooks, where the site of the documentation takes it from.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from oracle import shared_file, shared_folder

# Notebooks on logs that are not part of the repository.
NEEDS = {"compare": "data/ecom_synthetic_2024.parquet"}
NOTEBOOKS = sorted((Path(__file__).parents[2] / "examples" / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert {path.stem for path in NOTEBOOKS} >= {"attribution", "compare", "drop_off", "paths", "time"}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(notebook: Path, root: Path, tmp_path: Path) -> None:
    if notebook.stem in NEEDS:
        shared_file(NEEDS[notebook.stem])
    copy = tmp_path / notebook.name
    copy.write_bytes(notebook.read_bytes())
    command = [sys.executable, "-c", "from nbclient.cli import main; main()", "--timeout=300", "--inplace", str(copy)]
    environment = {**os.environ, "KLANTREIS_SHARED": str(shared_folder().resolve())}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    kept = root / "build" / "notebooks"
    kept.mkdir(parents=True, exist_ok=True)
    shutil.move(copy, kept / notebook.name)
