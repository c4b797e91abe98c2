"""Real things for the walk over every address (tests/architecture/test_walk.py)."""


def samples(personas):
    return {
        "app-install": {"face": "shield"},
        "app-manifest": {"face": "notebook", "language": "vi"},
    }
