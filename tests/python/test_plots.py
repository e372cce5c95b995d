# SPDX-License-Identifier: MIT
"""Pictures of results show the numbers of the results."""

from __future__ import annotations

import functools
import json
import sys
from typing import Any

import pytest

import klantreis as kr
from klantreis._plot import PICTURES, picture_of, style

STEPS = ["product_view", "add_to_cart", "order"]
ODD = '<b>a & "b"</b> $x$'


@functools.cache
def journeys() -> kr.Journeys:
    return kr.datasets.webshop(2_000).journeys()


@functools.cache
def results() -> dict[str, kr.Table]:
    """One result for each picture."""
    return {
        "funnel": kr.funnel(journeys(), STEPS),
        "drop_off": kr.drop_off(journeys()),
        "improve": kr.improve(journeys()),
        "attribution": kr.attribute(journeys(), by="channel"),
        "compare_models": kr.compare_models(journeys(), by="channel"),
        "removal_effects": kr.removal_effects(journeys(), by="channel"),
    }


def named(figure: Any, name: str) -> Any:
    return next(trace for trace in figure.data if trace.name == name)


def ends(trace: Any) -> list[tuple[float, float]]:
    """Where the whiskers of a list end."""
    whiskers = zip(trace.x, trace.error_x.arrayminus, trace.error_x.array, strict=True)
    return [(value - below, value + above) for value, below, above in whiskers]


def bounds(table: kr.Table, stem: str = "") -> Any:
    rows = zip(table[stem + "lower"], table[stem + "upper"], strict=True)
    return [pytest.approx(row, abs=1e-12) for row in rows]


def odd_log() -> kr.Log:
    days = ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-01", "2024-03-02", "2024-03-05"]
    touchpoints = [ODD, "cart", "order", ODD, "cart", ODD]
    return kr.read({"customer_id": [1, 1, 1, 2, 2, 3], "timestamp": days, "touchpoint": touchpoints})


def texts(figure: Any) -> str:
    return json.dumps(json.loads(figure.to_json()), ensure_ascii=False)


def test_every_picture_is_tried_here() -> None:
    assert {picture.name for picture in PICTURES} == set(results())


@pytest.mark.parametrize("name", [picture.name for picture in PICTURES])
def test_a_result_is_known_by_its_columns_and_by_one_picture_only(name: str) -> None:
    columns = results()[name].columns
    assert [picture.name for picture in PICTURES if picture.explains(columns)] == [name]


@pytest.mark.parametrize("rows", [0, 1, 2])
@pytest.mark.parametrize("name", [picture.name for picture in PICTURES])
def test_a_table_of_few_rows_is_drawn(name: str, rows: int) -> None:
    figure = results()[name].head(rows).plot()
    assert ("no rows" in texts(figure)) == (rows == 0)
    assert figure.layout.paper_bgcolor is None  # colours come from the one template
    assert figure.layout.template.layout.paper_bgcolor == style.PAGE


@pytest.mark.parametrize("name", [picture.name for picture in PICTURES])
def test_a_picture_refers_to_nothing_outside_itself(name: str) -> None:
    page = results()[name].plot().to_html(include_plotlyjs=True)
    assert "<script src=" not in page
    assert "<link" not in page


@pytest.mark.parametrize("name", [picture.name for picture in PICTURES])
def test_a_picture_carries_definition_and_options(name: str) -> None:
    table = results()[name]
    assert table.plot().layout.meta == {"definition": table.definition, "options": table.options}


def test_a_table_without_a_picture_names_the_results_that_have_one() -> None:
    with pytest.raises(kr.InputError, match=r"columns path, count.*kr\.funnel\(\.\.\.\), kr\.drop_off"):
        kr.variants(journeys()).plot()


def test_without_plotly_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(kr.InputError, match=r'pip install "klantreis\[plot\]"'):
        results()["drop_off"].plot()


def test_a_picture_of_no_rows_cannot_be_asked_for() -> None:
    with pytest.raises(kr.InputError, match="limit"):
        results()["drop_off"].plot(limit=0)


def test_names_mean_only_themselves() -> None:
    assert style.safe(ODD) == '&lt;b&gt;a &amp; "b"&lt;/b&gt; &#36;x&#36;'
    found = kr.journeys(odd_log(), conversion="order")
    for table in (kr.funnel(found, [ODD, "cart"]), kr.drop_off(found), kr.improve(found), kr.attribute(found)):
        figure = table.plot().update_layout(meta=None)
        assert "&lt;b&gt;a &amp; " in texts(figure)
        assert "<b>" not in texts(figure)
        assert "$" not in texts(figure.update_layout(template=None))


def test_equal_names_after_cutting_stay_apart() -> None:
    names = ["a" * 60 + end for end in "xyz"]
    log = kr.read({"customer_id": [1, 2, 3], "timestamp": ["2024-03-01"] * 3, "touchpoint": names})
    figure = kr.drop_off(kr.journeys(log)).plot()
    assert list(figure.data[0].y) == [0, 1, 2]
    assert all(name in texts(figure) for name in names)


def test_the_parts_of_a_funnel_bar_add_up_to_those_who_reached_the_step() -> None:
    table = results()["funnel"]
    figure = table.plot()
    went_on, lost = named(figure, "went on"), named(figure, "came no further")
    sums = [a + b for a, b in zip(went_on.x, lost.x, strict=True)]
    assert sums == pytest.approx(table["rate_from_first"])
    assert [part * table["count"][0] for part in lost.x] == pytest.approx(table["lost"])
    assert lost.marker.pattern.shape == "/"
    assert ends(named(figure, "interval")) == bounds(table, "rate_from_first_")


@pytest.mark.parametrize(
    ("name", "value", "stem"),
    [
        ("drop_off", "exit_rate", ""),
        ("improve", "gain", ""),
        ("attribution", "share", "share_"),
        ("removal_effects", "removal_effect", "removal_effect_"),
    ],
)
def test_bars_and_whiskers_are_those_of_the_table(name: str, value: str, stem: str) -> None:
    table = results()[name]
    bar = table.plot(limit=100).data[0]
    assert list(bar.x) == table[value]
    assert ends(bar) == bounds(table, stem)


def test_rows_that_are_not_drawn_are_counted() -> None:
    table = results()["improve"]
    figure = table.plot(limit=5)
    assert len(figure.data[0].x) == 5
    assert f"{len(table) - 5} more rows" in figure.layout.title.text


def test_bars_of_few_customers_are_hollow() -> None:
    table = results()["drop_off"]
    few = ["few_customers" in marks for marks in table["marks"]]
    assert any(few)
    assert not all(few)
    figure = table.plot(limit=100)
    assert [colour == style.BOX for colour in figure.data[0].marker.color] == few
    assert "Hollow: few customers." in figure.layout.title.text


def test_every_model_shows_its_shares_with_intervals() -> None:
    table = results()["compare_models"]
    figure = table.plot(limit=100)
    items = list(figure.layout.yaxis.ticktext)
    drawn = {
        (trace.name, items[round(y)]): (x, end)
        for trace in figure.data
        for x, y, end in zip(trace.x, trace.y, ends(trace), strict=True)
    }
    assert len(drawn) == len(table)
    for row in table:
        share, end = drawn[row["model"], row["channel"]]
        assert share == row["share"]
        assert end == pytest.approx((row["share_lower"], row["share_upper"]), abs=1e-12)


def test_what_a_table_is_does_not_depend_on_the_name_of_its_rows() -> None:
    assert picture_of(kr.drop_off(journeys(), by="channel")).name == "drop_off"
