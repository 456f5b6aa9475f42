"""template.yaml as a document: `!Ref x` is `{"Ref": "x"}`, as in the JSON form."""

from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import intrinsics_multi_constructor

from deploy.bundle import ROOT


class TemplateLoader(yaml.CSafeLoader):
    """libyaml's parser. The one in Python takes most of a second of CPU time for the template."""


TemplateLoader.add_multi_constructor("!", intrinsics_multi_constructor)


def read_template(root: Path = ROOT) -> dict[str, Any]:
    text = (root / "template.yaml").read_text(encoding="utf-8")
    template: dict[str, Any] = yaml.load(text, TemplateLoader)  # noqa: S506  # a SafeLoader
    return template
