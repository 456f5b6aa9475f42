"""Builds the template for CloudFormation: local paths in template.yaml become their content.

template.yaml refers to files by path, as SAM does: `CodeUri: .` is the bundle, `DefinitionUri` a
generated state machine, `FunctionCode` an edge function. The first two become objects in the
artifact bucket, named by the hash of their content; the third becomes the code itself. A parameter
is added that controls when functions publish a version. Conditions that the laptop engine lacks
apply on AWS only.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.artifacts import Release, address
from deploy.bundle import ROOT
from deploy.edge_functions import cases_of
from deploy.pages import build_id, pages
from deploy.template_file import read_template

PUBLISHED = "Published"
"""The parameter of a built template that makes functions publish: only when its value changes do
they make a version and move their alias to it. So new code can be deployed before it serves.

Every function also has it in its environment, unread: Lambda makes no version of a function that is
unchanged since the last version, which CloudFormation would report as a failure."""

PUBLISHING_PARAMETERS = {PUBLISHED, "GradualTraffic", "TrafficShift"}
"""Parameters about how functions publish: a change of them is no reason to publish."""


ENGINE_LACKS = ("dynamodb:LeadingKeys", "events:source")
"""Condition keys that the laptop engine does not know: it would refuse what they permit."""


@dataclass(frozen=True)
class Built:
    """A release and the content of its artifacts by key."""

    release: Release
    contents: dict[str, bytes]


def build(code: bytes, bucket: str, root: Path = ROOT) -> Built:
    """A release of the sources under `root`, with `code` as the bundle of its functions."""
    contents: dict[str, bytes] = {}

    def stored(kind: str, content: bytes, suffix: str = "") -> str:
        key = address(kind, content, suffix)
        contents[key] = content
        return key

    code_key = stored("code", code, ".zip")
    template = read_template(root)
    edge, cases, asl = {}, {}, {}
    defaults = template["Globals"]["Function"]
    defaults["CodeUri"] = {"Bucket": bucket, "Key": code_key}
    defaults["Environment"]["Variables"][PUBLISHED.upper()] = {"Ref": PUBLISHED}
    template["Parameters"][PUBLISHED] = {"Type": "String", "Default": "none"}
    for resource in template["Resources"].values():
        properties: dict[str, Any] = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["AutoPublishCodeSha256"] = {"Ref": PUBLISHED}
            _put_conditions_on_aws_only(properties)
        if resource["Type"] == "AWS::Serverless::StateMachine":
            path = Path(properties["DefinitionUri"])
            key = stored("asl", (root / path).read_bytes(), ".json")
            asl[path.name.partition(".")[0]] = key
            properties["DefinitionUri"] = {"Bucket": bucket, "Key": key}
        if resource["Type"] == "AWS::CloudFront::Function":
            path = Path(properties["FunctionCode"])
            edge[path.stem] = stored("edge", (root / path).read_bytes(), ".js")
            properties["FunctionCode"] = contents[edge[path.stem]].decode()
            tests = json.dumps(list(cases_of(path.stem, root))).encode()
            cases[path.stem] = stored("cases", tests)
    text = json.dumps(template, default=str, indent=1).encode()
    release = Release(
        build=build_id(root / "web"),
        code=code_key,
        template=stored("template", text, ".json"),
        edge=edge,
        cases=cases,
        asl=asl,
        pages={page.key: stored("pages", page.body) for page in pages(root / "web")},
    )
    return Built(release, contents)


def _put_conditions_on_aws_only(function: dict[str, Any]) -> None:
    """Statements of `function` keep conditions with a key that the engine lacks on AWS only."""
    for policy in function["Policies"]:
        statements = policy["Statement"]
        for number, statement in enumerate(statements):
            condition = statement.get("Condition")
            if any(key in json.dumps(condition) for key in ENGINE_LACKS):
                on_aws_only = {"Fn::If": ["OnAws", condition, {"Ref": "AWS::NoValue"}]}
                statements[number] = statement | {"Condition": on_aws_only}


def published_value(template: bytes, parameters: Mapping[str, str]) -> str | None:
    """The value of `Published` for a template with these parameters, and defaults for others.

    None for a release that is older than the parameter: it publishes at once.
    """
    declared = json.loads(template)["Parameters"]
    if PUBLISHED not in declared:
        return None
    values = {name: str(each["Default"]) for name, each in declared.items() if "Default" in each}
    values |= {name: value for name, value in parameters.items() if name in declared}
    values = {name: value for name, value in values.items() if name not in PUBLISHING_PARAMETERS}
    text = template + json.dumps(values, sort_keys=True).encode()
    return hashlib.sha256(text).hexdigest()
