"""Do a family's schedules hold what was set, at every moment? Against a brute-force oracle.

    python benchmarks/schedules.py [--instants 200000] [--seed 10]

Random rules, overrides, zones, calendars; moments anywhere and around midnights, clock changes, edges of slots and of
overrides, to the second. Compared are the oracle (which knows docs/howto/rules.md alone), `rule_set_at`, and what week
and segments give that the table holds; and `next_change` once in each hundred. `distinct_days` is how many of a week's
100 days the defaults of each age band need, which is what a table stores of it. Bar: differences == 0.
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--instants", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=10)
    options = parser.parse_args()
    from tests.schedules.trial import distinct_days, run

    began = time.monotonic()
    found = run(options.instants, options.seed)
    found |= {
        "distinct_days": distinct_days(),
        "seconds": round(time.monotonic() - began, 1),
        "bar": "differences == 0",
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
