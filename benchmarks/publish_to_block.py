"""From the reviewer's click to the changed DNS answer, and back: prints one JSON object.

    python benchmarks/publish_to_block.py --times 100

Peers' published figures for the same step: Hasher-Matcher-Actioner rebuilds its index each 60 s; Unbound
does not answer for 24 s while it loads an RPZ file of a million names.
"""

import argparse
import json
import subprocess
import sys


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--times", type=int, default=100)
    times = parser.parse_args().times
    command = [sys.executable, "-m", "lachan", "demo", "--json", "--times", str(times)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    demo = json.loads(done.stdout)
    print(
        json.dumps(
            {
                "times": times,
                "publish_to_block_ms": demo["publish_to_block_ms"],
                "withdraw_to_release_ms": demo["withdraw_to_release_ms"],
                "bar_p95_ms": 250,
                "holds": max(
                    demo["publish_to_block_ms"]["p95"], demo["withdraw_to_release_ms"]["p95"]
                )
                <= 250,
            }
        )
    )


if __name__ == "__main__":
    main()
