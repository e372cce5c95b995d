# SPDX-License-Identifier: MIT
"""The icon of a channel, by words that its name holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from klantreis._report.words import Words

# The first that fits decides: a comparison site is no site of one's own, and a web shop is no shop in the street.
_WORDS = (
    ("email", r"mail|newsletter|nieuwsbrief"),
    ("social", r"social|facebook|instagram|tiktok|linkedin|youtube|pinterest|twitter|whatsapp"),
    ("reviews", r"review|rating|beoordel"),
    ("compare", r"compar|vergelijk"),
    ("search", r"google|bing|search|\bse[aom]\b|zoek"),
    ("display", r"display|banner|\bads?\b|advert|retarget|affiliate|radio|\btv\b|press|video"),
    ("phone", r"phone|call|telefoon|service|support|chat|helpdesk"),
    ("delivery", r"deliver|bezorg|courier|koerier|parcel|pakket|\bpost\b|logisti"),
    ("people", r"word of mouth|mond|friend|vriend|refer|recommend|event"),
    ("web", r"web|site|\bapp\b|online|direct|platform|portal|shop\b"),
    ("store", r"store|winkel|branch|filiaal|office|kantoor|counter|balie|restaurant"),
)


def icon_of(*names: str | None) -> str:
    """Return the icon of a channel that has these names.

    >>> icon_of("compare_site"), icon_of("Google Ads"), icon_of("c7", "Webwinkel"), icon_of("c8")
    ('compare', 'search', 'web', 'other')
    """
    text = " ".join(name for name in names if name).replace("_", " ").lower()
    return next((icon for icon, words in _WORDS if re.search(words, text)), "other")


def icon(words: Words, name: str, owned: str) -> dict[str, str]:
    """What the template needs of the icon of a channel."""
    return {"icon": name, "owned": owned, "words": words.plain(f"map.{owned}") if owned != "unknown" else ""}
