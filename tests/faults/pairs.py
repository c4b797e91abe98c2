"""Every pair of two organisations' acts on one value: what one does changes no entry of the other unseen.

    python tests/faults/pairs.py

Members and schools act: the first begins, the second does each act and takes back what is its own. Prints one JSON
object.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def main() -> int:
    with tempfile.TemporaryDirectory() as home:
        os.environ["LACHAN_HOME"] = home
        os.environ.pop("DATABASE_URL", None)
        from lachan.cli.setup import django_ready
        from lachan.kernel.home import home_prepare

        home_prepare(Path(home))
        django_ready(begin=True)
        from tests.faults.sides import KINDS, pairs

        begun, tried, broken = time.monotonic(), 0, ""
        try:
            for first, second in KINDS:
                tried += pairs(first, second)
        except AssertionError as error:
            broken = str(error)
        seconds = round(time.monotonic() - begun, 1)
        sys.stdout.write(json.dumps({"pairs": tried, "seconds": seconds, "broken": broken}) + "\n")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
