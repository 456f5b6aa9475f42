"""template.yaml made ready for CloudFormation: local paths become what they stand for.

The template names its parts by path, as SAM does: `CodeUri: .` is the bundle, `DefinitionUri` a
generated state machine, `FunctionCode` an edge function. Here the first two become objects in
the artifact bucket, named by their content, and the third the code itself.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from deploy.bundle import ROOT, digest


@dataclass
class Package:
    """A template whose artifacts have keys, and the artifacts by key."""

    template: str
    artifacts: dict[str, bytes] = field(default_factory=dict)


def package(code: bytes, bucket: str, root: Path = ROOT) -> Package:
    """`template.yaml` with `code` as its bundle; artifacts are to be uploaded before it is used."""
    template = yaml_parse((root / "template.yaml").read_text(encoding="utf-8"))
    made = Package("")

    def stored(kind: str, content: bytes, suffix: str) -> dict[str, str]:
        key = f"{kind}/{digest(content)}{suffix}"
        made.artifacts[key] = content
        return {"Bucket": bucket, "Key": key}

    template["Globals"]["Function"]["CodeUri"] = stored("code", code, ".zip")
    # A change of settings makes a new version too. Not in the template: cfn-lint does not know it.
    template["Globals"]["Function"]["AutoPublishAliasAllProperties"] = True
    for resource in template["Resources"].values():
        properties: dict[str, Any] = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::StateMachine":
            definition = (root / properties["DefinitionUri"]).read_bytes()
            properties["DefinitionUri"] = stored("asl", definition, ".json")
        if resource["Type"] == "AWS::CloudFront::Function":
            source = root / properties["FunctionCode"]
            properties["FunctionCode"] = source.read_text(encoding="utf-8")
    made.template = json.dumps(template, default=str, indent=1)
    return made
