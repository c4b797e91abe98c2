"""Everybody asks every address: what each may have is written in the policy's table, and is what happens.

Who: a stranger; a person without a role; each of the six roles at home and at another organisation; an adult of a
household and of another one, and a child by its device; for the API also keys. What: every URL with GET and POST, every API operation, found by walking, so a new page is
asked without being listed here. Of whose things: a room's `tests/walk.py` may give real things of the home
organisation by URL name, and by path for the API (`samples(personas)`).
"""

import dataclasses
import json
import re
import uuid
from copy import deepcopy
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from lachan.config.api import api
from lachan.family.tests.families import Family
from lachan.members.api_keys import scope_list
from lachan.members.models import AuditEntry
from lachan.members.policy import (
    FAMILY_COLUMNS,
    FAMILY_TABLE,
    KEY_TABLE,
    PUBLIC_ACTIONS,
    TABLE,
    WITHOUT_ROLE,
    Action,
    PolicyAction,
    Scope,
    action_list,
)
from lachan.members.records import Role
from lachan.members.services import api_key_create
from tests.personas import Personas

pytestmark = pytest.mark.django_db
ABSENT = {
    "uuid": str(uuid.UUID(int=7)),
    "int": "0",
    "str": "absent",
    "slug": "absent",
    "path": "absent",
}
# What belongs to the network as a whole is the home organisation's, wherever the page stands.
OF_THE_NETWORK = {Action.NETWORK_MANAGE, Action.NETWORK_AUDIT}


def _pages(patterns, prefix="/"):
    for pattern in patterns:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if where != "/v1/":
                yield from _pages(pattern.url_patterns, where)
        elif isinstance(pattern, URLPattern):
            yield where, pattern


PAGES = list(_pages(get_resolver().url_patterns))


def _samples(personas):
    """Real things by URL name, from every room that gives some."""
    found = {}
    for path in sorted(Path("lachan").glob("*/tests/walk.py")):
        module = import_module(".".join(path.with_suffix("").parts))
        found |= module.samples(personas)
    return found


def _address(where, pattern, samples):
    """The address to ask, and whether it names a real thing of the home organisation."""
    real = samples.get(pattern.name, {})
    for name, converter in pattern.pattern.converters.items():
        kind = type(converter).__name__.removesuffix("Converter").lower()
        kind = {"string": "str"}.get(kind, kind)
        value = str(real.get(name, ABSENT[kind]))
        where = where.replace(f"<{kind}:{name}>", value).replace(f"<{name}>", value)
    return where, bool(real)


def _ask(client, method, address):
    """The answer, and whether the policy refused; whatever it changed is undone."""
    kept = deepcopy(client.cookies)
    with transaction.atomic():
        before = AuditEntry.objects.filter(action="policy.refuse").count()
        answer = client.generic(method, address)
        if method == "GET" and answer.status_code == 302 and answer.url.startswith("/staff/"):
            # Sent on to a page of the same thing: what counts is what stands there.
            onward = client.get(answer.url)
            answer = onward if onward.status_code >= 400 else answer
        refused = AuditEntry.objects.filter(action="policy.refuse").count() > before
        transaction.set_rollback(True)
    client.cookies = kept
    assert answer.status_code < 500, f"{method} {address}: {answer.status_code}"
    return answer, refused


def _reach(action, role):
    return WITHOUT_ROLE[action] if role is None else TABLE[action][role]


def _everybody(personas):
    """(who, role, at home, client) for each persona, and the one without a role."""
    yield "nobody", None, True, personas.with_roles().client()
    for role in Role:
        yield f"home {role}", role, True, personas.of(role).client()
        yield f"other {role}", role, False, personas.other.of(role).client()


def _check_way_out(client, method, answer):
    """An address that takes no such method says so in our words, and leads to a page that is one."""
    page = answer.content.decode()
    assert answer["Allow"]
    assert "<h1>" in page, answer.request["PATH_INFO"]
    for way in re.findall(r'<a class="button[^>]*href="([^"]+)"', page):
        assert client.get(way).status_code != 405, f"{answer.request['PATH_INFO']}: {way}"
    if method == "GET":
        assert "chỉ dùng cho nút bấm" in page


def _households(personas):
    """(who, column, of the household whose things are asked for, client)"""
    other = Family("Tôm")
    yield "an adult", "adult", True, personas.family.adult.client()
    yield "another household's adult", "adult", False, other.adult.client()
    other.child  # noqa: B018  made
    yield "a child", "child", True, personas.family.device.client()
    yield "another household's child", "child", False, other.device.client()


def _is_of_households(action):
    return isinstance(action, PolicyAction) and Scope.OWN in FAMILY_TABLE[action].values()


@dataclasses.dataclass(frozen=True)
class World:
    personas: Personas
    samples: dict
    everybody: list
    households: list


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """Made once for all addresses: every request's changes are undone, and at last the world itself."""
    with django_db_blocker.unblock(), transaction.atomic():
        personas = Personas()
        samples = _samples(personas)
        yield World(personas, samples, list(_everybody(personas)), list(_households(personas)))
        transaction.set_rollback(True)


@pytest.mark.parametrize(("where", "pattern"), PAGES, ids=[where for where, _ in PAGES])
def test_it_gives_every_page_to_those_who_may(world, where, pattern):
    action = pattern.callback.policy_action
    address, real = _address(where, pattern, world.samples)
    stranger = Client()
    for method in ("GET", "POST"):
        answer, _ = _ask(stranger, method, address)
        if action == "public" or action in PUBLIC_ACTIONS:
            assert answer.status_code not in {401, 403}, where
        elif answer.status_code != 405:
            assert answer.status_code == 302, (
                f"{method} {address}: a stranger got {answer.status_code}"
            )
            assert answer.url.startswith(_door_of(address)), answer.url
        if answer.status_code == 405:
            _check_way_out(stranger, method, answer)
    if _is_of_households(action):
        _walk_household(world, action, address, real=real)
    else:
        _walk_staff(world, action, address, real=real)


def _walk_staff(world, action, address, *, real):
    for who, role, at_home, client in world.everybody:
        for method in ("GET", "POST"):
            answer, refused = _ask(client, method, address)
            said = f"{method} {address} as {who}: {answer.status_code}"
            if answer.status_code == 405:
                _check_way_out(client, method, answer)
                continue
            if action == "public" or action in PUBLIC_ACTIONS:
                assert not refused, said
                continue
            reach = _reach(action, role)
            theirs = reach is Scope.OWN and not at_home and (real or action in OF_THE_NETWORK)
            if reach is Scope.NONE:
                assert answer.status_code == 403, said
                assert refused, said
            elif theirs:
                # 422: a form is refused for what it lacks before anything is looked up.
                assert answer.status_code in {403, 404, *([422] if method == "POST" else [])}, said
            elif at_home:
                assert answer.status_code != 401, said
                assert not refused, said
                assert method == "POST" or not real or answer.status_code in {200, 302}, said


def _door_of(address):
    doors = {"/my/": "/my/", "/family/": "/family/open/?next=/family/"}
    return next((d for p, d in doors.items() if address.startswith(p)), "/staff/sign-in/?next=")


def _walk_household(world, action, address, *, real):
    """Nobody of staff gets in by what staff may do; of a household each column, to its own things alone."""
    door = _door_of(address)
    for who, _, _, client in world.everybody:
        answer, refused = _ask(client, "GET", address)
        assert answer.status_code == 405 or (answer.status_code, refused) == (302, False), who
    for who, column, is_own, client in world.households:
        for method in ("GET", "POST"):
            answer, refused = _ask(client, method, address)
            said = f"{method} {address} as {who}: {answer.status_code}"
            assert not refused, said
            if answer.status_code == 405:
                _check_way_out(client, method, answer)
            elif FAMILY_TABLE[action][column] is Scope.NONE:
                assert answer.status_code == 302, said
                assert answer.url.startswith(door), said
            elif real and not is_own:
                # 422: a form is refused for what it lacks before anything is looked up.
                assert answer.status_code in {404, *([422] if method == "POST" else [])}, said
            elif real and method == "GET":
                assert answer.status_code in {200, 302}, said
                assert answer.status_code == 200 or not answer.url.startswith(door), said
            else:
                assert answer.status_code in {200, 302, 422, 404}, said
                assert answer.status_code != 302 or not answer.url.startswith("/family/open/"), said


def _operations():
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def _views():
    for _prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                for method in operation.methods:
                    yield "/v1" + path, method, operation.view_func.policy_action


# Of whoever asks, so never another's.
OF_ONESELF = {"factor-remove"}


def test_it_asks_for_a_real_thing_wherever_an_address_names_one(world):
    named = {page.name for _, page in PAGES if page.pattern.converters}
    named |= {path for path, _, _ in OPERATIONS if "{" in path}
    assert named - OF_ONESELF - world.samples.keys() == set()


OPERATIONS = list(_operations())
ACTIONS = {(path, method): action for path, method, action in _views()}


def _example(schema, schemas):
    """The least value that fits a JSON schema."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[-1]]
    if "default" in schema:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], schemas)
    kind = schema.get("type", "object")
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: _example(fields[name], schemas) for name in schema.get("required", [])}
    if kind == "string" and schema.get("format") in {"uuid", "date-time", "date"}:
        known = {"uuid": ABSENT["uuid"], "date-time": "2026-01-01T00:00:00Z", "date": "2026-01-01"}
        return known[schema["format"]]
    values = {"string": "x" * max(1, schema.get("minLength", 0)), "integer": schema.get("minimum", 1),
              "number": schema.get("minimum", 1), "boolean": False, "array": []}  # fmt: skip
    return values[kind]


def _call(path, method, operation, headers, real):
    schemas = api.get_openapi_schema()["components"]["schemas"]
    query = {}
    for parameter in operation.get("parameters", []):
        value = str(_example(parameter["schema"], schemas))
        if parameter["in"] == "path":
            value = str(real.get(parameter["name"], value))
            path = path.replace("{" + parameter["name"] + "}", value)
        elif parameter["required"]:
            query[parameter["name"]] = value
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    data = json.dumps(_example(body["schema"], schemas)) if body else ""
    with transaction.atomic():
        answer = Client().generic(
            method, path, data, "application/json", query_params=query, headers=headers
        )
        transaction.set_rollback(True)
    assert answer.status_code < 500, f"{method} {path}"
    return answer


def _key(staff, scopes):
    # A key may do no more than its maker, so its maker here may do all that a key can.
    maker = staff.with_roles(Role.TECHNICAL, Role.ANALYST)
    _row, text = api_key_create(
        by=maker.actor, organisation=staff.organisation,
        name="walk", scopes=scopes, life=timedelta(days=1),
    )  # fmt: skip
    return {"Authorization": f"Bearer {text}"}


@pytest.mark.parametrize(
    ("path", "method", "operation"), OPERATIONS, ids=[f"{m} {p}" for p, m, _ in OPERATIONS]
)
def test_it_gives_every_operation_to_those_who_may(world, path, method, operation):
    action, real = ACTIONS[path, method], world.samples.get(path, {})
    stranger = _call(path, method, operation, {}, real)
    if action == "public" or action in PUBLIC_ACTIONS:
        assert stranger.status_code not in {401, 403}
        return
    assert stranger.status_code == 401
    # A session is nobody under /v1/: a page in another tab must not act through a person's cookie.
    if KEY_TABLE[action] is Scope.NONE:
        everything = _call(path, method, operation, _key(world.personas, scope_list()), real)
        assert everything.status_code == 403
        return
    with_scope = _call(path, method, operation, _key(world.personas, [action]), real)
    assert with_scope.status_code not in {401, 403}
    if real and KEY_TABLE[action] is Scope.OWN:
        # 422: a body is refused for what it lacks before anything is looked up.
        theirs = _call(path, method, operation, _key(world.personas.other, [action]), real)
        assert theirs.status_code in {403, 404, 422}
    others = [scope for scope in scope_list() if scope is not action]
    without = _call(path, method, operation, _key(world.personas, others), real)
    assert without.status_code == 403
    assert without.json()["code"] == "not-allowed"


def test_it_counts_no_session_for_the_api(world):
    for path, method, operation in OPERATIONS:
        action = ACTIONS[path, method]
        if action != "public" and action not in PUBLIC_ACTIONS and method == "GET":
            address = path.replace("{uid}", ABSENT["uuid"]).replace("{name}", "absent")
            assert world.personas.officer.client().get(address).status_code == 401, operation


def test_it_leaves_no_cell_open():
    for action in action_list():
        assert set(TABLE[action]) == set(Role)
        assert action in WITHOUT_ROLE
        assert set(FAMILY_TABLE[action]) == set(FAMILY_COLUMNS)
        assert action in KEY_TABLE
    assert {path for path, _, _ in OPERATIONS} == {path for path, _ in ACTIONS}
