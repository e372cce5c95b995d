# SPDX-License-Identifier: MIT
"""Markov attribution of a path table beside ChannelAttribution: `python channel_attribution.py PATHS`.

Both parse the same data frame of path texts. ChannelAttribution simulates journeys, ours solves the chain, so its error
is the difference to ours; ours carries a certified bound. Without ChannelAttribution only ours is measured.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from peers import used

import klantreis as kr

CHANNELS = 40


def path_rows(paths: int, seed: int = 3) -> dict[str, Any]:
    """Paths of geometric length over channels of unequal weight, each of which prefers some to follow it."""
    random = np.random.default_rng(seed)
    weight = 1.0 / np.arange(1, CHANNELS + 1) ** 0.9
    cumulative = np.cumsum(weight / weight.sum())
    preferred = np.stack([random.permutation(CHANNELS) for _ in range(CHANNELS)])
    names = [f"c{i:02d}" for i in range(CHANNELS)]
    converts = 0.02 + 0.2 * random.random(CHANNELS)
    lengths = random.geometric(1 / 5.0, paths)
    draws = np.searchsorted(cumulative, random.random(int(lengths.sum()))).clip(0, CHANNELS - 1).tolist()
    moods = random.random(len(draws)).tolist()
    texts, conversions, at = [], [], 0
    for length, chance in zip(lengths.tolist(), random.random(paths).tolist(), strict=True):
        path = [draws[at]]
        for place in range(at + 1, at + length):
            mood = moods[place]
            path.append(
                path[-1] if mood < 0.25 else int(preferred[path[-1], draws[place]]) if mood < 0.55 else draws[place]
            )
        at += length
        texts.append(" > ".join(names[code] for code in path))
        conversions.append(int(chance < converts[path[-1]]))
    return {"path": texts, "conversions": conversions, "nulls": [1 - one for one in conversions]}


def main() -> int:
    """Measure both and print a table."""
    import pandas as pd

    frame = pd.DataFrame(path_rows(int(sys.argv[1])))
    print(f"\n### Markov attribution of {len(frame):,} paths over {CHANNELS} channels\n")
    print("| order | klantreis, s | ChannelAttribution, s | ratio | its largest error of a removal effect |")
    print("|---|---|---|---|---|")
    for order in (1, 2, 3):
        began = used()
        paths = kr.read_paths(frame, path="path", conversions="conversions", nulls="nulls")
        # Intervals are left out, because the other gives none.
        effects = kr.attribute(paths, model="markov", order=order, intervals=False)
        ours = used() - began
        exact = dict(zip(effects["touchpoint"], effects["removal_effect"], strict=True))
        try:
            import matplotlib

            matplotlib.use("Agg")
            import ChannelAttribution
        except ImportError:
            print(f"| {order} | {ours:.3f} | not installed | – | – |")
            continue
        began = used()
        made = ChannelAttribution.markov_model(
            frame,
            "path",
            "conversions",
            var_null="nulls",
            order=order,
            out_more=True,
            seed=1,
            verbose=False,
            flg_pro=False,
        )
        theirs = used() - began
        found = made["removal_effects"]
        pairs = zip(found.iloc[:, 0], found.iloc[:, 1], strict=True)
        error = max(abs(float(effect) - exact[str(name)]) / exact[str(name)] for name, effect in pairs)
        print(f"| {order} | {ours:.3f} | {theirs:.3f} | {theirs / ours:.0f} | {100 * error:.1f} % |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
