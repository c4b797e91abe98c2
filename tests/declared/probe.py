"""Asked in a process of its own: what a copy of the product knows of the things that were added to it."""

import io
import json
import sys

import django

django.setup()

from django.utils.translation import override  # noqa: E402

from lachan.formats.guard.loading import guard_build  # noqa: E402
from lachan.formats.lists.parsing import read  # noqa: E402
from lachan.formats.observables.parsing import parse  # noqa: E402
from lachan.formats.snapshot.keys import key_decode, key_encode, kind_of  # noqa: E402
from lachan.indicators import labels  # noqa: E402
from lachan.indicators.channel import channels  # noqa: E402
from lachan.kernel.country import country_codes  # noqa: E402
from lachan.members.audit import audit_words  # noqa: E402
from lachan.members.policy import action_named, cells_of  # noqa: E402
from lachan.members.records import PUBLIC, system  # noqa: E402
from lachan.web.menu import menu_list  # noqa: E402

with override("vi"):
    code, key = key_encode("wallet", "inv-0001")
    table = b"wallet;domain\nINV-0001;xau.example\n"
    found = {
        "kind": [parse("INV-0001").kind, kind_of(code).name, key_decode(code, key)],
        "column": [[e.observable.kind, e.observable.value] for e in read(io.BytesIO(table))],
        "label": str(labels.KINDS["wallet"]),
        "channel": channels()["invented"].form.line("domain", "xau.example", {}),
        "warning": [w.rule for w in guard_build((), ()).check(parse("invented-site.example"))],
        "warned": str(labels.RULES["invented"]),
        "menu": [e.url for e in menu_list(system("x")) if e.title == "Invented"],
        "hidden": [e.url for e in menu_list(PUBLIC)],
        "audit": str(audit_words()["invented.do"]),
        "policy": cells_of(action_named("invented.read"))[0],
        "country": "xa" in country_codes(),
    }
sys.stdout.write(json.dumps(found))
