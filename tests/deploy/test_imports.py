"""What cannot be imported never reaches a stage."""

import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from deploy.bundle import ROOT, bundle
from deploy.imports import NotImportable, check_imports, handlers_of
from deploy.template import Built, build
from functions.protocol.batches import BatchConsumer
from tests.e2e.support.stages import built_from, sources

OF_TEMPLATE = set(
    re.findall(r"Handler: (\S+)", (ROOT / "template.yaml").read_text(encoding="utf-8"))
)


def tried(built: Built) -> int:
    release = built.release
    return check_imports(built.contents[release.code], built.contents[release.template])


def a_bundle(*more: str, **files: str) -> bytes:
    """Our folders, empty but for `files`, and whatever a bundle for AWS brings."""
    texts = {f"{folder}/__init__.py": "" for folder in ("functions", "events", "statemachine")}
    texts |= {name.replace("__", "/") + ".py": text for name, text in files.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in {**texts, **dict.fromkeys(more, "")}.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def a_template(*handlers: str) -> bytes:
    resources = {
        f"F{number}": {"Type": "AWS::Serverless::Function", "Properties": {"Handler": handler}}
        for number, handler in enumerate(handlers)
    }
    return json.dumps({"Resources": resources}).encode()


def test_every_handler_of_the_template_is_imported_from_the_bundle() -> None:
    built = build(bundle(), "any")
    template = json.loads(built.contents[built.release.template])
    assert set(handlers_of(template)) == OF_TEMPLATE
    assert tried(built) == len(OF_TEMPLATE)


def test_a_module_that_raises_is_named_with_the_errors_last_line(tmp_path: Path) -> None:
    broken = sources(
        tmp_path, ("functions/create_job.py", lambda text: f"{text}\nraise OSError('no luck')\n")
    )
    with pytest.raises(NotImportable) as refused:
        tried(built_from(broken))
    assert re.match(r"functions\.\S+\.handler cannot be imported: OSError: no luck; nothing was "
                    "changed", str(refused.value))  # fmt: skip


def test_a_handler_that_is_not_there_is_named() -> None:
    with pytest.raises(NotImportable, match=r"functions\.a\.handler .* no attribute 'handler'"):
        check_imports(a_bundle(functions__a="hand = 1"), a_template("functions.a.handler"))


def test_what_the_bundle_lacks_is_not_found_elsewhere_on_this_machine() -> None:
    """The project itself is installed here; the function will not have its tools, nor its tests."""
    for elsewhere in ("deploy.bundle", "functions.protocol.batches"):
        code = a_bundle(functions__a=f"import {elsewhere}\nhandler = 1")
        with pytest.raises(NotImportable, match=f"No module named '{elsewhere.partition('.')[0]}"):
            check_imports(code, a_template("functions.a.handler"))
    assert (
        BatchConsumer.__module__ == "functions.protocol.batches"
    )  # which is there, for this process


def test_a_package_that_a_bundle_for_aws_does_not_bring_is_missed() -> None:
    template = a_template("functions.a.handler")
    foreign = ("pydantic/a.py", "pydantic_core/_pydantic_core.cpython-314-aarch64-linux-gnu.so")
    needs = ("annotated_types/a.py", "typing_extensions.py", "typing_inspection/a.py")
    code = a_bundle(*foreign, *needs, functions__a="import pydantic\nhandler = 1")
    assert check_imports(code, template) == 1
    code = a_bundle(*foreign, *needs, functions__a="import httpx\nhandler = 1")
    with pytest.raises(NotImportable, match="No module named 'httpx'"):
        check_imports(code, template)


def test_each_function_is_imported_alone() -> None:
    """In one process with others a module may find what only another function had imported."""
    code = a_bundle(
        functions__a="import functions.c\nhandler = 1",
        functions__b="import functions\nfunctions.c\nhandler = 1",
        functions__c="",
    )
    with pytest.raises(NotImportable, match=r"functions\.b\.handler .* no attribute 'c'"):
        check_imports(code, a_template("functions.a.handler", "functions.b.handler"))


def test_no_environment_is_needed_and_leaving_at_import_is_no_success() -> None:
    code = a_bundle(functions__a="import os\nhandler = os.environ['HOME']")
    with pytest.raises(NotImportable, match="KeyError: 'HOME'"):
        check_imports(code, a_template("functions.a.handler"))
    code = a_bundle(functions__a="import os\nos._exit(0)")
    with pytest.raises(NotImportable, match="no reason given"):
        check_imports(code, a_template("functions.a.handler"))
