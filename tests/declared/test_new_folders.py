"""A capability is one new folder: one of each sort is added to a copy of the product, and nothing else touched."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import lachan

WORDS = {"en": "an invented thing", "vi": "một thứ bịa ra", "fr": "une chose inventée"}
NEW = {
    "formats/observables/kinds/wallet": {
        "__init__.py": "",
        "words.json": json.dumps({"label": WORDS}),
        "kind.py": """
from lachan.formats.observables.kind import Example, Kind


class Wallet(Kind):
    name = "wallet"
    order = 5
    code = 200
    columns = "wallet,purse"
    narrow = 70

    def recognise(self, text):
        return text.lower().startswith("inv-")

    def canonical(self, text):
        return text.lower()

    def examples(self):
        return [Example("INV-0001", "inv-0001")]
""",
    },
    "formats/lists/forms": {
        "invented.py": """
from lachan.formats.lists.form import NameForm


class Invented(NameForm):
    name = "invented"
    written = "{0};\\n"
""",
    },
    "indicators/channels/invented": {
        "__init__.py": "",
        "channel.py": """
from lachan.indicators.channel import Channel, Example
from lachan.indicators.ways.get import Get


class Invented(Channel):
    name = label = "invented"
    way = Get()

    def examples(self):
        return [Example("domain", "xau.example")]
""",
    },
    "formats/guard/data/rules/invented": {
        "rule.json": json.dumps({"said": WORDS, "short": WORDS}),
        "sites.json": json.dumps(
            {
                "groups": [
                    {"rule": "invented", "reason": "it is", "names": ["invented-site.example"]}
                ]
            }
        ),
    },
    "invented": {
        "__init__.py": "",
        "apps.py": """
from django.apps import AppConfig


class InventedConfig(AppConfig):
    name = "lachan.invented"
""",
        "audit_actions.py": """
from lachan.members.records import AuditAction


class InventedAudit(AuditAction):
    INVENTED_DO = "invented.do", "did an invented thing"
""",
        "policy.py": """
from lachan.members.policy import PolicyAction, policy_rows


class Action(PolicyAction):
    INVENTED_READ = "invented.read"


policy_rows(
    Action,
    '''
               analyst  reviewer  officer  administrator  technical  auditor  none  key  public
invented.read  own      -         -        -              -          -        -     -    -
''',
)
""",
        "menu.py": """
from lachan.members.policy import policy_allows
from lachan.web.menu import MenuEntry, menu_add

from .policy import Action

menu_add(
    MenuEntry(
        order=90,
        title="Invented",
        url="/staff/invented/",
        shown=lambda actor: policy_allows(actor, Action.INVENTED_READ),
    )
)
""",
    },
}


def test_it_knows_what_a_new_folder_brings(tmp_path):
    package = tmp_path / "lachan"
    shutil.copytree(
        Path(lachan.__file__).parent,
        package,
        ignore=shutil.ignore_patterns("tests", "node_modules"),
    )
    for folder, files in NEW.items():
        (package / folder).mkdir(exist_ok=True)
        for name, text in files.items():
            (package / folder / name).write_text(text, encoding="utf-8")
    shutil.copytree("tests/country/xa", package / "country" / "xa")
    asked = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("probe.py"))],
        cwd=tmp_path,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("LACHAN_")},
            "PYTHONPATH": str(tmp_path),
            "LACHAN_HOME": str(tmp_path / "home"),
            "DJANGO_SETTINGS_MODULE": "lachan.config.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout) == {
        "kind": ["wallet", "wallet", "inv-0001"],
        "column": [["wallet", "inv-0001"]],
        "label": WORDS["vi"],
        "channel": "xau.example;\n",
        "warning": ["invented"],
        "warned": WORDS["vi"],
        "menu": ["/staff/invented/"],
        "hidden": [],
        "audit": "did an invented thing",
        "policy": "own",
        "country": True,
    }
