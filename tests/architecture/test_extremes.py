"""Numbers and moments at the end of all things, into every field of every form and operation: refused or taken, and
never a fault of ours. Pages, forms, operations and query words are found by walking.
"""

import base64
import itertools
import json
import re
import uuid
from pathlib import Path

import django.forms
import msgspec
import pytest
from django.db import transaction
from django.test import Client

from lachan.cli.browser import Page
from lachan.indicators.models import Indicator
from lachan.indicators.services import indicator_propose, indicator_review
from lachan.members.api_keys import scope_list
from lachan.members.records import Role
from lachan.web.fields import DayField, MomentField
from tests.architecture.test_walk import (
    OPERATIONS,
    PAGES,
    _address,
    _example,
    _key,
    _samples,
    api,
)
from tests.personas import Personas

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
DAYS = ["0001-01-01", "1000-01-01", "9999-12-31", "2026-02-30", "99999-01-01", "-001-01-01"]
MOMENTS = [
    "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59", "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00+99:99", "1969-12-31T23:59:59.999999Z",
]  # fmt: skip
NUMBERS = [
    "9" * 5000, str(2**63), str(-(2**63) - 1), str(2**31), "-1", "0", "NaN", "Infinity", "1e400", "1.5", "0x10", "²", "٣",
    "1_000", "+1", " 7 ", "",
]  # fmt: skip
TEXTS = ["\x00", "a\x00b", "\ufffe", "%s%n{}", "\u202e"]
RAW = ["NaN", "Infinity", "-Infinity", "1e400", "-0.0", "1.5", str(10**400), str(2**63), str(-(2**63)), "253402300799",
       "253402300800", "1e18", "-62135596801", "true", "null", "[]", "{}", '"\\ud800"', '"\\u0000"']  # fmt: skip


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        personas = Personas()
        everything = personas.with_roles(*Role)
        proposed = indicator_propose(
            by=personas.analyst.actor, value="first.example", category="scam"
        )
        published = indicator_propose(
            by=personas.analyst.actor, value="second.example", category="scam"
        )
        indicator_review(by=personas.reviewer.actor, indicator=published.uid, decision="approve",
                         override_reason="documentation names stand for real ones")  # fmt: skip
        samples = _samples(personas)
        yield personas, everything.client(), samples, (proposed.uid, published.uid)
        transaction.set_rollback(True)


def ask(client, method, address, *args, **more):
    with transaction.atomic():
        cookies = client.cookies.copy()
        answer = client.generic(method, address, *args, **more)
        if answer.streaming:
            b"".join(answer.streaming_content)
        transaction.set_rollback(True)
    client.cookies = cookies
    # 503: a part that is not there at all, told by a page of its own.
    assert answer.status_code < 500 or answer.status_code == 503, (
        method,
        address[:80],
        str(args)[:200],
    )
    return answer


def addresses(where, pattern, samples, uids):
    """A page's addresses: of a real thing, where there is one, of each indicator, and of none."""
    found = {_address(where, pattern, samples)[0]}
    if "<uuid:uid>" in where and "/indicators/" in where:
        found |= {where.replace("<uuid:uid>", str(uid)) for uid in uids}
    return [one for one in found if "<" not in one]


def spread(values, number):
    """Of many values a few, others for each field, so that all are tried somewhere and none takes minutes."""
    return [values[(number * 2 + at) % len(values)] for at in range(2)]


@pytest.mark.parametrize("way", range(4))
def test_it_bears_extremes_in_every_form(world, way):
    _, client, samples, uids = world
    tried, forms, count = [*DAYS, *MOMENTS, *NUMBERS, *TEXTS], set(), itertools.count(way * 7)
    for at, (where, pattern) in enumerate(PAGES):
        if at % 4 != way or "sign-out" in where or "leave" in where:
            continue
        for address in addresses(where, pattern, samples, uids):
            answer = ask(client, "GET", address)
            if answer.status_code != 200 or "html" not in answer["Content-Type"]:
                continue
            for form in Page(200, address, answer.content.decode()).forms:
                action = form.action or address
                known = (action, form.method, tuple(sorted(form.names)))
                if known in forms or not action.startswith("/"):
                    continue
                forms.add(known)
                names = [
                    name
                    for name in {*form.names, *dict(form.values)}
                    if not name.startswith(("_", "csrf"))
                ]
                for name in sorted(names):
                    for value in spread(tried, next(count)):
                        sent = dict(form.values) | {name: value}
                        if form.method == "get":
                            ask(client, "GET", action.partition("?")[0], query_params=sent)
                        else:
                            body = django.test.client.encode_multipart("bound", sent)
                            ask(client, "POST", action, body, "multipart/form-data; boundary=bound")
    assert forms


def test_it_bears_extremes_in_every_query(world):
    _, client, samples, uids = world
    sources = "".join(
        path.read_text() for path in Path("lachan").rglob("*.py") if "tests" not in path.parts
    )
    words = sorted(set(re.findall(r'GET(?:\.get\(|\.getlist\(|\[)"(\w+)"', sources)))
    assert {"after", "before"} <= set(words)
    count = itertools.count()
    for where, pattern in PAGES:
        address = addresses(where, pattern, samples, uids)[0:1]
        for value in spread([*NUMBERS, *DAYS, *MOMENTS, *TEXTS], next(count)) if address else ():
            ask(client, "GET", address[0], query_params=dict.fromkeys(words, value))
    # Positions in lists are read by hand, and get every value.
    for where, pattern in PAGES:
        if pattern.name in {"audit", "indicators", "imports", "disputes", "queue", "list", "cases"}:
            for word, value in itertools.product(("after", "before"), [*NUMBERS, *TEXTS]):
                ask(client, "GET", _address(where, pattern, samples)[0], query_params={word: value})


@pytest.mark.parametrize(
    ("path", "method", "operation"), OPERATIONS, ids=[f"{m} {p}" for p, m, _ in OPERATIONS]
)
def test_it_bears_extremes_in_every_operation(world, path, method, operation):
    personas, _, _, uids = world
    headers = _key(personas, scope_list())
    schemas = api.get_openapi_schema()["components"]["schemas"]
    address = path.replace("{uid}", str(uids[0])).replace("{name}", "jsonl")
    needed = {
        one["name"]: str(_example(one["schema"], schemas))
        for one in operation.get("parameters", []) if one["in"] == "query" and one["required"]
    }  # fmt: skip
    client = Client()
    for one in operation.get("parameters", []):
        if one["in"] == "query":
            for value in [*NUMBERS, *MOMENTS, *TEXTS]:
                ask(
                    client,
                    method,
                    address,
                    query_params=needed | {one["name"]: value},
                    headers=headers,
                )
        else:
            for value in ("0", "9" * 300, "%00", str(uuid.UUID(int=2**128 - 1))):
                ask(client, method, path.replace("{" + one["name"] + "}", value), headers=headers)
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if not content:
        return
    schema = schemas[content["schema"]["$ref"].rsplit("/", 1)[-1]]
    whole = _example(schema, schemas) | (
        {"value": "third.example", "category": "scam"} if "value" in schema["properties"] else {}
    )
    for name in schema["properties"]:
        for raw in [*RAW, *map(json.dumps, [*NUMBERS, *MOMENTS, *DAYS, *TEXTS])]:
            rest = {key: value for key, value in whole.items() if key != name}
            body = json.dumps(rest)[:-1] + (", " if rest else "") + f'"{name}": {raw}}}'
            ask(
                client,
                method,
                address,
                body,
                "application/json",
                headers=headers,
                query_params=needed,
            )


def test_every_form_bounds_its_days_moments_and_numbers():
    def below(one):
        return [sub for each in one.__subclasses__() for sub in (each, *below(each))]

    seen = 0
    for form in below(django.forms.BaseForm):
        if not form.__module__.startswith("lachan.") or ".tests" in form.__module__:
            continue
        for name, field in getattr(form, "base_fields", {}).items():
            where = f"{form.__module__}.{form.__name__}.{name}"
            seen += 1
            if isinstance(field, django.forms.DateTimeField):
                assert isinstance(field, MomentField), where
            elif isinstance(field, django.forms.DateField):
                assert isinstance(field, DayField), where
            elif isinstance(field, django.forms.IntegerField):
                assert None not in (field.min_value, field.max_value), where
                assert not isinstance(field, django.forms.FloatField), where
    assert seen > 50


def test_what_was_kept_before_there_were_bounds_can_be_seen_and_taken_back(world):
    _, client, _, uids = world
    for uid, end in itertools.product(uids, ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"]):
        Indicator.objects.filter(uid=uid).update(valid_until=end)
        page = ask(client, "GET", f"/staff/indicators/{uid}/")
        assert page.status_code == 200
        ask(client, "GET", "/staff/indicators/")
    Indicator.objects.filter(uid__in=uids).update(valid_until=None)


def test_it_bears_extreme_places_in_the_queue(world):
    _, client, _, _ = world
    ends = [-(2**63), -1, 0, 2**31, 2**63 - 1, 2**64 - 1]
    for at, value in itertools.product(range(3), ends):
        place = [5, 1_700_000_000_000_000, 7]
        place[at] = value
        raw = base64.urlsafe_b64encode(msgspec.msgpack.encode(place)).decode().rstrip("=")
        for word in ("after", "before"):
            ask(client, "GET", "/staff/cases/", query_params={word: raw})
