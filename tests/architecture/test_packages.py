"""`make run` installs requirements/base.txt and nothing else: it is enough, and tests run with the same."""

import importlib.metadata
import inspect
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp

EVERYTHING = """
import importlib, pkgutil, sys

class Absent:
    absent = frozenset(sys.argv[1:])

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.absent:
            raise ModuleNotFoundError(f"{name} is not in requirements/base.txt", name=name)

sys.meta_path.insert(0, Absent())
import django
django.setup()
import lachan
for module in pkgutil.walk_packages(lachan.__path__, "lachan."):
    if ".tests" not in module.name and "__main__" not in module.name:
        importlib.import_module(module.name)
print("all")
"""


def pins(lock):
    """(name, version and marker) of each package in a lock."""
    text = Path(f"requirements/{lock}.txt").read_text()
    return set(re.findall(r"^([a-z0-9-]+)(==.*?) \\$", text, re.MULTILINE))


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def modules(is_wanted):
    """Names under which installed packages are imported."""
    found = set()
    for package in importlib.metadata.distributions():
        if is_wanted(plain(package.name)):
            for file in package.files or ():
                found.add(file.parts[0] if file.parts[1:] else inspect.getmodulename(file.name))
    return {name for name in found if name and name.isidentifier()}


BASE = {name for name, _ in pins("base")}


def extras():
    """What somebody may install besides, by the names that are imported."""
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    wanted = [each for extra in project["optional-dependencies"].values() for each in extra]
    names = {plain(re.match(r"[\w.-]+", each)[0]) for each in wanted}
    return modules(names.__contains__)


def test_it_tests_with_the_packages_that_it_runs_with():
    assert pins("base") - pins("dev") == set()


def test_it_imports_only_what_is_installed_to_run_or_asked_for_by_name():
    graph = grimp.build_graph("lachan", include_external_packages=True)
    allowed = modules(BASE.__contains__) | extras() | sys.stdlib_module_names | {"lachan"}
    strange = {
        f"{importer} → {name}"
        for name in graph.modules
        if name.partition(".")[0] not in allowed
        for importer in graph.find_modules_that_directly_import(name)
        if ".tests" not in importer
    }
    assert strange == set()


def test_it_imports_everything_where_only_that_is_installed():
    there = modules(BASE.__contains__)
    absent = modules(lambda name: name not in BASE) - there
    assert absent >= extras() | {"pytest", "playwright"}
    ran = subprocess.run(
        [sys.executable, "-c", EVERYTHING, *sorted(absent)],
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.stdout == "all\n", ran.stderr
