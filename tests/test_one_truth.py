"""What README, template, flows, state machines, functions, and events repeat must agree."""

import json
import re
import shlex
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from typer.main import get_command
from typer.testing import CliRunner

import events
from cli.help_examples import EXAMPLES
from cli.main import app
from deploy.template_file import read_template
from events import StuckReason
from functions.ops.dead_letters import QUEUES
from statemachine import asl
from statemachine.flows import flow_names, load_flow
from statemachine.job.records import Repair

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
TEMPLATE = read_template()
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]


def of_type(kind: str) -> dict[str, Any]:
    return {name: r["Properties"] for name, r in RESOURCES.items() if r["Type"] == kind}


def flow_table() -> list[str]:
    section = README.partition("## How a move travels")[2].partition("\n\nThe one truth")[0]
    return [line for line in section.splitlines() if re.match(r"\| \d", line)]


def test_every_path_in_the_readme_exists() -> None:
    named = re.findall(r"`((?:[a-z_]+/)+[\w.*{}-]*)`", README) + re.findall(
        r"\]\(([\w./]+)\)", README
    )
    ours = [path for path in named if not re.search(r"[*{]|^t/", path)]
    assert [path for path in ours if not (ROOT / path).exists()] == []


def test_every_function_has_a_handler_and_every_handler_a_function() -> None:
    in_template = {p["Handler"] for p in of_type("AWS::Serverless::Function").values()}
    files = list((ROOT / "functions").rglob("*.py"))
    in_code = {
        f"{'.'.join(path.with_suffix('').relative_to(ROOT).parts)}.handler".replace(".__init__", "")
        for path in files
        if "\ndef handler(" in path.read_text(encoding="utf-8")
    }
    assert in_template == in_code


def test_every_function_is_in_the_flow_table_except_those_behind_the_scenes() -> None:
    named = set(re.findall(r"functions/(\w+)", "".join(flow_table())))
    handlers = {p["Handler"].split(".")[1] for p in of_type("AWS::Serverless::Function").values()}
    behind_the_scenes = {"rotate_keys"}
    assert handlers - behind_the_scenes <= named


def test_the_steps_of_the_flow_table_are_in_the_order_of_the_template() -> None:
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    steps = [int(number) for number in re.findall(r"# -+ (\d) · ", text)]
    assert steps == sorted(steps)


def test_every_event_in_the_flow_table_exists() -> None:
    named = set(re.findall(r"`(Job\w+)`", "".join(flow_table())))
    assert named <= set(events.__all__)


@pytest.mark.parametrize("name", flow_names())
def test_the_state_machine_is_the_one_generated_from_its_flow(name: str) -> None:
    stored = (asl.FOLDER / f"{name}.asl.json").read_text(encoding="utf-8")
    assert stored == asl.render(load_flow(name)), "run: python -m statemachine.asl"


def test_every_flow_has_its_state_machine_in_the_template() -> None:
    uris = {p["DefinitionUri"] for p in of_type("AWS::Serverless::StateMachine").values()}
    assert uris == {f"statemachine/asl/{name}.asl.json" for name in flow_names()}


def test_every_queue_and_every_rule_has_a_dead_letter_queue() -> None:
    queues = {
        name: p for name, p in of_type("AWS::SQS::Queue").items() if "DeadLetters" not in name
    }
    assert [name for name, queue in queues.items() if "RedrivePolicy" not in queue] == []
    targets = [t for rule in of_type("AWS::Events::Rule").values() for t in rule["Targets"]]
    assert [t for t in targets if "DeadLetterConfig" not in t] == []


def test_every_queue_of_the_template_is_known_to_ops() -> None:
    named = [queue["QueueName"]["Fn::Sub"] for queue in of_type("AWS::SQS::Queue").values()]
    names = {name.removeprefix("haulway-${Stage}-") for name in named}
    read = {name for names in QUEUES.values() for name in names}
    dead = {f"{queue.replace('_', '-')}-dead-letters" for queue in QUEUES}
    assert names == read | dead


def test_every_policy_statement_has_a_name_and_no_wildcard_action() -> None:
    for name, function in of_type("AWS::Serverless::Function").items():
        for policy in function["Policies"]:
            for statement in policy["Statement"]:
                actions = statement["Action"]
                actions = [actions] if isinstance(actions, str) else actions
                assert statement["Sid"], name
                assert not [action for action in actions if "*" in action], name


PAGES = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{p.name}" for p in ROOT.glob("docs/*.md"))]


def commands_in(page: str) -> list[str]:
    """What follows `haul` in code blocks and between backticks, without comments."""
    text = (ROOT / page).read_text(encoding="utf-8").replace("\\\n", " ")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in re.findall(r"^haul (.+)", block, re.MULTILINE)]
    inline = re.findall(r"`haul ([^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    return [" ".join(line.partition("  #")[0].split()) for line in lines + inline]


def parsed(line: str) -> tuple[str, dict[str, Any]]:
    """The command's name and its arguments. Raises if the command does not accept them."""
    command: Any = get_command(app)
    names, words, given = list[str](), shlex.split(line), dict[str, Any]()
    while words:
        options, rest, _ = command.make_parser(click.Context(command)).parse_args(words)
        given |= options
        if not hasattr(command, "commands"):
            assert not rest, f"`haul {line}` does not accept {rest}"
            break
        if rest[:1] in ([], ["…"]):
            break
        names, command, words = [*names, rest[0]], command.commands[rest[0]], rest[1:]
    return " ".join(names), given


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_the_documents_exist_with_their_options(page: str) -> None:
    for line in commands_in(page):
        name, given = parsed(line)
        if name.startswith("ops dlq ") and given.get("queue", "QUEUE") != "QUEUE":
            assert given["queue"].replace("-", "_") in QUEUES, line
        if name in ("ops dlq replay", "ops dlq discard"):
            assert bool(given.get("ids")) != bool(given.get("all_")), f"{line}: which messages?"
    assert commands_in("docs/runbook.md")
    assert commands_in("README.md")


@pytest.mark.parametrize(("name", "example"), EXAMPLES.items())
def test_a_command_accepts_its_example_and_shows_it_in_its_help(name: str, example: str) -> None:
    """An example must fit one line of the terminal, because Rich wraps longer ones."""
    path, command = name.split(), get_command(app)
    for each in path:
        command = command.commands[each]  # type: ignore[attr-defined]  # a group, up to the last
    haul, *words = shlex.split(re.sub(r'^eval "\$\((.+)\)"$', r"\1", example))
    assert haul == "haul"
    assert words[: len(path)] == path
    command.make_context(name, words[len(path) :])
    shown = CliRunner().invoke(app, [*path, "--help"]).output
    assert f"Example: {example}" in shown


def test_the_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"^make (\w+)", README, re.MULTILINE))
    assert named == {target for target in named if f"\n{target}:" in makefile}


def test_the_labels_of_statuses_are_only_in_the_flows() -> None:
    labels = {s.label.en for name in flow_names() for s in load_flow(name).statuses}
    pages = [p for kind in ("*.html", "*.js") for p in (ROOT / "web").rglob(kind)]
    distinctive = {label for label in labels if " " in label}
    found = {
        (page.name, label)
        for page in pages
        for label in distinctive
        if f'"{label}"' in page.read_text(encoding="utf-8")
    }
    assert found == set()


@pytest.mark.parametrize(("table", "words"), [("REPAIRS", Repair), ("WHYS", StuckReason)])
def test_the_ops_page_has_a_label_for_every_repair_and_every_reason(table: str, words: Any) -> None:
    text = (ROOT / "web/ops/state/ops_labels.js").read_text(encoding="utf-8")
    body = text.partition(f"const {table} = {{")[2].partition("\n}")[0]
    named = set(re.findall(r'^  "?([\w ]+?)"?:', body, re.MULTILINE))
    assert named - {"overdue"} == set(get_args(words))


def test_no_document_is_malformed() -> None:
    for path in [*ROOT.glob("events/**/*.json"), *ROOT.glob("tracking/scenarios/*.json")]:
        json.loads(path.read_text(encoding="utf-8"))
