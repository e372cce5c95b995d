# SPDX-License-Identifier: MIT
"""The report: it says what the functions return, and a name in the log cannot do anything in it."""

from __future__ import annotations

import base64
import csv
import html
import html.parser
import io
import re
import string
import warnings
import zipfile
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

import klantreis as kr
from klantreis._report.views import split_path
from klantreis._report.words import LANGUAGES, Words, cut_name, en, nl

EVERY_SECTION = [
    "health", "figures", "fix", "changes", "map", "flow", "funnel", "leaving", "groups", "channels", "paths", "time",
    "method",
]  # fmt: skip
# Of a log without phases.
WITHOUT_MAP = [section for section in EVERY_SECTION if section not in ("map", "changes", "groups")]
ENDED_BY = {"td": ("td", "th"), "th": ("td", "th"), "tr": ("td", "th", "tr")}
FRACTION = re.compile(r"-?\d+\.\d+(e[-+]\d+)?|-?\d+e[-+]\d+")
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(html.parser.HTMLParser):
    """Reads a report as a browser does: elements, their attributes, and the texts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.text = text
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Cells and rows end where the next one begins.
        for ends in ENDED_BY.get(tag, ()):
            if self.open and self.open[-1] == ends:
                self.open.pop()
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("thead", "tbody"):
            while self.open and self.open[-1] in ("td", "th", "tr"):
                self.open.pop()
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.texts.append(data)

    @property
    def shown(self) -> str:
        return " ".join(" ".join(self.texts).split())

    @property
    def sections(self) -> list[str]:
        return [attrs["id"] for tag, attrs in self.elements if tag == "section" and attrs.get("id")]

    @property
    def files(self) -> dict[str, str]:
        """The tables in the page, by the name of their file."""
        [link] = [attrs for tag, attrs in self.elements if tag == "a" and "download" in attrs]
        kind, _, packed = link["href"].partition(",")
        assert (kind, link["download"]) == ("data:application/zip;base64", "tables.zip")
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(packed, validate=True))) as folder:
            assert folder.testzip() is None
            return {name: folder.read(name).decode() for name in folder.namelist()}


def write(journeys: kr.Journeys, folder: Path, **options: Any) -> Page:
    file = kr.report(journeys, to=folder / "report.html", **options)
    return Page(file.read_text(encoding="utf-8"))


def short(number: float) -> str:
    return str(float(f"{number:.6g}") if abs(number) < 10_000 else round(number, 2))


def filed(table: kr.Table) -> str:
    """The table as the report files it: numbers of six digits, or with two decimals."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    for row in csv.reader(io.StringIO(table.to_csv() or "", newline="")):
        writer.writerow(short(float(cell)) if FRACTION.fullmatch(cell) else cell for cell in row)
    return text.getvalue()


def cut(columns: dict[str, list[Any]], read: dict[str, Any] | None = None, **options: Any) -> kr.Journeys:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return kr.journeys(kr.read(columns, **(read or {})), **options)


def small(names: list[str], **options: Any) -> kr.Journeys:
    """Two customers who meet the names one after the other; the first one orders."""
    events = [(customer, name) for customer in ("ann", "bob") for name in names] + [("ann", "order")]
    events.sort(key=lambda event: event[0])
    columns = {
        "customer_id": [customer for customer, _ in events],
        "timestamp": [f"2024-03-{1 + i % 28:02} 09:{i % 60:02}" for i in range(len(events))],
        "touchpoint": [name for _, name in events],
    }
    columns["timestamp"].sort()
    return cut(columns, **{"conversion": "order", **options})


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return write(kr.datasets.webshop().journeys(), tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def f1(root: Path) -> kr.Journeys:
    log = kr.read(
        root / "tests/data/events_F1.csv", time="ts", touchpoint="event", channel="channel", value="value", cost="cost"
    )
    return kr.journeys(log, conversion="order", inactivity="30d", observed_until="2024-04-30")


def test_every_section_is_there_in_its_order(sample: Page) -> None:
    assert sample.sections == EVERY_SECTION
    links = [attrs["href"] for tag, attrs in sample.elements if tag == "a" and attrs.get("href", "").startswith("#")]
    assert links == ["#main"] + [f"#{name}" for name in EVERY_SECTION]


def test_the_page_is_well_formed_and_small(sample: Page) -> None:
    assert sample.wrong == []
    assert sample.open == []
    assert len(sample.text.encode()) < 205_000
    ids = [attrs["id"] for _, attrs in sample.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert [tag for tag, _ in sample.elements].count("h1") == 1


def test_nothing_in_the_page_asks_for_anything_outside(sample: Page) -> None:
    for tag, attrs in sample.elements:
        assert tag not in {"iframe", "object", "embed", "img", "form", "base", "video", "audio", "image"}
        for name in ("src", "srcset", "poster", "action", "background", "xlink:href", "data", "formaction"):
            assert name not in attrs
        href = attrs.get("href")
        assert href is None or href.startswith(("#", "data:application/zip;", "data:,"))
        assert not any(name.startswith("on") for name in attrs)
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", re.sub(r"base64,[^\"]*", "", sample.text))


def test_only_the_script_of_the_report_may_run(sample: Page) -> None:
    metas = {
        attrs.get("http-equiv"): attrs["content"]
        for tag, attrs in sample.elements
        if tag == "meta" and "content" in attrs
    }
    policy = metas["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/]{43}='", policy)
    assert [tag for tag, _ in sample.elements].count("script") == 1


def test_no_customer_is_in_the_page(sample: Page) -> None:
    packed = " ".join(sample.files.values())
    assert not re.search(r"\bw\d{5}\b", sample.text + packed)


def test_the_files_hold_what_the_functions_return(sample: Page) -> None:
    journeys = kr.datasets.webshop().journeys()
    whole = journeys.recut(after_conversion="continue")
    leaving = kr.drop_off(whole, collapse=True)
    tables = {
        "health.csv": journeys.log.health(),
        "summary.csv": whole.summary(),
        "transitions.csv": kr.transitions(whole, by="phase", collapse=True),
        "funnel.csv": kr.funnel(journeys, ["product_view", "add_to_cart", "checkout_start", "order"]),
        "drop_off.csv": leaving,
        "attribution_markov.csv": kr.attribute(journeys, by="channel", cost="touches"),
        "attribution_first_touch.csv": kr.attribute(journeys, model="first_touch", by="channel"),
        "attribution_last_touch.csv": kr.attribute(journeys, model="last_touch", by="channel"),
        "attribution_linear.csv": kr.attribute(journeys, model="linear", by="channel"),
        "likely_paths.csv": kr.likely_paths(journeys, collapse=True, limit=6),
    }
    assert set(tables) < set(sample.files)
    for name, table in tables.items():
        assert sample.files[name] == filed(table), name


def test_the_tables_to_read_hold_the_rounded_values(sample: Page) -> None:
    table = re.search(
        r"<table><caption>Visits of settled journeys that ended.*?<tbody>(.*?)</tbody>", sample.text, re.S
    )
    assert table is not None
    rows = [re.split(r"<t[hd][^>]*>", row.strip())[1:] for row in table[1].split("<tr>")[1:]]
    found = kr.drop_off(kr.datasets.webshop().journeys().recut(after_conversion="continue"), collapse=True)
    assert len(rows) == len(found) > 10
    for cells, row in zip(rows, found, strict=True):
        texts = [html.unescape(re.sub("<[^>]+>", "", cell)) for cell in cells]
        assert texts[:4] == [row["touchpoint"], f"{row['visits']:,}", f"{row['n']:,}", f"{row['exits']:,}"]
        bounds = f"{100 * row['lower']:.1f}–{100 * row['upper']:.1f}%"
        assert texts[4:6] == [f"{100 * row['exit_rate']:.1f}%", bounds]


def test_long_tables_are_cut_and_say_so(sample: Page) -> None:
    journeys = kr.datasets.webshop().journeys()
    all_lines = filed(kr.variants(journeys, collapse=True)).splitlines()
    lines = sample.files["variants.csv"].splitlines()
    assert lines == all_lines[: len(lines)]
    assert 20 < len(lines) < len(all_lines)
    assert f"The first {len(lines) - 1} of" in sample.shown


def test_the_picture_shows_the_numbers_of_the_table(sample: Page) -> None:
    whole = kr.datasets.webshop().journeys().recut(after_conversion="continue")
    titles = [text for text in sample.texts if " → " in text or "left without" in text]
    for row in kr.drop_off(whole, by="phase", collapse=True):
        if row["exits"]:
            assert f"{row['phase']}: {row['exits']:,} left without a conversion" in titles
    figures = whole.summary().to_dicts()[0]
    assert f"Of {figures['conversions'] + figures['nulls']:,} journeys" in sample.shown
    assert f"left without a conversion: {figures['nulls']:,}" in sample.shown


def test_the_headline_carries_its_interval(sample: Page) -> None:
    row = kr.datasets.webshop().journeys().recut(after_conversion="continue").summary().to_dicts()[0]
    lower, upper = (f"{100 * row[name]:.1f}" for name in ("lower", "upper"))
    assert f"{100 * row['conversion_rate']:.1f}%" in sample.shown
    assert f"{lower}–{upper}%" in sample.shown


def test_the_same_journeys_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (write(kr.datasets.webshop().journeys(), tmp_path).text for _ in range(2))
    assert first == second


NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; alert(1) //",
    "</style><script>alert(1)</script>",
    "</title><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "a > b",
    "&lt;b&gt;",
    '=HYPERLINK("x")',
    "שלום",
    "\u202ereversed",
    "x" * 500,
    "https://example.org/a?b=c",
]


@pytest.mark.parametrize("by", [None, "touchpoint"])
def test_names_are_only_text(tmp_path: Path, by: str | None) -> None:
    page = write(small(NASTY), tmp_path, title='<b>"title"</b>', by=by)
    assert page.wrong == []
    assert page.open == []
    assert [tag for tag, _ in page.elements].count("script") == 1
    assert not any(name.startswith("on") for _, attrs in page.elements for name in attrs)
    assert not any(tag == "img" for tag, _ in page.elements)
    for name in NASTY[:9]:
        assert name in page.shown, name
    assert "49" not in re.sub(r"[0-9]{3,}", "", "".join(text for text in page.texts if "7 * 7" in text))
    assert "שלום" in page.shown
    assert "\u202e" not in page.text
    assert '<b>"title"</b>' in page.shown
    assert "x" * 121 not in page.shown
    assert "'=HYPERLINK" in page.files["drop_off.csv"]


def test_names_from_right_to_left_stay_in_their_place(tmp_path: Path) -> None:
    page = write(small(["שלום", "view"]), tmp_path)
    assert "<bdi>שלום</bdi>" in page.text


def test_a_log_without_events_gives_a_report_that_says_so(tmp_path: Path) -> None:
    page = write(cut({"customer_id": [], "timestamp": [], "touchpoint": []}, conversion="order"), tmp_path)
    assert page.sections == ["health", "method"]
    assert "The log has no events." in page.shown
    assert "Flow: the log has no events" in page.shown


def test_a_log_without_conversion_has_no_attribution(tmp_path: Path) -> None:
    days = ["2024-03-01", "2024-03-02", "2024-03-02"]
    columns = {"customer_id": [1, 1, 2], "timestamp": days, "touchpoint": ["a", "b", "a"]}
    page = write(cut(columns), tmp_path)
    assert page.sections == ["health", "figures", "flow", "funnel", "leaving", "paths", "method"]
    assert "No conversion was named" in page.shown
    assert "Channels: no settled journey converted" in page.shown


def test_conversions_without_a_touch_before_them_are_nobodys(tmp_path: Path) -> None:
    journeys = cut(
        {"customer_id": [1, 2], "timestamp": ["2024-03-01", "2024-03-01"], "touchpoint": ["order", "view"]},
        conversion="order",
    )
    assert "earns most" not in write(journeys, tmp_path).shown


def test_a_log_without_time(tmp_path: Path) -> None:
    columns = {"customer_id": [1, 1, 1, 2], "at": [1, 2, 3, 1], "touchpoint": ["a", "b", "order", "a"]}
    page = write(cut(columns, {"time": None, "order": "at"}, conversion="order"), tmp_path)
    assert page.sections == [section for section in WITHOUT_MAP if section != "time"]
    assert "Time: the log has no time" in page.shown
    assert "4 events of 2 customers at 3 touchpoints" in page.shown


def test_a_single_customer(tmp_path: Path) -> None:
    columns = {"customer_id": [1, 1], "timestamp": ["2024-03-01", "2024-03-02"], "touchpoint": ["view", "order"]}
    page = write(cut(columns, conversion="order"), tmp_path)
    assert page.sections == ["health", "figures", "flow", "funnel", "channels", "paths", "time", "method"]
    assert "Leaving: no settled journey ended without a conversion" in page.shown
    assert "All 1 journey reach a conversion" in page.shown


def test_journeys_that_are_all_open(tmp_path: Path) -> None:
    columns = {"customer_id": [1, 1], "timestamp": ["2024-03-01", "2024-03-02"], "touchpoint": ["view", "order"]}
    page = write(cut(columns, conversion="order", inactivity="30d"), tmp_path)
    assert page.sections == ["health", "figures", "funnel", "method"]
    assert "The end of no journey is known yet" in page.shown
    assert "no journey is settled" in page.shown


def test_thousands_of_touchpoints_and_long_names(tmp_path: Path) -> None:
    names = [f"touchpoint {i} " + "n" * 480 for i in range(3_000)]
    columns = {
        "customer_id": [i // 3 for i in range(3_000)] + list(range(1_000)),
        "timestamp": [f"2024-03-01 {i % 3:02}:00" for i in range(3_000)] + ["2024-03-02"] * 1_000,
        "touchpoint": names + ["order"] * 1_000,
    }
    page = write(cut(columns, conversion="order"), tmp_path)
    assert page.sections[:3] == ["health", "figures", "flow"]
    assert "other (2,9" in page.shown
    assert len(page.text.encode()) < 1_000_000


@pytest.mark.parametrize("after", ["new", "stop", "continue"])
def test_every_way_to_go_on_after_a_conversion(f1: kr.Journeys, tmp_path: Path, after: Any) -> None:
    journeys = f1.recut(after_conversion=after)
    page = write(journeys, tmp_path)
    assert [name for name in page.sections if name != "changes"] == WITHOUT_MAP
    ended = journeys.recut(after_conversion="new") if after == "continue" else journeys
    assert page.files["attribution_markov.csv"] == filed(kr.attribute(ended, by="channel", cost="touches"))
    assert page.files["summary.csv"] == filed(f1.recut(after_conversion="continue").summary())


def test_steps_and_by_are_those_that_were_asked_for(f1: kr.Journeys, tmp_path: Path) -> None:
    page = write(f1, tmp_path, steps=["product_view", ["add_to_cart", "store_visit"], "order"])
    wanted = kr.funnel(f1, ["product_view", ["add_to_cart", "store_visit"], "order"])
    assert page.files["funnel.csv"] == filed(wanted)
    page = write(f1, tmp_path, by="channel")
    leaving = kr.drop_off(f1.recut(after_conversion="continue"), by="channel", collapse=True)
    assert page.files["drop_off.csv"] == filed(leaving)


def test_small_groups_are_left_out(tmp_path: Path) -> None:
    journeys = kr.datasets.webshop(4_000).journeys()
    page = write(journeys, tmp_path, min_group=40)
    whole = journeys.recut(after_conversion="continue")
    visits = kr.drop_off(whole, collapse=True)
    rare = {row["touchpoint"] for row in visits if row["n"] < 40}
    assert {"share"} <= rare < set(visits["touchpoint"])
    shown = page.files["drop_off.csv"].splitlines()
    assert len(shown) == 1 + len(visits) - len(rare)
    assert not any(line.startswith(tuple(f"{name}," for name in rare)) for line in shown)
    for line in page.files["transitions.csv"].splitlines()[1:]:
        assert float(line.split(",")[2]) >= 40
    for title in (text for text in page.texts if "left without a conversion" in text):
        count = re.search(r": ([0-9,]+) left", title)
        assert count is None or int(count[1].replace(",", "")) >= 40
    assert f"Rows of fewer than 40 customers are left out: {len(rare)}." in page.shown


def test_everything_can_be_too_small(f1: kr.Journeys, tmp_path: Path) -> None:
    page = write(f1, tmp_path, min_group=1_000)
    assert {"leaving", "channels", "paths"}.isdisjoint(page.sections)
    assert "Leaving: every group has fewer than 1,000 customers" in page.shown


def test_a_dutch_report_has_dutch_words_and_numbers(tmp_path: Path) -> None:
    page = write(kr.datasets.webshop().journeys(), tmp_path, language="nl")
    assert page.sections == EVERY_SECTION
    assert "Waar ze vertrekken" in page.shown
    assert f"{len(kr.datasets.webshop()):,}".replace(",", ".") in page.shown
    assert not re.search(r"\d\.\d%", page.shown)
    assert next(attrs["lang"] for tag, attrs in page.elements if tag == "html") == "nl"


def test_the_languages_have_the_same_sentences_with_the_same_gaps() -> None:
    def gaps(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    assert LANGUAGES == ("en", "nl")
    assert set(en.SENTENCES) == set(nl.SENTENCES)
    assert set(en.COLUMNS) == set(nl.COLUMNS)
    assert set(en.PLURALS) == set(nl.PLURALS)
    for key, text in en.SENTENCES.items():
        assert gaps(text) == gaps(nl.SENTENCES[key]), key


def test_numbers_are_written_as_each_language_does() -> None:
    english, dutch = Words("en"), Words("nl")
    assert (english.count(20184), dutch.count(20184)) == ("20,184", "20.184")
    assert (english.share(0.1984), dutch.share(0.1984)) == ("19.8%", "19,8%")
    assert (english.share(0.1984, 0), dutch.share(0.1984, 0)) == ("20%", "20%")
    assert (english.seconds(120_960), dutch.seconds(120_960)) == ("1.4 days", "1,4 dagen")
    assert (english.amount(1_140_000), english.amount(59_000), english.amount(286)) == ("1.14 M", "59k", "286.00")
    assert english.interval(-0.7, -0.5, "plain") == "−0.7 to −0.5"
    assert dutch.interval(-0.7, -0.5, "plain") == "−0,7 tot −0,5"
    assert (english.date("2025-01-06T09:00:00Z"), dutch.date("2025-03-31")) == ("6 January 2025", "31 maart 2025")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"language": "fr"}, "language is 'fr'; the report speaks 'en', 'nl'"),
        ({"by": "phase"}, "by is 'phase'; the log has 'touchpoint', 'channel'"),
        ({"steps": ["nothing"]}, "'nothing'"),
        ({"min_group": 0}, "min_group is 0; it must be at least 1"),
    ],
)
def test_wrong_options_are_refused_and_nothing_is_written(
    f1: kr.Journeys, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(kr.InputError, match=re.escape(message)):
        kr.report(f1, to=tmp_path / "report.html", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_report_cannot_be_written_where_there_is_no_folder(f1: kr.Journeys, tmp_path: Path) -> None:
    with pytest.raises(kr.InputError, match="does not exist; make it first"):
        kr.report(f1, to=tmp_path / "nowhere" / "report.html")
    with pytest.raises(kr.InputError, match="is a folder; name a file in it"):
        kr.report(f1, to=tmp_path)


@pytest.mark.parametrize("names", [["a", "b"], ["a > b", "c"], ['say "hi"', 'x > "y"'], ['"', "a"]])
def test_paths_come_apart_as_they_were_put_together(names: list[str]) -> None:
    columns = {"customer_id": [1] * len(names), "at": list(range(len(names))), "touchpoint": names}
    journeys = cut(columns, {"time": None, "order": "at"})
    assert split_path(kr.variants(journeys)["path"][0]) == names


def test_long_names_are_cut_in_the_middle() -> None:
    assert cut_name("checkout_start", 9) == "checko…rt"
    assert cut_name("short", 9) == "short"


def test_a_step_that_every_customer_took_is_drawn_full(tmp_path: Path) -> None:
    # 40 visits, 30 orders: enough customers, though the first rate is 1 and so at its boundary.
    customers = [*range(40), *range(30)]
    events = {
        "customer_id": customers,
        "timestamp": [f"2024-03-01T{hour:02d}:00:00" for hour in [9] * 40 + [10] * 30],
        "touchpoint": ["visit"] * 40 + ["order"] * 30,
    }
    journeys = kr.journeys(kr.read(events), conversion="order")
    text = kr.report(journeys, to=tmp_path / "r.html", steps=["visit", "order"]).read_text(encoding="utf-8")
    assert 'class="k"' in text
    assert 'class="k few"' not in text


def test_the_page_has_the_styles_of_what_is_in_it_and_no_others(sample: Page, tmp_path: Path) -> None:
    sheet = resources.files("klantreis._report").joinpath("templates", "report.css").read_text(encoding="utf-8")
    known = set(re.findall(r"\.([a-zA-Z][\w-]*)", re.sub(r"\{[^{}]*\}", "{}", sheet)))
    few = write(small(["view"]), tmp_path)
    sizes = []
    for page in (sample, few):
        style, _, body = page.text.partition("</style>")
        met = {name for names in re.findall(r'class="([^"]*)"', body) for name in names.split()}
        styled = set(re.findall(r"\.([a-zA-Z][\w-]*)", re.sub(r":(?:is|not)\([^)]*\)|\{[^{}]*\}", "{}", style)))
        assert met & known <= styled
        assert styled <= met
        sizes.append(len(style))
    assert sizes[1] < 0.8 * sizes[0]


def test_equal_journeys_make_equal_pages(tmp_path: Path) -> None:
    assert write(small(["view", "cart"]), tmp_path).text == write(small(["view", "cart"]), tmp_path).text
