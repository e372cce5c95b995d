# SPDX-License-Identifier: MIT
"""Templates hold the phases, channels and KPIs that the articles they follow list, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

import klantreis as kr
from klantreis._map.templates import SHIPPED

FIVE = {
    "awareness": (
        ["pr", "radio_tv", "online_ads", "magazines", "social_media", "google"],
        ["impressions", "video_views", "seo_rank"],
    ),
    "consideration": (
        ["social_ads", "email", "reviews", "blogs", "social_media", "website"],
        ["clicks", "ctr", "cpc"],
    ),
    "purchase": (["website", "webshop", "store"], ["conversion_rate", "quote_requests", "leads", "cost_per_lead"]),
    "retention": (
        ["community", "faq", "newsletter", "followup_mail", "blog"],
        ["nps", "csat", "returning_customers"],
    ),
    "loyalty": (["social_media", "word_of_mouth"], ["referrals", "shares"]),
}
PHASES = {
    "3": ["awareness", "consideration", "decision"],
    "5": ["awareness", "consideration", "purchase", "retention", "loyalty"],
    "5-delivery": ["awareness", "consideration", "purchase", "delivery", "loyalty"],
    "6": ["awareness", "consideration", "purchase", "delivery", "service", "loyalty"],
    "9": [
        "latente_behoefte",
        "bewustwording",
        "orientatie",
        "koopbeslissing",
        "koop",
        "levering",
        "gebruik_service",
        "loyaliteit",
        "ambassadeur",
    ],
}


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_five_phases_come_with_the_channels_and_kpis_of_the_article(language: str) -> None:
    five = kr.template("5", language=language)
    assert {phase.id: (phase.channels, phase.kpis) for phase in five.phases} == FIVE
    assert all(phase.description and phase.part and phase.emotion for phase in five.phases)


def test_channels_without_events_of_customers_are_kept_as_not_measured() -> None:
    measured = {channel.id: channel.measured for channel in kr.template("5").channels}
    assert [name for name, is_measured in measured.items() if not is_measured] == ["pr", "radio_tv", "magazines"]


def test_retention_has_feedback_testimonials_usage_tips_and_the_vip_programme() -> None:
    retention = {item.id for item in kr.template("5").touchpoints if item.phase == "retention"}
    assert {"feedback", "review_left", "usage_tip_view", "vip_join", "nps"} <= retention


@pytest.mark.parametrize("name", PHASES)
def test_each_template_has_its_phases_in_order(name: str) -> None:
    assert [phase.id for phase in kr.template(name).phases] == PHASES[name]


def test_the_nine_phases_say_which_two_were_added() -> None:
    nine = kr.template("9")
    assert not nine.phases[0].measured
    assert [phase.id for phase in nine.phases if phase.note] == ["bewustwording", "gebruik_service"]


def test_nine_phases_roll_up_to_six_to_five_to_three() -> None:
    levels = {level: [phase.rollup[level] for phase in kr.template("9").phases] for level in ("p6", "p5", "p3")}
    assert list(dict.fromkeys(levels["p6"])) == PHASES["6"]
    assert list(dict.fromkeys(levels["p5"])) == PHASES["5"]
    assert list(dict.fromkeys(levels["p3"])) == PHASES["3"]
    six = {phase.id: phase.rollup for phase in kr.template("6").phases}
    five = {phase.id: phase.rollup for phase in kr.template("5").phases}
    for p6, p5, p3 in zip(levels["p6"], levels["p5"], levels["p3"], strict=True):
        assert six[p6] == {"p5": p5, "p3": p3}
        assert five[p5] == {"p3": p3}


@pytest.mark.parametrize(
    ("dutch", "english"),
    [
        ("bekendheid", "awareness"),
        ("afweging", "consideration"),
        ("aankoop", "purchase"),
        ("retentie", "retention"),
        ("loyaliteit", "loyalty"),
    ],
)
@pytest.mark.parametrize("language", ["en", "nl"])
def test_dutch_and_english_names_lead_to_the_same_phase(dutch: str, english: str, language: str) -> None:
    five = kr.template("5", language=language)
    assert five.phase(dutch) is five.phase(english) is five.phase(english.upper())
    assert five.phase(dutch).name == (dutch if language == "nl" else english).capitalize()


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("name", SHIPPED)
def test_each_template_is_a_valid_map_that_reads_back(name: str, language: str) -> None:
    made = kr.template(name, language=language)
    assert made.warnings == ()
    assert made.check() == ()
    again = kr.JourneyMap.from_text(made.to_yaml())
    assert again == made
    assert made.journey.template == name
    assert made.journey.language == language
    needs = {need.id for phase in made.phases for need in phase.needs}
    assert {name for item in made.touchpoints for name in item.need} == needs
    assert all(item.need for item in made.touchpoints if item.stage == "onstage")
    assert [outcome.id for outcome in made.outcomes if outcome.primary] == ["order"]
    assert all(phase.description and phase.channels for phase in made.phases)


@pytest.mark.parametrize("name", SHIPPED)
def test_both_languages_of_a_template_differ_in_words_only(name: str) -> None:
    def shape(part: object) -> object:
        if isinstance(part, dict):
            wordless = {"name", "text", "description", "note", "part", "driver", "aliases", "language"}
            return {key: shape(value) for key, value in part.items() if key not in wordless}
        if isinstance(part, list):
            return [shape(item) if isinstance(item, dict) else item for item in part]
        return part

    english, dutch = (kr.template(name, language=language).to_dict() for language in ("en", "nl"))
    for data in (english, dutch):
        data["journey"].pop("goals")
        for persona in data.get("personas", []):
            for key in ("problem", "solution"):
                persona.pop(key, None)
        for phase in data["phases"]:
            for key in ("goals", "questions", "customer_actions", "company_actions"):
                phase.pop(key, None)
    assert shape(english) == shape(dutch)


def test_the_restaurant_has_three_phases_and_chooses_by_distance_price_and_taste() -> None:
    restaurant = kr.template("restaurant")
    assert len(restaurant.phases) == 3
    weights = {criterion.id: criterion.weight for criterion in restaurant.personas[0].criteria}
    assert weights == {"near": 0.4, "price": 0.3, "taste": 0.3}
    answered = {name for item in restaurant.touchpoints for name in item.criteria}
    assert answered == weights.keys()


def test_the_table_of_templates_names_their_phases(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KLANTREIS_TEMPLATES", str(tmp_path))
    rows = kr.templates().to_dicts()
    assert [row["template"] for row in rows] == list(SHIPPED)
    for row in rows:
        assert row["names"] == ", ".join(phase.id for phase in kr.template(row["template"]).phases)
        assert row["phases"] == len(row["names"].split(", "))


def test_a_map_can_be_kept_as_a_template_of_ones_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KLANTREIS_TEMPLATES", str(tmp_path / "mine"))
    made = kr.template("3", id="bakery", title="The bakery")
    made.phases[0].name = "Smell of bread"
    file = kr.save_template(made, "bakery")
    assert file == tmp_path / "mine/bakery.yaml"
    again = kr.template("bakery", id="bakery-2")
    assert (again.journey.id, again.journey.template, again.phases[0].name) == ("bakery-2", "bakery", "Smell of bread")
    assert made.journey.template == "3"
    assert kr.templates().to_dicts()[-1]["origin"] == str(file)
    assert kr.template(str(file)) == kr.template("bakery")
    kr.save_template(made, "elsewhere", folder=tmp_path)
    assert kr.template(str(tmp_path / "elsewhere.yaml")).phases[0].name == "Smell of bread"


def test_a_template_of_ones_own_cannot_take_the_name_of_another() -> None:
    for name in ("5", "webshop-9", "Not An Id", "../up"):
        with pytest.raises(kr.InputError, match="name"):
            kr.save_template(kr.template("3"), name)


def test_an_unknown_template_or_language_is_refused_with_the_known_ones() -> None:
    with pytest.raises(kr.InputError, match="did you mean 'e-commerce'"):
        kr.template("e-comerce")
    with pytest.raises(kr.InputError, match="choose one of en, nl"):
        kr.template("5", language="fr")


@pytest.mark.parametrize(
    ("answers", "name"),
    [
        ({}, "5"),
        ({"business": "b2b"}, "b2b"),
        ({"business": "mixed"}, "b2b"),
        ({"delivers": True}, "5-delivery"),
        ({"delivers": True, "service": True}, "e-commerce"),
        ({"delivers": True, "service": True, "online": False}, "6"),
        ({"store": True}, "retail"),
        ({"exists": False}, "future-customer"),
        ({"detail": "short"}, "3"),
        ({"detail": "long"}, "9"),
    ],
)
def test_a_template_is_suggested_by_answers(answers: dict[str, object], name: str) -> None:
    assert kr.suggest_template(**answers) == name
    assert name in SHIPPED
