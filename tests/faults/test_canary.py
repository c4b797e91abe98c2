import pytest

from tests.faults import canary

pytestmark = pytest.mark.faults


def check(found):
    said = {name: found[name] for name in ("found", "addresses_found")}
    assert said == {"found": [], "addresses_found": []}
    assert found["control_found"] > 1
    assert found["canaries"] >= 200


def test_it_writes_nothing_that_people_send_in_clear(tmp_path):
    check(canary.run(tmp_path, seed=7))


@pytest.mark.postgres
def test_it_writes_nothing_in_clear_on_postgresql(tmp_path, postgres_server):
    check(canary.run(tmp_path, seed=8, server=postgres_server))
