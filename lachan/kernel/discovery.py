"""Finds capabilities by looking: a new file or folder is enough, no list is edited anywhere."""

import importlib
import pkgutil
from typing import TypeVar

T = TypeVar("T")


def discover(package: str, base: type[T], *, module: str = "") -> dict[str, T]:
    """One instance of each subclass of `base` that `package` holds, by its `name`, in order of name.

    Args:
        package: dotted name of the package to walk.
        base: the class that a capability derives from; it must carry a `name`.
        module: where a capability is a folder, the module inside that declares it (`channels/x/channel.py`).

    Classes whose name starts with an underscore are shared parts, not capabilities. The walk costs imports:
    callers cache what they get.

    Raises:
        TypeError: two capabilities share a name, or one has none.
    """
    found: dict[str, T] = {}
    root = importlib.import_module(package)
    for entry in sorted(pkgutil.iter_modules(root.__path__), key=lambda entry: entry.name):
        # Where capabilities are folders, a file beside them is what they share.
        if entry.name == "tests" or (module and not entry.ispkg):
            continue
        path = f"{package}.{entry.name}.{module}" if module else f"{package}.{entry.name}"
        loaded = importlib.import_module(path)
        for value in list(vars(loaded).values()):
            if not (isinstance(value, type) and issubclass(value, base)):
                continue
            if value.__module__ != loaded.__name__ or value.__name__.startswith("_"):
                continue
            name: str = getattr(value, "name", "")
            if not name or name in found:
                raise TypeError(f"{path}: {value.__name__} has no name of its own: {name!r}")
            found[name] = value()
    return dict(sorted(found.items()))
