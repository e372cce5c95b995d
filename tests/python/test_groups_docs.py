# SPDX-License-Identifier: MIT
"""The page on groups runs, and the pictures of clusters show their numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import klantreis as kr


def test_the_examples_of_the_page_run(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (root / "docs/groups.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert len(blocks) > 6
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "groups.md", "exec"), names)
    assert "(conversion)" in capsys.readouterr().out


@pytest.fixture(scope="module")
def clusters() -> kr.Clusters:
    return kr.clusters(kr.datasets.webshop(600).journeys(), clusters=3, by="phase")


def test_profiles_show_the_conversion_rates(clusters: kr.Clusters) -> None:
    pytest.importorskip("plotly")
    bar = clusters.plot().data[0]
    assert list(bar.x) == clusters["conversion_rate"]
    whiskers = [value + above for value, above in zip(bar.x, bar.error_x.array, strict=True)]
    assert whiskers == pytest.approx(clusters["upper"])


def test_states_of_a_step_add_up_to_all_journeys_of_the_cluster(clusters: kr.Clusters) -> None:
    pytest.importorskip("plotly")
    figure = clusters.plot("states", limit=4)
    for axis in {trace.yaxis for trace in figure.data}:
        for step in range(4):
            assert sum(trace.y[step] for trace in figure.data if trace.yaxis == axis) == pytest.approx(1)


def test_the_index_has_a_box_for_each_item_of_the_paths_it_shows(clusters: kr.Clusters) -> None:
    pytest.importorskip("plotly")
    figure = clusters.plot("index", limit=3)
    boxes = [(trace.yaxis, y, base) for trace in figure.data for y, base in zip(trace.y, trace.base, strict=True)]
    assert len(boxes) == len(set(boxes))
    assert {y for _, y, _ in boxes} == {0, 1, 2}
    with pytest.raises(kr.InputError, match="profiles, states, index"):
        clusters.plot("pie")
