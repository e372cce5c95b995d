# SPDX-License-Identifier: MIT
"""The report beside earlier journeys, of groups of customers, and for one reader: what it says is what is returned."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import klantreis as kr
from klantreis._report.words import Words
from test_report import Page, cut, filed, write

MIDDLE = "2025-07-02"
WORDS = Words("en")


@pytest.fixture(scope="module")
def journeys() -> kr.Journeys:
    return kr.datasets.webshop().journeys()


@pytest.fixture(scope="module")
def sample(journeys: kr.Journeys, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return write(journeys, tmp_path_factory.mktemp("change"))


def first_conversions(journeys: kr.Journeys) -> kr.Journeys:
    return journeys.recut(after_conversion="stop")


def test_the_planted_improvement_can_be_read(journeys: kr.Journeys, sample: Page) -> None:
    rate = kr.compare(first_conversions(journeys), before=MIDDLE, collapse=True).to_dicts()[0]
    now, was = WORDS.share(rate["second"]), WORDS.share(rate["first"])
    assert f"{now} of journeys convert, where it was {was}; most of it was gained at add_to_cart" in sample.shown
    assert f"More convert since 2 July 2025: {now}, where it was {was}." in sample.shown
    assert "Most of the change comes from add_to_cart" in sample.shown


def test_the_planted_problem_can_be_read(journeys: kr.Journeys, sample: Page) -> None:
    rate = kr.compare(first_conversions(journeys), by="device", groups="mobile", collapse=True).to_dicts()[0]
    mobile, others = WORDS.share(rate["second"]), WORDS.share(rate["first"])
    said = f"mobile (device) converts less than the others, {mobile} against {others}; most of it is lost at"
    assert f"{said} checkout_start" in sample.shown


def test_the_tables_of_change_are_those_of_the_comparison(journeys: kr.Journeys, sample: Page) -> None:
    steps = ["product_view", "add_to_cart", "checkout_start", "order"]
    found = kr.compare(first_conversions(journeys), before=MIDDLE, collapse=True, steps=steps)
    assert sample.files["change_parts.csv"] == filed(found.parts)
    assert sample.files["change_steps.csv"] == filed(found.steps)
    rates = filed(found.rates).splitlines()
    assert sample.files["change_rates.csv"].splitlines() == rates[: len(sample.files["change_rates.csv"].splitlines())]
    part = found.parts.to_dicts()[0]
    assert (
        f"add_to_cart: {WORDS.points(part['part'])}, interval {WORDS.span(part['lower'], part['upper'], 'share')}"
        in (sample.text)
    )


def test_another_day_may_be_named(journeys: kr.Journeys, tmp_path: Path) -> None:
    page = write(journeys, tmp_path, since="2025-10-01")
    found = kr.compare(first_conversions(journeys), before="2025-10-01", collapse=True).parts
    assert page.files["change_parts.csv"] == filed(found)
    assert "Journeys that began on 1 October 2025 or later" in page.shown


def test_an_earlier_log_may_be_given(journeys: kr.Journeys, tmp_path: Path) -> None:
    earlier = kr.datasets.webshop(5_000, seed=2).journeys()
    page = write(journeys, tmp_path, earlier=earlier)
    found = kr.compare(first_conversions(earlier), first_conversions(journeys), collapse=True).parts
    assert page.files["change_parts.csv"] == filed(found)
    with pytest.raises(kr.InputError, match="both earlier and since"):
        kr.report(journeys, to=tmp_path / "x.html", earlier=earlier, since=MIDDLE)
    with pytest.raises(kr.InputError, match="no settled journey"):
        kr.report(journeys, to=tmp_path / "x.html", since="2031-01-01")


def test_without_an_inactivity_halves_of_the_log_are_not_compared(tmp_path: Path) -> None:
    log = kr.datasets.webshop(2_000)
    page = write(kr.journeys(log, conversion="order"), tmp_path)
    assert "changes" not in page.sections
    assert "Changes: there are no earlier journeys to compare with" in page.shown


def test_a_change_that_could_be_chance_is_no_news(tmp_path: Path) -> None:
    # Every third journey converts, in each month alike.
    names = ["order" if i % 3 == 0 else "view" for i in range(240)]
    days = [f"2024-{1 + i // 3 % 6:02}-{1 + i // 18:02}" for i in range(240)]
    columns = {"customer_id": list(range(len(names))), "timestamp": days, "touchpoint": names}
    page = write(cut(columns, conversion="order", inactivity="1d"), tmp_path)
    assert "The share of journeys that convert did not clearly change" in page.shown
    assert "where it was" not in page.shown


def test_groups_are_labels_that_customers_keep(journeys: kr.Journeys, sample: Page) -> None:
    lines = [line.split(",") for line in sample.files["groups.csv"].splitlines()[1:]]
    # A customer's origin changes with the journey, and b2b customers are the business segment.
    assert {(line[0], line[1]) for line in lines} == {
        ("device", "mobile"), ("segment", "business"), ("segment", "starter"), ("segment", "family"),
    }  # fmt: skip
    gaps = [abs(float(line[8])) for line in lines]
    assert gaps == sorted(gaps, reverse=True)


def test_small_groups_tell_nothing_of_change(tmp_path: Path) -> None:
    page = write(kr.datasets.webshop(2_000).journeys(), tmp_path, min_group=60)
    for name in ("change_rates.csv", "groups.csv"):
        head, *lines = (line.split(",") for line in page.files[name].splitlines())
        sizes = [head.index(column) for column in ("n", "n_first", "n_second", "n_others") if column in head]
        assert lines
        assert all(float(line[at]) >= 60 for line in lines for at in sizes)


@pytest.fixture(scope="module")
def electronics() -> kr.Journeys:
    return kr.journeys(kr.datasets.electronics().log, inactivity="30d")


def test_a_reader_gets_the_part_of_the_map_that_is_theirs(electronics: kr.Journeys, tmp_path: Path) -> None:
    whole, part = write(electronics, tmp_path), write(electronics, tmp_path, audience="service")
    design = kr.datasets.electronics().map.view("service")
    phases = [line.split(",")[0] for line in part.files["phases.csv"].splitlines()[1:]]
    assert phases == [phase.id for phase in design.phases]
    assert len(phases) < len(whole.files["phases.csv"].splitlines()) - 1
    items = {item.id for item in design.touchpoints}
    left = {line.split(",")[0] for line in part.files["drop_off.csv"].splitlines()[1:]}
    assert left
    assert left <= items
    assert {line.split(",")[0] for line in part.files["improve.csv"].splitlines()[1:]} <= items
    # The rest is about the whole journey.
    assert part.files["transitions.csv"] == whole.files["transitions.csv"]
    assert "View of service" in part.shown


def test_who_reads_must_be_in_the_map(electronics: kr.Journeys, journeys: kr.Journeys, tmp_path: Path) -> None:
    with pytest.raises(kr.InputError, match="nobody"):
        kr.report(electronics, to=tmp_path / "x.html", audience="nobody")
    with pytest.raises(kr.InputError, match="read the log with map="):
        kr.report(journeys, to=tmp_path / "x.html", owner="sales")


def test_the_map_says_what_things_are_called_and_whose_channels_they_are(
    electronics: kr.Journeys, tmp_path: Path
) -> None:
    page = write(electronics, tmp_path)
    assert "Start at Product page" in page.shown
    assert "product_view," in page.files["drop_off.csv"]
    icons = {
        (attrs["class"], attrs.get("aria-label")) for _, attrs in page.elements if attrs.get("class", "")[:3] == "ic "
    }
    assert {("ic owned", "our own channel"), ("ic paid", "paid"), ("ic earned", "earned")} <= icons
    used = {attrs["href"] for tag, attrs in page.elements if tag == "use"}
    assert used <= {f"#{attrs['id']}" for tag, attrs in page.elements if tag == "symbol"}
    assert re.search(r'<use href="#i-search"/>', page.text)


def test_in_a_sentence_where_journeys_begin_has_no_capital(tmp_path: Path) -> None:
    columns: dict[str, list[str]] = {"customer_id": [], "timestamp": [], "touchpoint": []}
    for day in range(1, 61):
        for customer in range(40):
            # Later customers begin at the touchpoint that most orders come from; nothing else changes.
            path = ["visit", "order"] if (customer % 2 if day <= 30 else customer % 8) else ["ad"]
            for hour, touchpoint in enumerate(path, 8):
                columns["customer_id"].append(f"{day} {customer}")
                columns["timestamp"].append(f"2024-{2 + day // 30}-{1 + day % 28:02} {hour:02}:00")
                columns["touchpoint"].append(touchpoint)
    page = write(cut(columns, conversion="order"), tmp_path, since="2024-03-01")
    assert "most of it was gained at where they begin" in page.shown
    assert "Where they begin another mix of first items" in page.shown
