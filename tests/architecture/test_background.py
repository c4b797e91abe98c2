"""The suite passes also where a shell started it in the background, and lets it ignore Ctrl-C."""

import subprocess
import sys

CODE = """
import shutil, signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
import conftest
shutil.rmtree(conftest._HOME)
child = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
subprocess.run([sys.executable, "-c", child], check=True)
"""


def test_what_tests_start_can_be_interrupted_in_the_background():
    ran = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=False
    )  # fmt: skip
    assert (ran.stdout, ran.stderr) == ("True\n", "")
