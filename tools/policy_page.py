"""The whole policy as a page: `.venv/bin/python tools/policy_page.py` writes docs/policy.md."""

import os
from pathlib import Path

PAGE = Path("docs/policy.md")
HEAD = """# Who may do what
Made by `tools/policy_page.py` of the rows in each room's `policy.py`; a test holds them equal, and another one
asks every address as everybody (`tests/architecture/test_walk.py`).

*own*: things of one's own organisation, and of nobody's. *any*: of every organisation's too. *-*: not at all.
*none* is a person without a role, *key* an API key whose scopes name the action, *public* anyone who does not say
who they are. *adult*, *teacher* (of some classes of a school) and *child* (by its device) are of a household and reach things of
their own household alone, a teacher of those classes alone. A second person agrees before somebody gets a role of an action marked *, or of one that opens the
desk's key.
"""


def page() -> str:
    """The page's text; the rooms have been found."""
    from lachan.members.policy import COLUMNS, POWERS, action_list, cells_of

    lines, room = [HEAD], ""
    for action in action_list():
        if (here := type(action).__module__.split(".")[1]) != room:
            room = here
            lines += [
                f"\n## {room}",
                f"| action | {' | '.join(COLUMNS)} |",
                "|---" * (len(COLUMNS) + 1) + "|",
            ]
        mark = "*" if action in POWERS else ""
        lines.append(f"| {action}{mark} | {' | '.join(cells_of(action))} |")
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lachan.config.settings")
    django.setup()
    PAGE.write_text(page(), encoding="utf-8")
