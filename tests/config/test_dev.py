"""bin/dev as a person meets it: one line when ready, one home for one, and a part that dies is named."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.embedded import StartFailed, command_of, wait_until
from config.processes import CHECKOUT, answers
from tests.servers import run
from tests.stack import five_free_ports


@dataclass
class Supervisor:
    """A running bin/dev, its output in a file."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def output(self) -> str:
        return (self.home / "output").read_text()

    def child(self, command: str) -> int:
        """The process id of the direct child whose command line contains these words."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") for pid in children}
        return next(pid for pid, line in lines.items() if command in line)


def launch(home: Path, port: int) -> Supervisor:
    with (home / "output").open("wb") as output:
        command = [sys.executable, "-m", "config.dev", "--port", str(port)]
        process = subprocess.Popen(
            command,
            env={**os.environ, "CARILLON_HOME": str(home)},
            cwd=CHECKOUT,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    supervisor = Supervisor(home, port, process)
    try:
        wait_until(
            lambda: "Carillon is ready" in supervisor.output,
            seconds=120,
            what="bin/dev",
            alive=lambda: process.poll() is None,
        )
    except StartFailed as error:
        process.terminate()
        pytest.fail(f"{error}\n{supervisor.output}")
    return supervisor


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    folder = run.home.path / f"dev-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def dev(home: Path) -> Iterator[Supervisor]:
    supervisor = launch(home, five_free_ports())
    yield supervisor
    if supervisor.process.poll() is None:
        supervisor.process.terminate()
        supervisor.process.wait(timeout=60)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the parts in /proc")
def test_a_part_that_dies_is_named_and_brings_the_rest_down(dev):
    assert f"Carillon is ready: http://127.0.0.1:{dev.port}/\n" in dev.output
    assert re.search(r"owner +\S+@\S+ +\S+", dev.output)
    for step, path in ((0, "/healthz"), (1, "/healthz"), (2, "/_sim/health")):
        assert answers(f"http://127.0.0.1:{dev.port + step}{path}")
    postgres = dev.child("postgres")

    os.kill(dev.child("worker bulk"), signal.SIGKILL)

    assert dev.process.wait(timeout=60) == 1
    assert "The part worker-bulk ended" in dev.output
    assert not answers(f"http://127.0.0.1:{dev.port}/healthz")
    assert not command_of(postgres)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the parts in /proc")
def test_a_second_start_keeps_the_data_and_one_home_is_for_one(dev):
    second = subprocess.run(
        [sys.executable, "-m", "config.dev", "--port", str(five_free_ports())],
        env={**os.environ, "CARILLON_HOME": str(dev.home)},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert f"Another bin/dev (process {dev.process.pid})" in second.stderr
    postgres = dev.child("postgres")

    dev.process.send_signal(signal.SIGINT)

    assert dev.process.wait(timeout=60) == 0
    assert "Traceback" not in dev.output
    assert not command_of(postgres)
