# SPDX-License-Identifier: MIT
"""What can be read off a map without data: places of KPIs, needs, criteria, evidence, gaps, views and exports."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

import klantreis as kr


@pytest.fixture(scope="module")
def shop(root: Path) -> kr.JourneyMap:
    return kr.JourneyMap.load(root / "tests/data/journey-example.yaml")


@pytest.fixture
def own(root: Path) -> kr.JourneyMap:
    """A map that a test may change."""
    return kr.JourneyMap.load(root / "tests/data/journey-example.yaml")


def test_a_kpi_is_found_at_its_phases_and_touchpoints(shop: kr.JourneyMap) -> None:
    assert [(row["phase"], row["touchpoint"]) for row in shop.where("nps")] == [("gebruik_service", "")]
    places = {(row["phase"], row["touchpoint"]) for row in shop.where("clicks")}
    assert places == {("orientatie", ""), ("bewustwording", "search_click")}
    assert set(shop.where()["kpi"]) >= {name for phase in shop.phases for name in phase.kpis}
    with pytest.raises(kr.InputError, match="did you mean 'nps'"):
        shop.where("npss")


def test_a_kpi_that_stands_nowhere_has_no_place(own: kr.JourneyMap) -> None:
    own.add("kpis", id="lonely", measure="count(order)", source="events")
    own.add("kpis", id="placed", measure="count(order)", source="events", touchpoint="order")
    assert own.where("lonely").to_dicts() == [{"kpi": "lonely", "phase": "", "touchpoint": "", "owner": ""}]
    assert own.where("placed").to_dicts() == [
        {"kpi": "placed", "phase": "koop", "touchpoint": "order", "owner": "sales"}
    ]


def test_needs_that_nobody_serves_are_seen(shop: kr.JourneyMap) -> None:
    unserved = [row["need"] for row in shop.needs() if row["touchpoints"] == 0]
    assert unserved == ["n_hulp", "n_waardering"]


def test_gaps_name_empty_phases_unserved_needs_and_unanswered_criteria(shop: kr.JourneyMap) -> None:
    gaps: dict[str, list[str]] = {}
    for row in shop.gaps():
        gaps.setdefault(row["gap"], []).append(row["item"])
    assert gaps["phase without touchpoints"] == ["latente_behoefte", "loyaliteit"]
    assert gaps["need that nobody serves"] == ["n_hulp", "n_waardering"]
    assert gaps["criterion that nobody answers"] == ["levertijd", "prijs", "reviews", "kwaliteit", "prijs"]
    assert gaps["channel that nothing uses"] == ["pr"]
    assert "beslissing" not in gaps["emotion without a driver"]


def test_a_criterion_is_answered_by_the_touchpoints_that_name_it() -> None:
    restaurant = kr.template("restaurant")
    answered = {row["criterion"]: row["answered_by"] for row in restaurant.criteria()}
    assert answered == {"near": "map_search, route_view", "price": "menu_view", "taste": "review_view"}
    restaurant.touchpoint("menu_view").criteria = []
    assert [row["item"] for row in restaurant.gaps() if row["gap"].startswith("criterion")] == ["price"]


def test_claims_without_evidence_are_assumptions(shop: kr.JourneyMap) -> None:
    found = shop.evidence()
    basis = {row["claim"]: row["basis"] for row in found}
    assert basis["personas[starter]"] == "field"
    assert basis["phases[bewustwording].emotion"] == "field"
    assert basis["phases[orientatie].emotion"] == "assumption"
    assert {source.id for source in shop.research} >= {"analytics", "interviews", "enquete"}
    # Two claims of 23 name interviews: a persona and the emotion of awareness.
    assert found.options == {"claims": "23", "coverage": f"{2 / 23:.4f}"}


def test_the_strongest_source_is_the_basis_of_a_claim(own: kr.JourneyMap) -> None:
    own.phase("koop").needs[0].evidence = ["aanname", "cbs", "analytics"]
    own.phase("koop").needs[1].evidence = ["aanname"]
    basis = {row["claim"]: row["basis"] for row in own.evidence()}
    assert basis["phases[koop].needs[n_veilig]"] == "data"
    assert basis["phases[koop].needs[n_hulp]"] == "assumption"


def test_a_map_that_claims_nothing_has_no_coverage() -> None:
    bare = kr.JourneyMap.from_dict({"klantreis": 1, "journey": {"id": "a"}, "phases": [{"id": "b"}]})
    assert len(bare.evidence()) == 0
    assert bare.evidence().options["coverage"] == ""


def test_the_inventory_lists_every_touchpoint_with_its_rule(shop: kr.JourneyMap) -> None:
    rows = {row["touchpoint"]: row for row in shop.inventory()}
    assert list(rows) == [item.id for item in shop.touchpoints]
    assert rows["product_view"]["rule"] == "event = product_view or event = page_view and url prefix /p/"
    assert rows["orderpick"]["stage"] == "offstage"
    assert not rows["compare_view"]["controllable"]
    assert all(row["measured"] for row in rows.values())


def test_a_touchpoint_whose_channels_leave_no_events_is_not_measured(own: kr.JourneyMap) -> None:
    own.touchpoint("ad_impression").channel = ["pr"]
    assert [row["touchpoint"] for row in own.inventory() if not row["measured"]] == ["ad_impression"]
    own.touchpoint("ad_impression").channel = ["pr", "display"]
    assert all(own.inventory()["measured"])


class TestNeedsMatrix:
    def test_it_goes_to_csv_and_back_without_loss(self, own: kr.JourneyMap, tmp_path: Path) -> None:
        before = own.to_dict()
        own.needs_matrix({"order": 6, "share": 1}).to_csv(tmp_path / "needs.csv")
        for item in own.touchpoints:
            item.need = ["n_hulp"] if item.stage == "onstage" else []
        own.link_needs(tmp_path / "needs.csv")
        assert own.to_dict() == before

    def test_cells_show_the_customers_who_were_there(self, shop: kr.JourneyMap) -> None:
        matrix = shop.needs_matrix({"order": 6})
        cells = dict(zip(matrix["need"], matrix["order"], strict=True))
        assert cells.pop("n_veilig") == "x 6"
        assert set(cells.values()) == {""}
        assert "orderpick" not in matrix.columns

    def test_a_touchpoint_may_serve_several_needs(self, own: kr.JourneyMap) -> None:
        text = "need;contact;text\nn_hulp;Ja;=evil\nn_antwoord;x;\n"
        own.link_needs(text)
        assert own.touchpoint("contact").need == ["n_hulp", "n_antwoord"]
        assert own.touchpoint("nps").need == ["n_antwoord"]
        own.link_needs("need,contact\nn_antwoord,\n")
        assert own.touchpoint("contact").need == ["n_hulp"]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("phase,contact\na,x\n", "no column 'need'"),
            ("need,contct\nn_hulp,x\n", "did you mean 'contact'"),
            ("need,orderpick\nn_hulp,x\n", "no onstage touchpoint 'orderpick'"),
            ("need,contact\nn_hlp,x\n", "row 2: there is no need 'n_hlp'; did you mean 'n_hulp'"),
            ("need,contact\nn_hulp,maybe\n", "row 2, column contact: 'maybe' is neither yes nor no"),
            ("need,contact\nn_hulp,x\nn_hulp,\n", "row 3: the need 'n_hulp' stands twice"),
            ("need,contact\nn_hulp,x,x\n", "row 2: 3 cells under 2 columns"),
            ("need,contact,contact\nn_hulp,x,x\n", "has a column twice"),
            ('need,contact\nn_hulp,"x\n', "is no CSV"),
        ],
    )
    def test_a_matrix_with_a_wrong_cell_changes_nothing(self, own: kr.JourneyMap, text: str, message: str) -> None:
        before = own.to_dict()
        with pytest.raises(kr.InputError, match=message):
            own.link_needs(text)
        assert own.to_dict() == before

    def test_a_missing_file_is_named(self, own: kr.JourneyMap, tmp_path: Path) -> None:
        with pytest.raises(kr.InputError, match="there is no file"):
            own.link_needs(tmp_path / "needs.csv")

    def test_customers_of_an_unknown_touchpoint_are_refused(self, shop: kr.JourneyMap) -> None:
        with pytest.raises(kr.InputError, match="did you mean 'order'"):
            shop.needs_matrix({"ordr": 3})


class TestViews:
    def test_an_audience_sees_its_phases_only(self, shop: kr.JourneyMap) -> None:
        seen = shop.view("klantenservice")
        assert [phase.id for phase in seen.phases] == ["koop", "levering", "gebruik_service"]
        assert {item.phase for item in seen.touchpoints} == {"koop", "levering", "gebruik_service"}
        assert [entry.audience for entry in seen.sharing] == ["klantenservice"]
        assert {(step.from_, step.to) for step in seen.transitions} == {
            ("koop", "levering"),
            ("levering", "gebruik_service"),
            ("gebruik_service", "koop"),
        }
        assert {"nps", "fcr", "conversion_rate"} <= {kpi.id for kpi in seen.kpis}
        assert "cart_abandonment" not in {kpi.id for kpi in seen.kpis}

    def test_everybody_sees_everything(self, shop: kr.JourneyMap) -> None:
        seen = shop.view("iedereen")
        assert (len(seen.phases), len(seen.touchpoints)) == (len(shop.phases), len(shop.touchpoints))

    def test_an_owner_sees_the_own_touchpoints(self, shop: kr.JourneyMap) -> None:
        seen = shop.view(owner="logistiek")
        assert [item.id for item in seen.touchpoints] == ["status_mail", "delivered", "orderpick"]

    def test_what_works_backstage_is_shown_with_what_it_works_for(self, shop: kr.JourneyMap) -> None:
        assert [item.id for item in shop.view(owner="finance").touchpoints] == ["order", "fraudecheck"]

    @pytest.mark.parametrize("name", ["5", "6", "9", "retail", "b2b", "e-commerce"])
    def test_every_view_of_every_template_is_a_valid_map(self, name: str) -> None:
        whole = kr.template(name)
        owners = {item.owner for item in whole.touchpoints if item.owner}
        for entry in whole.sharing:
            assert whole.view(entry.audience).check() == ()
        for owner in owners:
            assert owner in {item.owner for item in whole.view(owner=owner).touchpoints}

    def test_unknown_audiences_and_owners_are_refused(self, shop: kr.JourneyMap) -> None:
        with pytest.raises(kr.InputError, match="did you mean 'marketing'"):
            shop.view("marketng")
        with pytest.raises(kr.InputError, match="did you mean 'logistiek'"):
            shop.view(owner="logistik")
        with pytest.raises(kr.InputError, match="say for whom"):
            shop.view()

    def test_handovers_are_where_the_owner_changes(self, shop: kr.JourneyMap) -> None:
        rows = shop.handovers("logistiek").to_dicts()
        assert {(row["from"], row["to"]) for row in rows} == {("koop", "levering"), ("levering", "gebruik_service")}
        assert all("logistiek" in (row["from_owner"], row["to_owner"]) for row in rows)
        backstage = [row for row in shop.handovers() if row["from"] == "fraudecheck"]
        assert backstage == [{"from": "fraudecheck", "to": "order", "from_owner": "finance", "to_owner": "sales"}]


class TestExports:
    def test_the_lanes_hold_needs_and_actions_as_rows_of_their_phase(self, shop: kr.JourneyMap) -> None:
        rows = [(row["phase"], row["lane"], row["text"]) for row in shop.lanes()]
        assert ("bewustwording", "need", "weten wat er aan de hand is") in rows
        assert ("bewustwording", "company action", "contentmarketing") in rows
        assert ("levering", "offstage", "Orderpicken") in rows
        assert [row[0] for row in rows if row[1] == "phase"] == [phase.id for phase in shop.phases]

    def test_cells_that_a_spreadsheet_would_run_are_defused(self, own: kr.JourneyMap) -> None:
        for number, start in enumerate("=+-@"):
            own.phases[number].name = f"{start}1+1"
        own.touchpoint("order").owner = "=cmd|' /C calc'!A0"
        cells = [cell for row in csv.reader(io.StringIO(own.to_csv() or "")) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
        assert {"'=1+1", "'+1+1", "'-1+1", "'@1+1", "'=cmd|' /C calc'!A0"} <= set(cells)

    def test_mermaid_has_every_phase_and_touchpoint_once_and_no_mark_of_its_own_in_a_name(
        self, own: kr.JourneyMap
    ) -> None:
        own.phases[0].name = 'a"] --> x; <b>&end'
        text = own.to_mermaid()
        lines = [line.strip() for line in text.splitlines()]
        assert sum(line.startswith("subgraph") for line in lines) == lines.count("end") == len(own.phases)
        assert 'subgraph p0["a#34;#93; --#62; x#59; #60;b#62;#38;end"]' in lines
        for item in own.touchpoints:
            assert text.count(f'"{item.name}"') == 1
        assert sum("-->" in line or "-.->" in line for line in lines) == len(own.transitions)

    def test_markdown_shows_names_as_they_are(self, own: kr.JourneyMap) -> None:
        own.journey.name = "<script>alert(1)</script> | *x*\n# y"
        own.touchpoint("order").name = "a|b`c`[d](e)"
        text = own.to_markdown()
        assert text.startswith("# \\<script\\>alert(1)\\</script\\> \\| \\*x\\* \\# y\n")
        assert "a\\|b\\`c\\`\\[d\\](e)" in text
        tables = [line for line in text.splitlines() if line.startswith("|")]
        assert {line.replace("\\|", "").count("|") for line in tables} == {len(own.phases) + 2, 7}
