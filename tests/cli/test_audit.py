"""There is no act without its line, also where the act was cut off."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from cli.audit import audited
from cli.output.output import CliError
from tests.support.faults import Crashed, Faults, ServiceResponse
from tests.support.moto_server import Moto


@pytest.fixture
def context(moto: Moto) -> Any:
    """The part of a command's context that is asked for: where, and for whom."""
    place = SimpleNamespace(client=lambda _: moto.s3, outputs={"JobsBucket": moto.bucket()})
    return SimpleNamespace(obj=SimpleNamespace(place=place, tenant="main"))


def lines(context: Any) -> list[dict[str, Any]]:
    place = context.obj.place
    s3, bucket = place.client("s3"), place.outputs["JobsBucket"]
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]
    return [json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]


def test_an_act_has_one_line_that_says_what_came_of_it(context: Any) -> None:
    with audited(context, "erase", {"jobs": ["261121-7k3m2q"]}) as done:
        done |= {"objects": 3}
    (line,) = lines(context)
    assert (line["what"], line["jobs"]) == ("erase", ["261121-7k3m2q"])
    assert (line["outcome"], line["objects"]) == ("done", 3)


def test_an_act_that_was_cut_off_has_its_line_and_is_not_said_to_be_done(context: Any) -> None:
    with pytest.raises(Crashed), audited(context, "erase", {"jobs": ["261121-7k3m2q"]}):
        raise Crashed("midway")
    (line,) = lines(context)
    assert (line["outcome"], line["jobs"]) == ("begun", ["261121-7k3m2q"])


def test_where_no_line_can_be_written_nothing_is_done(context: Any) -> None:
    acts: list[str] = []
    refused = Faults({"PutObject": [ServiceResponse(403, "AccessDenied")]})
    with (
        refused.on(context.obj.place.client("s3")),
        pytest.raises(CliError, match="audit line"),
        audited(context, "erase", {}),
    ):
        acts.append("erased")
    assert acts == []
