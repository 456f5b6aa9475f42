"""Every export, import, and erasure has its audit record, even if it was interrupted."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from cli.data.audit_log import audited
from cli.output.output import CliError
from tests.support.faults import Crashed, Faults, ServiceResponse
from tests.support.moto_server import Moto


@pytest.fixture
def context(moto: Moto) -> Any:
    """The part of a command's context that `audited` uses."""
    connection = SimpleNamespace(client=lambda _: moto.s3, outputs={"JobsBucket": moto.bucket()})
    return SimpleNamespace(obj=SimpleNamespace(connection=connection, tenant="main"))


def lines(context: Any) -> list[dict[str, Any]]:
    connection = context.obj.connection
    s3, bucket = connection.client("s3"), connection.outputs["JobsBucket"]
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]
    return [json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]


def test_an_act_has_one_record_with_its_outcome(context: Any) -> None:
    with audited(context, "erase", {"jobs": ["261121-7k3m2q"]}) as done:
        done |= {"objects": 3}
    (line,) = lines(context)
    assert line["what"] == "erase"
    assert line["jobs"] == ["261121-7k3m2q"]
    assert line["outcome"] == "done"
    assert line["objects"] == 3


def test_an_interrupted_act_has_a_record_that_stays_begun(context: Any) -> None:
    with pytest.raises(Crashed), audited(context, "erase", {"jobs": ["261121-7k3m2q"]}):
        raise Crashed("midway")
    (line,) = lines(context)
    assert line["outcome"] == "begun"
    assert line["jobs"] == ["261121-7k3m2q"]


def test_without_an_audit_record_nothing_is_done(context: Any) -> None:
    acts: list[str] = []
    refused = Faults({"PutObject": [ServiceResponse(403, "AccessDenied")]})
    with (
        refused.on(context.obj.connection.client("s3")),
        pytest.raises(CliError, match="audit log"),
        audited(context, "erase", {}),
    ):
        acts.append("erased")
    assert acts == []
