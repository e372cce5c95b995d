# SPDX-License-Identifier: MIT
"""The sample log: it is the one its generator makes, it is small, and what was built in can be found."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import io
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import klantreis as kr


@pytest.fixture(scope="module")
def generator(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_sample", root / "tools/make_sample.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def bundled() -> bytes:
    return gzip.decompress(kr.datasets.webshop_file().read_bytes())


def test_the_bundled_sample_is_what_the_generator_makes(generator: ModuleType) -> None:
    assert generator.content() == bundled()


def test_another_seed_makes_another_sample(generator: ModuleType) -> None:
    assert generator.rows(1) != generator.rows(2)


def test_the_sample_is_small() -> None:
    assert len(kr.datasets.webshop_file().read_bytes()) < 200_000


def test_the_sample_is_read_whole() -> None:
    rows = list(csv.DictReader(io.StringIO(bundled().decode())))
    log = kr.datasets.webshop()
    assert len(log) == len(rows)
    assert log.customers == len({row["customer_id"] for row in rows}) == 2000
    assert log.labels == ["touchpoint", "channel", "phase", "device"]
    health = {row["figure"]: row["value"] for row in log.health()}
    assert (health["rejected rows"], health["duplicates"]) == ("0", "0")
    events = dict(zip(log.counts()["touchpoint"], log.counts()["events"], strict=True))
    assert events["order"] == sum(row["touchpoint"] == "order" for row in rows)


def test_the_sample_is_ready_for_the_examples_of_the_documentation() -> None:
    journeys = kr.datasets.webshop().journeys()
    assert journeys.conversion == ("order",)
    found = kr.attribute(journeys)
    assert sum(found["credit"]) == pytest.approx(journeys.conversions)
    assert sum(found["credit_value"]) == pytest.approx(journeys.summary()["value"][0])


def test_the_checkout_is_weaker_on_a_phone() -> None:
    rates = {}
    for device in ("mobile", "desktop"):
        part = kr.read(
            str(kr.datasets.webshop_file()), where=f"device = '{device}' AND touchpoint IN ('checkout_start', 'order')"
        )
        rates[device] = kr.funnel(part, ["checkout_start", "order"])
    mobile, desktop = (rates[device].to_dicts()[1] for device in ("mobile", "desktop"))
    difference = kr.newcombe(desktop["count"], desktop["n"], mobile["count"], mobile["n"])
    assert difference.lower > 0.05


def test_buyers_come_back() -> None:
    orders = kr.read(str(kr.datasets.webshop_file()), where="touchpoint = 'order'")
    assert len(orders) > 1.15 * orders.customers


def test_importing_the_package_reads_no_sample() -> None:
    code = (
        "import sys, klantreis\n"
        "assert klantreis.datasets.webshop\n"
        "heavy = {'duckdb', 'jinja2', 'typer', 'rich', 'pandas', 'pyarrow', 'plotly'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
