"""The database goes away under a running instance: clear words, nothing acknowledged lost, names answered."""

import json
import sqlite3
import threading
import urllib.error
import urllib.request
from contextlib import closing

import pytest

from tests.faults.asker import Asker
from tests.faults.kill import Publisher
from tests.faults.publisher import name_of
from tests.faults.reckoning import reckon, report_fields
from tests.faults.walks import report_send
from tests.instance import Instance

pytestmark = pytest.mark.faults


def status_of(instance, path):
    try:
        with urllib.request.urlopen(f"http://{instance.web}{path}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.postgres
def test_it_outlives_a_stop_of_postgresql(tmp_path, postgres_server):
    with (
        Instance(tmp_path, DATABASE_URL=postgres_server.url) as instance,
        closing(Publisher(instance)) as publisher,
    ):
        publish = publisher.publish
        publish(0)
        instance.until(lambda: instance.rcode(name_of(0)) == "NXDOMAIN", "to block")
        receipts = {0: report_send(instance.web, **report_fields(0))[0]}
        browser = instance.browser()
        page = browser.get("/report/")
        form = page.form(having="words")
        fields = report_fields(1) | {"category": form.options["category"][0]}
        with Asker(instance.dns_port, {name_of(0): "NXDOMAIN", "free.test": "NOERROR"}) as asker:
            postgres_server.stop()
            answer = browser.send(page, form, **fields)
            assert answer.status == 503
            assert fields["words"] in answer.text
            assert "receipt" not in {name for form in answer.forms for name in form.names}
            assert status_of(instance, "/report/")[0] == 200
            other = instance.browser()
            door = other.get("/inbox/")
            opened = other.send(door, door.form(having="receipt"), receipt=receipts[0])
            assert opened.status == 503
            assert json.loads(status_of(instance, f"/v1/check?value={name_of(0)}")[1])["known"]
            told = instance.doctor()
            database = next(c for c in told["checks"] if c["name"] == "database")
            assert (database["level"], "DATABASE_URL" in database["way"]) == ("fault", True)
            refused = instance.lachan("import", __file__, "--category", "scam")
            assert refused.returncode == 1
            assert "does not answer" in refused.stderr
            assert "Traceback" not in refused.stderr
            postgres_server.start()
            sent = browser.send(answer, answer.form(having="words"))
            receipts[1] = dict(sent.form(having="receipt").values)["receipt"]
            publish(1)
            instance.until(lambda: instance.rcode(name_of(1)) == "NXDOMAIN", "to block again")
        assert reckon(instance, receipts, {1})["lost"] == []
    assert asker.wrong == {}
    assert asker.longest < 5


def test_it_waits_while_the_file_is_locked(standing):
    """A backup, an import, a curious administrator: whoever holds the file lets go in the end."""
    database = standing.instance.home / "db.sqlite3"
    holder = sqlite3.connect(database, isolation_level=None, timeout=20)
    holder.execute("BEGIN IMMEDIATE")
    before = dict(standing.receipts)
    with Asker(standing.instance.dns_port, {"free.test": "NOERROR"}) as asker:
        threads = [threading.Thread(target=standing.report) for _ in range(4)]
        for thread in threads:
            thread.start()
        threads[0].join(4)
        assert standing.receipts == before
        holder.execute("ROLLBACK")
        holder.close()
        for thread in threads:
            thread.join()
        standing.publish()
    assert asker.wrong == {}
    assert len(standing.receipts) == len(before) + 4
    assert standing.lost() == []


def test_it_says_that_the_file_is_gone_and_goes_on_when_it_is_back(standing, tmp_path):
    instance = standing.instance
    standing.report()
    for path in instance.home.glob("db.sqlite3*"):
        path.rename(tmp_path / path.name)
    for name in ("worker", "shield"):
        instance.kill(name)  # started again, they find no file, and make no empty one
    told = instance.doctor()
    assert next(c for c in told["checks"] if c["name"] == "database")["level"] == "fault"
    assert instance.rcode("free.test") == "NOERROR"
    instance.stop()
    for path in instance.home.glob("db.sqlite3*"):
        path.unlink()
    for path in tmp_path.iterdir():
        path.rename(instance.home / path.name)
    instance.start()
    standing.publish()
    standing.report()
    assert standing.lost() == []
