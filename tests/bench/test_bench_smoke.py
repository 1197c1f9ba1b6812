"""Every bench still runs and checks its own work: what it sent, stored, applied or heard must add up, or it fails.

No time is judged here: these sizes and this machine say nothing about speed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import BENCHES
from bench.load import answered
from bench.tables import Figure, figure, percentile, unpromised
from tests.servers import CHECKOUT, run


@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_runs_and_writes_its_figures(name: str, tmp_path: Path):
    out = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench", name, "--size", "small", "--runs", "1", "--json", str(out)]
    environment = {**os.environ, "CARILLON_HOME": str(run.home.path)}
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    written = json.loads(out.read_text())
    assert written["bench"] == name
    assert all(each["value"] > 0 for each in written["figures"])
    assert all(each["name"] in done.stdout for each in written["figures"])


def test_a_figure_is_the_median_and_knows_whether_it_reached_its_mark():
    assert figure("sent", [1.0, 9.0, 5.0], "/s", least=5).reached is True
    assert figure("sent", [1.0, 9.0, 5.0], "/s", least=6).reached is False
    assert figure("took", [1.0, 9.0, 5.0], "ms", most=4).reached is False
    assert unpromised(figure("took", [5.0], "ms", most=4)).reached is None
    assert Figure("seen", 1.0, "").reached is None


def test_a_percentile_is_a_value_that_was_measured():
    values = [float(number) for number in range(1, 101)]
    assert (percentile(values, 50), percentile(values, 99), percentile(values, 100)) == (50.0, 99.0, 100.0)
    assert percentile([7.0], 95) == 7.0


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n", 200),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok", 0),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 403),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", 0),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 200),
        (b"HTTP/1.1 200 O", 0),
    ],
)
def test_an_answer_counts_once_it_is_whole(answer: bytes, status: int):
    assert answered(answer) == status
