"""The engine itself, killed and asked by strangers."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from local.aws import LocalSession
from local.engine import Engine, EngineFailed, check_port
from local.engine_key import engine_key
from tests.conftest import free_port

pytestmark = pytest.mark.engine
LISTENING = "0A"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine(free_port(), tmp_path_factory.mktemp("engine") / "copy") as running:
        yield running


def with_key(engine: Engine, key_id: str, secret: str) -> Any:
    session = boto3.Session(key_id, secret, region_name="us-east-1")
    return session.client("secretsmanager", endpoint_url=engine.url)


def killed(engine: Engine) -> None:
    assert engine.process
    engine.process.send_signal(signal.SIGKILL)
    engine.process.wait()
    engine.stop()


def test_what_was_acknowledged_survives_kill_9(engine: Engine) -> None:
    aws = LocalSession(engine.address)
    aws.client("dynamodb").create_table(
        TableName="people",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    url = aws.client("sqs").create_queue(QueueName="held")["QueueUrl"]
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="later", DelaySeconds=900)
    aws.client("secretsmanager").create_secret(Name="signing", SecretString="kept")
    aws.client("dynamodb").put_item(TableName="people", Item={"pk": {"S": "maria"}})
    killed(engine)
    engine.start()
    held = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    assert aws.client("dynamodb").scan(TableName="people")["Items"] == [{"pk": {"S": "maria"}}]
    assert aws.client("secretsmanager").get_secret_value(SecretId="signing")["SecretString"]
    assert held["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "1"


@pytest.mark.parametrize("key", ["test", "000000000000", "AKIAIOSFODNN7EXAMPLE"])
def test_the_keys_that_everybody_knows_open_nothing(engine: Engine, key: str) -> None:
    with pytest.raises(ClientError):
        with_key(engine, key, "test").list_secrets()


def test_the_key_s_id_without_its_secret_opens_nothing(engine: Engine) -> None:
    with pytest.raises(ClientError):
        with_key(engine, engine.key.access_key_id, "guessed").list_secrets()
    assert with_key(engine, engine.key.access_key_id, engine.key.secret_access_key).list_secrets()


def test_a_web_page_is_refused_by_the_running_engine(engine: Engine) -> None:
    page = {"origin": "https://evil.example", "x-amz-target": "secretsmanager.ListSecrets"}
    assert httpx.post(engine.url, headers=page, content=b"{}").status_code == 403
    assert httpx.options(engine.url, headers=page).status_code == 403
    assert httpx.post(f"{engine.url}/_ministack/reset").status_code == 403


def test_a_function_s_keys_differ_from_copy_to_copy() -> None:
    script = (
        "import sys\n"
        "from local.engine_process import salted_function_keys\n"
        "salted_function_keys(sys.argv[1])\n"
        "from ministack.core import lambda_runtime\n"
        "print(lambda_runtime.hashlib.sha256(b'the name of a function').hexdigest())\n"
    )
    made = [
        subprocess.run(
            [sys.executable, "-c", script, secret], check=True, capture_output=True, text=True
        ).stdout
        for secret in ("one", "one", "two")
    ]
    assert made[0] == made[1] != made[2]


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's list of sockets")
def test_nothing_listens_beyond_this_machine(engine: Engine) -> None:
    assert engine.process
    fds = Path(f"/proc/{engine.process.pid}/fd").iterdir()
    own = {os.readlink(fd).removeprefix("socket:[").rstrip("]") for fd in fds}
    listening = [
        fields[1]
        for table in ("tcp", "tcp6")
        for fields in map(str.split, Path(f"/proc/net/{table}").read_text().splitlines()[1:])
        if fields[3] == LISTENING and fields[9] in own
    ]
    assert listening == [f"0100007F:{engine.port:04X}"]


def test_the_copy_s_files_are_for_their_owner_alone(engine: Engine) -> None:
    everything = [engine.state, *engine.state.rglob("*")]
    open_to_others = [path for path in everything if stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert len(everything) > 5
    assert open_to_others == []


def test_its_temporary_files_are_in_the_copy_s_folder_and_go_at_the_next_start(
    engine: Engine,
) -> None:
    left = engine.temporary / "ministack-lambda-left-behind"
    left.mkdir()
    killed(engine)
    engine.start()
    assert not left.exists()
    assert f"TMPDIR={engine.temporary}" in environment_of(engine)


def environment_of(engine: Engine) -> str:
    assert engine.process
    return Path(f"/proc/{engine.process.pid}/environ").read_text().replace("\0", "\n")


def test_a_second_copy_in_the_same_folder_is_refused(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.engine.PREDECESSOR_S", 0.0)
    with pytest.raises(EngineFailed, match="another `haul up` is running"):
        Engine(free_port(), engine.state).start()


def test_an_engine_ends_when_the_program_that_started_it_is_killed(tmp_path: Path) -> None:
    port = free_port()
    script = (
        "import sys, time; from pathlib import Path; from local.engine import Engine\n"
        "Engine(int(sys.argv[1]), Path(sys.argv[2])).start(); print('up', flush=True)\n"
        "time.sleep(600)\n"
    )
    words = [sys.executable, "-c", script, str(port), str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as program:
        assert program.stdout
        program.stdout.readline()
        program.kill()
    with Engine(port, tmp_path) as again:  # waits for the first to end
        assert again.process


def test_a_taken_port_is_named_with_the_option_that_chooses_another(engine: Engine) -> None:
    with pytest.raises(EngineFailed, match=f"port {engine.port} is in use.*--port") as refused:
        check_port(engine.port, "--port")
    assert "Errno" not in str(refused.value)


def test_a_key_is_made_once_for_each_copy(tmp_path: Path) -> None:
    first = engine_key(tmp_path / "one")
    assert engine_key(tmp_path / "one") == first
    assert engine_key(tmp_path / "two") != first
    assert first.secret_access_key not in repr(first)
