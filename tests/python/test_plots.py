# SPDX-License-Identifier: MIT
"""Pictures of results show the numbers of the results."""

from __future__ import annotations

import functools
import itertools
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import klantreis as kr
from klantreis._plot import PICTURES, picture_of, style
from klantreis._plot.flow import layers

STEPS = ["product_view", "add_to_cart", "order"]
PHASES = ["awareness", "consideration", "decision", "purchase", "delivery", "service", "loyalty", "ambassador"]
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
        "survival": kr.survival(journeys()),
        "durations": kr.time_to_convert(journeys(), segment="device"),
        "funnel_difference": kr.compare(journeys(), before="2025-03-01", steps=STEPS).steps,
        "transitions": kr.transitions(journeys()),
        "step_matrix": kr.step_matrix(journeys()),
        "timeline": kr.timeline(journeys(), "k0000001", map=PHASES),
        "phases": kr.measure(journeys(), map=PHASES),
        "path_tree": kr.path_tree(journeys(), "add_to_cart", before=2, after=2),
        "steps_around": kr.steps_around(journeys(), "add_to_cart"),
        "flow_around": kr.flow_around(journeys(), "add_to_cart"),
        "step_difference": kr.compare_steps(journeys(), before="2025-03-01"),
        "flow_difference": kr.compare_flow(journeys(), before="2025-03-01"),
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


def test_curves_and_bands_are_those_of_the_table() -> None:
    table = results()["survival"]
    figure = table.plot()
    for outcome in ("converted", "left"):
        curve, low, high = (named(figure, outcome + end) for end in ("", ", lower", ", upper"))
        firm = {(max(row["time"], 1.0), row[outcome]) for row in table if "few_customers" not in row["marks"]}
        assert {point for point in zip(curve.x, curve.y, strict=True) if point[1] is not None} <= firm
        for trace, name in ((low, f"{outcome}_lower"), (high, f"{outcome}_upper")):
            assert set(zip(trace.x, trace.y, strict=True)) <= {(max(row["time"], 1.0), row[name]) for row in table}
        assert (curve.x[0], curve.x[-1]) == (max(table["time"][0], 1.0), table["time"][-1])
    few = [trace for trace in figure.data if trace.name == "left" and trace.line.dash == "dot"]
    sparse = {row["left"] for row in table if "few_customers" in row["marks"]}
    assert {y for y in few[0].y if y is not None} <= sparse
    assert few[0].y[-1] == table["left"][-1]


def test_what_a_curve_leaves_out_would_not_be_seen() -> None:
    table = kr.survival(kr.datasets.webshop(4_000).journeys())
    curve = named(table.plot(), "left")
    points = dict(zip(curve.x, curve.y, strict=True))
    shown = points[min(points)]
    for row in table:
        shown = points.get(max(row["time"], min(points)), shown)
        assert shown is None or abs(shown - row["left"]) < 0.002
    assert len(points) < 1_000 < len(table)


def test_times_on_a_logarithmic_axis_are_those_of_the_table_and_zero_stands_at_its_end() -> None:
    table = results()["survival"]
    figure = table.plot()
    assert figure.layout.xaxis.type == "log"
    assert set(named(figure, "left").x) <= {max(time, 1.0) for time in table["time"]}
    assert named(figure, "left").x[0] == 1.0
    assert "less than 1 s" in figure.layout.xaxis.title.text


def test_conversions_in_no_time_are_drawn_too() -> None:
    log = kr.read(
        {
            "customer_id": [1, 1, 2],
            "timestamp": ["2024-03-01"] * 3,
            "touchpoint": ["view", "order", "view"],
        }
    )
    figure = kr.survival(kr.journeys(log, conversion="order")).plot()
    assert figure.layout.xaxis.type is None
    (curve,) = (trace for trace in figure.data if trace.name == "converted" and any(y is not None for y in trace.y))
    assert (list(curve.x), list(curve.y)) == ([0.0], [0.5])


def test_times_of_one_order_of_size_stand_on_a_linear_axis() -> None:
    table = kr.survival(kr.spells([6, 7, 10, 13, 16], ["conversion"] * 5))
    figure = table.plot()
    assert figure.layout.xaxis.type is None
    assert list(figure.layout.xaxis.tickvals) == pytest.approx([0, 3.2, 6.4, 9.6, 12.8, 16])


def test_groups_have_a_curve_each() -> None:
    table = kr.survival(journeys(), segment="device")
    names = {trace.name for trace in table.plot().data if trace.showlegend}
    assert names == {f"{device}: converted" for device in table["device"]}
    assert "more groups" in table.plot(limit=1).layout.title.text


def test_times_to_convert_stand_with_their_intervals_on_one_scale() -> None:
    table = results()["durations"]
    figure = table.plot()
    (points,) = figure.data
    assert list(points.x) == table["time"]
    assert ends(points) == bounds(table)
    assert list(figure.layout.yaxis.ticktext)[:2] == ["desktop, mean", "desktop, p25"]
    assert figure.layout.xaxis.type == "log"
    assert "days (" in points.hovertext[0]


def test_compared_funnels_show_both_groups_and_their_difference() -> None:
    table = results()["funnel_difference"]
    first, second, difference = table.plot().data
    assert first.name == "before 2025-03-01"
    for trace, stem in ((first, "first"), (second, "second")):
        assert list(trace.x) == table[stem]
        assert ends(trace) == bounds(table, stem + "_")
    assert list(difference.x) == table["difference"]
    assert ends(difference) == bounds(table)


def test_a_heat_map_has_the_probability_of_every_transition() -> None:
    table = results()["transitions"]
    figure = table.plot(limit=100)
    grid = figure.data[0]
    rows, columns = list(figure.layout.yaxis.ticktext), list(figure.layout.xaxis.ticktext)
    drawn = {
        (rows[y], columns[x]): value
        for y, line in enumerate(grid.z)
        for x, value in enumerate(line)
        if value is not None
    }
    assert drawn == {(row["from"], row["to"]): row["probability"] for row in table}
    assert rows[0] == "(start)"
    assert [colour for _, colour in grid.colorscale] == [colour for _, colour in style.SHADES]
    assert set(columns[-2:]) == {"(conversion)", "(null)"}


def test_a_heat_map_counts_the_transitions_that_it_does_not_show() -> None:
    table = results()["transitions"]
    figure = table.plot(limit=5)
    shown = sum(value is not None for line in figure.data[0].z for value in line)
    assert f"{len(table) - shown} more transitions" in figure.layout.title.text
    assert "–" in figure.data[0].text[0][0]  # with few columns the interval stands in the cell


def test_the_columns_of_a_step_matrix_add_up_to_one() -> None:
    figure = results()["step_matrix"].plot(limit=100)
    for column in zip(*figure.data[0].z, strict=True):
        assert sum(value for value in column if value is not None) == pytest.approx(1)
    assert figure.layout.yaxis.ticktext[-1].startswith("(")


def test_every_event_of_the_customer_stands_in_the_timeline() -> None:
    table = results()["timeline"]
    figure = table.plot()
    names = list(figure.layout.yaxis.ticktext)
    drawn = [(x, names[y]) for trace in figure.data for x, y in zip(trace.x, trace.y, strict=True)]
    assert sorted(drawn) == sorted(zip(table["time"], table["touchpoint"], strict=True))


def test_phases_stand_in_their_designed_order_and_what_is_not_measured_has_no_bar() -> None:
    found = results()["phases"]
    columns = {name: found[name] for name in found.columns}
    columns["measured"] = [phase != "loyalty" for phase in PHASES]
    table = kr.Table.from_columns(columns)
    reach, left = (figure := table.plot()).data
    assert list(figure.layout.yaxis.ticktext) == PHASES
    assert list(reach.x) == [row["reach"] if row["measured"] else None for row in table]
    assert reach.x[PHASES.index("loyalty")] is None
    assert list(left.x) == table["exit_rate"]
    known = [row for row in table if row["exit_rate"] is not None]
    drawn = [
        (x - low, x + high)
        for x, low, high in zip(left.x, left.error_x.arrayminus, left.error_x.array, strict=True)
        if x is not None
    ]
    assert drawn == [pytest.approx((row["lower"], row["upper"])) for row in known]


def test_what_a_table_is_does_not_depend_on_the_name_of_its_rows() -> None:
    assert picture_of(kr.drop_off(journeys(), by="channel")).name == "drop_off"


def steps(figure: Any) -> dict[tuple[str, str], float]:
    return {(trace.meta["from"], trace.meta["to"]): trace.meta["weight"] for trace in figure.data if trace.meta}


def test_a_graph_draws_every_transition_with_its_weight_starts_and_ends_included() -> None:
    graph = kr.graph(journeys(), by="phase")
    figure = graph.plot(limit=100)
    assert steps(figure) == {(row["from"], row["to"]): row["weight"] for row in graph.edges}
    assert "Not drawn" not in figure.layout.title.text
    assert {shown.text.partition("<br>")[0] for shown in figure.layout.annotations} >= {"1,382", "643", "312"}


def test_a_graph_says_what_it_does_not_draw() -> None:
    graph = kr.graph(journeys())
    figure = graph.plot(states=4, limit=3)
    assert len(figure.layout.xaxis.ticktext) == 4
    hidden = len(graph.edges) - len(steps(figure))
    assert f"Not drawn: 16 states and {hidden} transitions" in figure.layout.title.text


def test_a_graph_goes_forward_as_far_as_its_weights_allow() -> None:
    rows = [
        {"from": a, "to": b, "weight": weight}
        for a, b, weight in [("c", "a", 1), ("a", "b", 5), ("b", "c", 5), ("c", "d", 4), ("b", "b", 9)]
    ]
    assert layers(rows, ["d", "c", "b", "a"]) == ["a", "b", "c", "d"]


def test_phases_of_a_map_stand_in_its_order() -> None:
    journey, log = kr.datasets.supermarket()
    figure = kr.graph(kr.journeys(log, after_conversion="continue"), by="phase").plot()
    seen = set(log.counts("phase")["phase"])
    assert list(figure.layout.xaxis.ticktext) == [phase.id for phase in journey.phases if phase.id in seen]


def test_the_order_of_a_graph_can_be_given_and_must_name_states() -> None:
    graph = kr.graph(journeys(), by="phase")
    assert list(graph.plot(order=["purchase", "awareness"]).layout.xaxis.ticktext) == ["purchase", "awareness"]
    with pytest.raises(kr.InputError, match="'nowhere', which is no state; states are consideration"):
        graph.plot(order=["nowhere"])


def test_a_graph_shows_how_central_states_are_by_size_and_what_belongs_together_by_colour() -> None:
    graph = kr.graph(journeys())
    figure = graph.plot(size="betweenness")
    states = next(trace for trace in figure.data if trace.name == "states")
    shown = [text.partition("<br>")[0] for text in states.hovertext]
    rows = {row["state"]: row for row in graph.measures()}
    numbers = [rows[state]["betweenness"] for state in shown]
    largest = max(range(len(shown)), key=lambda at: numbers[at])
    for at, state in enumerate(shown):
        area = (states.marker.size[at] / states.marker.size[largest]) ** 2
        assert area == pytest.approx(numbers[at] / numbers[largest]) or states.marker.size[at] == 10
        assert f"betweenness {rows[state]['betweenness']:.3f}" in states.hovertext[at]
    for one, other in itertools.combinations(range(len(shown)), 2):
        together = rows[shown[one]]["community"] == rows[shown[other]]["community"]
        assert (states.marker.color[one] == states.marker.color[other]) == together
    with pytest.raises(kr.InputError, match="size is 'visits'; choose one of betweenness, page_rank"):
        graph.plot(size="visits")


def test_names_in_a_graph_mean_only_themselves() -> None:
    figure = kr.graph(kr.journeys(odd_log(), conversion="order")).plot()
    assert "&lt;b&gt;a &amp; " in figure.layout.xaxis.ticktext[0]
    assert all("<b>" not in (trace.hovertext or "") for trace in figure.data if trace.meta)


def test_a_graph_of_one_state_is_drawn() -> None:
    log = kr.read({"customer_id": [1], "timestamp": ["2024-03-01"], "touchpoint": ["visit"]})
    assert len(steps(kr.graph(kr.journeys(log)).plot())) >= 1


# --- paths


def test_the_tree_is_drawn_on_both_sides_with_its_visits() -> None:
    table = results()["path_tree"]
    figure = table.plot(limit=1000)
    rows = {str(row["node"]): row for row in table}
    assert {trace.name for trace in figure.data} == {"before", "after"}
    for trace in figure.data:
        drawn = dict(zip(trace.ids, trace["values"], strict=True))
        side = 1 if trace.name == "after" else -1
        assert drawn == {node: row["count"] for node, row in rows.items() if row["step"] * side >= 0}
        assert all(parent == "" or parent in drawn for parent in trace.parents)


def test_bands_of_the_flow_are_its_visits() -> None:
    table = results()["flow_around"]
    (trace,) = table.plot(limit=1000).data
    assert sorted(trace.link.value) == sorted(table["count"])
    some = table.plot(limit=1).data[0].link.value
    assert sorted(some, reverse=True) == sorted(table["count"], reverse=True)[: len(some)]


def test_only_differences_beyond_chance_are_strong() -> None:
    columns: dict[str, list[Any]] = {"customer_id": [], "place": [], "touchpoint": [], "group": []}
    for customer in range(400):
        first = "rare" if customer % (40 if customer < 200 else 4) == 0 else "usual"
        for place, touchpoint in enumerate([first, "alike" if customer % 3 else "other"]):
            columns["customer_id"].append(customer)
            columns["place"].append(place)
            columns["touchpoint"].append(touchpoint)
            columns["group"].append("old" if customer < 200 else "new")
    log = kr.read(columns, time=None, order="place", attributes=["group"])
    options: dict[str, Any] = {"by": "group", "groups": ["old", "new"], "steps_before": 0, "steps_after": 2}
    steps = kr.compare_steps(kr.journeys(log), **options)
    (trace,) = steps.plot().data
    names = list(steps.plot().layout.yaxis.ticktext)
    strong = {names[y] for y, row in enumerate(trace.z) if any(value for value in row)}
    assert strong == {"rare", "usual"}
    flow = kr.compare_flow(kr.journeys(log), **options)
    link = flow.plot(limit=100).data[0].link
    strong_moves = [text for text, colour in zip(link.customdata, link.color, strict=True) if colour.endswith(",0.85)")]
    assert strong_moves
    assert all("rare" in text or "usual" in text for text in strong_moves)


def test_the_renderer_that_the_guide_names_needs_no_network(root: Path) -> None:
    import plotly.io

    guide = (root / "docs" / "guides" / "share.md").read_text(encoding="utf-8")
    name = re.search(r'renderers\.default = "(\w+)"', guide)
    assert name is not None
    renderer = plotly.io.renderers[name[1]]
    assert not renderer.connected
    figure = kr.drop_off(kr.datasets.webshop(500).journeys()).plot()
    html = renderer.to_mimebundle(figure.to_dict())["text/html"]
    assert "Plotly.newPlot" in html
    # Only formulas come from elsewhere, which the pictures have none of.
    assert all("mathjax" in address for address in re.findall(r'<script[^>]* src="([^"]*)"', html))
    # Its own choice keeps only data, which an exported page does not draw.
    assert "text/html" not in plotly.io.renderers["plotly_mimetype"].to_mimebundle(figure.to_dict())
