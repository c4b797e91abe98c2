import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lachan.kernel.sealing import turns
from lachan.kernel.sealing.errors import TurnsTaken
from lachan.kernel.sealing.locks import lock, unlock
from lachan.kernel.sealing.receipts import receipt_identity
from lachan.kernel.sealing.turns import turn_taken


def test_it_lets_so_many_run_and_wait_and_no_more():
    running, most, lock_ = [0], [0], threading.Lock()

    def run(_):
        try:
            with turn_taken():
                with lock_:
                    running[0] += 1
                    most[0] = max(most[0], running[0])
                time.sleep(0.05)
                with lock_:
                    running[0] -= 1
        except TurnsTaken:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        ran = list(pool.map(run, range(12)))
    assert most[0] <= 2
    assert 2 <= sum(ran) < 12
    assert run(0), "every turn was given back"


def test_it_gives_one_back_whatever_happens():
    for _ in range(9):
        with pytest.raises(ZeroDivisionError), turn_taken(), turn_taken():
            _ = 1 / 0


@pytest.fixture
def all_taken(monkeypatch):
    monkeypatch.setattr(turns, "_queue", threading.Semaphore(0))


def test_locks_take_turns(request):
    locked = lock("a key", password="bốn từ lạ")
    assert unlock(locked, password="bốn từ lạ") == "a key"
    request.getfixturevalue("all_taken")
    with pytest.raises(TurnsTaken):
        unlock(locked, password="bốn từ lạ")


def test_receipts_wait_for_nobody(all_taken):
    assert receipt_identity("1" * 28, b"s" * 16).public
