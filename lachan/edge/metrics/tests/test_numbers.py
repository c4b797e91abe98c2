import json
import os
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lachan.edge.dns.responder import Counts
from lachan.edge.dns.status import EdgeStatus, Encrypted, StatusFile, Way
from lachan.edge.metrics.__main__ import listen_setting, server_make
from lachan.edge.metrics.numbers import families
from lachan.formats.openmetrics import CONTENT_TYPE, rendered
from lachan.formats.snapshot.records import SnapshotStatus
from lachan.formats.tests.test_openmetrics import read
from lachan.kernel.env import EnvError
from lachan.kernel.home import home_prepare
from lachan.kernel.process import started_at
from lachan.matching.between.lookup_status import LookupStatus, status_write


def numbers(home):
    """(name with its ending, labels) → value."""
    return {
        (name + ending, *labels.items()): value
        for name, (_, _, samples) in read(rendered(families(home))).items()
        for ending, labels, value in samples
    }


def edge_status(**changes):
    status = EdgeStatus(
        pid=1, listen=["192.0.2.53:53"], started=time.time(), written=time.time(), compiled=True,
        snapshot=SnapshotStatus(state="good", generation=1, sequence=7, entries=9, fault=""),
        counts=Counts(queries=10, blocked=2, forwarded=8), cached_answers=4, categories=[], fault="",
    )  # fmt: skip
    return msgspec.structs.replace(status, **changes)


@pytest.fixture
def home(tmp_path):
    home_prepare(tmp_path / "home")
    return tmp_path / "home"


def test_it_says_which_part_runs_and_since_when(home):
    mine = started_at(os.getpid())
    (home / "run/up.json").write_text(
        json.dumps({"web": [os.getpid(), mine], "dns": [os.getpid(), mine + 1]})
    )
    found = numbers(home)
    assert found["lachan_process_up", ("process", "web")] == 1
    assert found["lachan_process_up", ("process", "dns")] == 0
    began = found["lachan_process_start_time_seconds", ("process", "web")]
    assert time.time() - 86_400 < began <= time.time() + 1
    assert ("lachan_process_start_time_seconds", ("process", "dns")) not in found


def test_it_says_what_the_dns_edge_counted(home):
    StatusFile(home).write(edge_status())
    found = numbers(home)
    assert found["lachan_dns_up",] == 1
    assert found["lachan_dns_queries_total",] == 10
    assert found["lachan_dns_answers_total", ("outcome", "blocked")] == 2
    assert found["lachan_dns_snapshot_sequence",] == 7
    StatusFile(home).write(edge_status(written=time.time() - 60))
    assert numbers(home)["lachan_dns_up",] == 0


def test_it_says_by_which_way_questions_came_and_how_certificates_stand(home):
    ways = {"tcp": Way(connections=1, opened=2, questions=3), "tls": Way(4, 5, 6)}
    StatusFile(home).write(
        edge_status(ways=ways, encrypted=Encrypted(("192.0.2.53:853",), 4e9, "it is half a key"))
    )
    https = edge_status(listen=[], ways={"https": Way(7, 8, 9)}, encrypted=Encrypted((), 5e9))
    StatusFile(home, "dns-https").write(https)
    found = numbers(home)
    for way, questions in (("udp", 1), ("tcp", 3), ("tls", 6), ("https", 9)):
        assert found["lachan_dns_way_questions_total", ("way", way)] == questions
    assert found["lachan_dns_way_open_connections", ("way", "https")] == 7
    assert found["lachan_dns_way_connections_total", ("way", "tls")] == 5
    assert found["lachan_dns_certificate_ignored", ("way", "tls")] == 1
    assert found["lachan_dns_certificate_ignored", ("way", "https")] == 0
    assert found["lachan_dns_certificate_end_time_seconds", ("way", "https")] == 5e9
    assert found["lachan_dns_queries_total", ("process", "dns-https")] == 10
    assert "half a key" not in rendered(families(home)).decode()


def test_it_says_how_long_calls_took_process_by_process(home):
    one = LookupStatus(pid=11)
    for seconds in (0.000_000_5, 0.003, 100.0):
        one.count(5, 1, seconds)
    one.refuse("quota-spent")
    status_write(home, one)
    two = LookupStatus(pid=12)
    status_write(home, two)
    found = numbers(home)
    assert found["lachan_match_calls_total", ("process", "11")] == 3
    assert found["lachan_match_values_total", ("process", "11")] == 15
    assert found["lachan_match_calls_total", ("process", "12")] == 0
    assert found["lachan_match_refused_total", ("process", "11"), ("code", "quota-spent")] == 1
    at = {
        dict(key[1:]).get("le"): v
        for key, v in found.items()
        if key[0] == "lachan_match_call_seconds_bucket" and ("process", "11") in key
    }
    assert (at["1e-06"], at["0.004096"], at["+Inf"]) == (1, 2, 3)


def test_it_tells_nothing_of_anybody(home):
    StatusFile(home).write(edge_status(categories=["c-1"], fault="line 3 of dns-policy.json"))
    said = rendered(families(home)).decode()
    assert "192.0.2" not in said
    assert "dns-policy.json" not in said.replace("cannot use dns-policy.json", "")


def test_a_file_that_cannot_be_read_costs_only_its_own_numbers(home):
    StatusFile(home).write(edge_status())
    (home / "run/match-9.json").write_bytes(b'{"pid": 9')
    (home / "run/up.json").write_text("[]")
    found = numbers(home)
    assert found["lachan_status_files_unreadable",] == 2
    assert found["lachan_dns_up",] == 1


def test_it_answers_where_nothing_has_begun(tmp_path):
    assert numbers(tmp_path / "none")["lachan_snapshot_entries",] == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(name=st.sampled_from(["up", "dns", "dns-https", "match-7"]), content=st.binary(max_size=40) | st.sampled_from(
    [b"{}", b"[]", b"null", b'{"web": []}', b'{"web": [1]}', b'{"web": [null, 1]}', b'{"web": ["x", "y"]}', b'{"a": 1}',
     b'{"web": [1, "x"]}', b'{"web": [99999999999999999999999, 5]}', b'{"pid": 7, "took": []}', b'{"pid":7,"written":1e300}'])
)  # fmt: skip
def test_it_bears_whatever_stands_in_a_file(home, name, content):
    (home / "run" / f"{name}.json").write_bytes(content)
    read(rendered(families(home)))


@pytest.mark.parametrize(
    "text", ["0.0.0.0:9464", "[::]:9464", "192.0.2.1:9464", "9464", "metrics.example:1"]
)
def test_it_is_for_this_machine_alone(text):
    with pytest.raises(EnvError, match="LACHAN_METRICS_LISTEN"):
        listen_setting(text)


def test_it_is_fetched_over_http(home):
    server = server_make(("127.0.0.1", 0), home)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    out = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        out.request("GET", "/metrics")
        answer = out.getresponse()
        assert answer.headers["Content-Type"] == CONTENT_TYPE
        assert "lachan_home_free_bytes" in read(answer.read())
        out.request("GET", "/other")
        assert out.getresponse().status == 404
    finally:
        server.shutdown()
        server.server_close()


def test_it_explains_every_number(home):
    page = Path("docs/howto/metrics.md").read_text()
    for family in families(home):
        name = family.name + ("_total" if family.kind == "counter" else "")
        assert f"`{name}`" in page
