"""Changes one place of the code at a time, as a slip would, and asks the tests whether they notice.

    python tests/faults/mutations.py lachan/kernel/sealing/*.py --tests lachan/kernel tests/golden --n 40 --seed 7

A comparison turned, a condition made true or false, a constant one larger, `and` for `or`, a `not` or a
`raise` left out. Each is tried in a copy of the tree; prints one JSON object, with each that survived: there
is a test to write, or the change makes no difference.
"""

import argparse
import ast
import copy
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_TURNED = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_EDGE = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}


def variants(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """(what was done, the node instead) for one node."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for name, table in (("turned", _TURNED), ("edge moved", _EDGE)):
            if other := table.get(type(node.ops[0])):
                yield name, ast.Compare(node.left, [other()], node.comparators)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield "one more", ast.Constant(node.value + 1)
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield "the other", ast.Constant(not node.value)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "and/or", ast.BoolOp(other, node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not left out", node.operand
    elif isinstance(node, ast.Raise):
        yield "raise left out", ast.Pass()
    elif isinstance(node, ast.If | ast.IfExp):
        for value in (True, False):
            changed = copy.copy(node)
            changed.test = ast.Constant(value)
            yield f"condition {value}", changed


def places(tree: ast.Module) -> list[tuple[ast.AST, str, object, str, ast.AST]]:
    """(parent, field, index, what, instead) for every change that could be made."""
    found = []
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            many = value if isinstance(value, list) else [value]
            for index, node in enumerate(many):
                if isinstance(node, ast.AST):
                    at = index if isinstance(value, list) else None
                    found += [(parent, field, at, what, new) for what, new in variants(node)]
    return found


def mutate(source: str, number: int) -> tuple[str, int, str]:
    """The source with change `number`; its line; what was done."""
    tree = ast.parse(source)
    parent, field, index, what, new = places(tree)[number]
    old = getattr(parent, field) if index is None else getattr(parent, field)[index]
    ast.copy_location(new, old)
    before = ast.unparse(old).splitlines()[0]
    if index is None:
        setattr(parent, field, new)
    else:
        getattr(parent, field)[index] = new
    changed = ast.unparse(ast.fix_missing_locations(tree))
    return changed, old.lineno, f"{what}: {before}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--tests", nargs="+", required=True, help="what pytest is given")
    parser.add_argument("--n", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    sources = {path: path.read_text("utf-8") for path in asked.files}
    every = [
        (path, n) for path, text in sources.items() for n in range(len(places(ast.parse(text))))
    ]
    chosen = random.Random(asked.seed).sample(every, min(asked.n, len(every)))
    survived, began = [], time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        skip = shutil.ignore_patterns(".git", ".venv", "var", "*.pyc", ".*_cache")
        shutil.copytree(ROOT, tree, ignore=skip, symlinks=True)
        if not _passes(tree, asked.tests):
            sys.stderr.write("the tests fail without any change\n")
            return 2
        for done, (path, number) in enumerate(chosen, 1):
            target = tree / path.resolve().relative_to(ROOT)
            changed, line, what = mutate(sources[path], number)
            target.write_text(changed, "utf-8")
            if _passes(tree, asked.tests):
                survived.append(f"{path}:{line} {what}")
                sys.stderr.write(f"{done}/{len(chosen)} survived: {survived[-1]}\n")
            target.write_text(sources[path], "utf-8")
    noticed = len(chosen) - len(survived)
    report = {
        "possible": len(every),
        "tried": len(chosen),
        "noticed": noticed,
        "survived": survived,
        "seconds": round(time.monotonic() - began),
    }
    sys.stdout.write(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    return 0


def _passes(tree: Path, tests: list[str]) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        run = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, timeout=600, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
