"""The benchmark of the training kernel runs."""

import pytest
from benchmarks import kernels


def test_a_line_for_each_dimension_and_number_of_threads(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kernels, "TOTAL", 2000)
    monkeypatch.setattr(kernels, "EPOCHS", 1)
    monkeypatch.setattr(
        "sys.argv", ["kernels.py", "--dimensions", "2", "--threads", "1", "2", "--rows", "100"]
    )
    kernels.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        f"D=2 threads={threads} {kind}" for kind in ("plain", "weighted") for threads in (1, 2)
    ]
