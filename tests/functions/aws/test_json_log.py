"""One line of JSON for each outcome."""

import json

import pytest

from functions.aws.json_log import JsonLog


def test_a_line_has_its_level_its_time_and_its_keys(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    JsonLog().info("wait", tenant="main", seq=2)
    JsonLog().error("retried", why="two\nlines")
    info, error = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert info.pop("timestamp").endswith("Z")
    assert info == {"level": "INFO", "message": "wait", "tenant": "main", "seq": 2}
    assert error["level"] == "ERROR"
    assert error["message"] == "retried"
    assert error["why"] == "two\nlines"


def test_a_line_names_its_trace(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-abc-def;Parent=123;Sampled=1")
    JsonLog().info("wait")
    assert json.loads(capsys.readouterr().out)["xray_trace_id"] == "1-abc-def"
