"""What is written once is not written again beside it: each of these has a word of its own."""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "lachan"
# What a second copy looks like → where it stands.
ONCE = {
    # file_write, file_draft, folder_sync
    r"\bos\.fsync\(": {"kernel/files.py", "config/backups.py"},
    r"\b(?:draft|aside)\.replace\(": {"kernel/files.py"},
    # clock.hour
    r"\bminute=0\b": {"kernel/clock.py"},
    # HeadForm
    r"0x0A0B0C0D": {"kernel/mapped.py"},
    # problem_bytes, CHALLENGE
    r"application/problem\+json|about:blank#": {"formats/problems.py"},
    r"[\"']Bearer realm=": {"formats/problems.py"},
    # RoleGrant.objects.standing
    r"(?:grants|RoleGrant\.objects)\.filter\([^)]*valid_until|grants__valid_until": set(),
}


@pytest.mark.parametrize("pattern", list(ONCE))
def test_it_has_one_word_for_each_pattern(pattern):
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if "tests" not in path.parts and "migrations" not in path.parts
        if re.search(pattern, path.read_text("utf-8"))
    }
    assert found == ONCE[pattern]
