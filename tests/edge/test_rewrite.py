"""The viewer-request function on two engines: njs, as CloudFront, and Node, as the laptop.

Every file in `edge/rewrite/cases` has an event and its expected result.
"""

import json
import os
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from statemachine.values.ids import digest_of

EDGE = Path(__file__).parents[2] / "edge"
SOURCE = EDGE / "rewrite.js"
CASES = sorted((EDGE / "rewrite" / "cases").glob("*.json"))
TOKEN = "kX9bQ2vN7rT4wY1zA6cE3g"
ENGINES = {
    "njs": "Debian package njs: the engine closest to CloudFront's",
    "node": "Debian package nodejs: the engine the laptop edge runs",
}
SIZE_LIMIT_BYTES = 10_240
"""CloudFront Developer Guide, "Quotas on CloudFront Functions", read 2026-11-21."""
SEED = 20261121

Event = dict[str, Any]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if shutil.which(name) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is missing ({ENGINES[name]}); CI has to install it")
        pytest.skip(f"{name} is missing ({ENGINES[name]})")
    return name


def run(engine: str, events: list[Event], scratch: Path) -> list[Event]:
    """The results of `handler` for the events, in one run of the engine."""
    script = scratch / "run.js"
    script.write_text(
        f"{SOURCE.read_text()}\nvar events = {json.dumps(events)};\n"
        "events.forEach(function (event) { console.log(JSON.stringify(handler(event))); });\n"
    )
    done = subprocess.run(
        [engine, str(script)], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr or done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()]


def an_event(uri: str) -> Event:
    request = {"method": "GET", "uri": uri, "querystring": {}, "headers": {}, "cookies": {}}
    return {"version": "1.0", "context": {}, "viewer": {"ip": "198.51.100.7"}, "request": request}


def test_every_case_has_its_expected_result(engine: str, tmp_path: Path) -> None:
    """A rewrite changes only the path; a refusal is a 404 that is not cached."""
    cases = [json.loads(path.read_text()) for path in CASES]
    outcomes = run(engine, [case["event"] for case in cases], tmp_path)
    wrong = {}
    for path, case, outcome in zip(CASES, cases, outcomes, strict=True):
        if "statusCode" in case["expect"]:
            fits = outcome["statusCode"] == case["expect"]["statusCode"]
            fits = fits and outcome["headers"]["cache-control"]["value"] == "no-store"
        else:
            fits = outcome == {**case["event"]["request"], **case["expect"]}
        if not fits:
            wrong[path.name] = (case["why"], outcome)
    assert wrong == {}


def test_there_are_enough_cases_and_each_says_why() -> None:
    assert len(CASES) >= 40
    for path in CASES:
        case = json.loads(path.read_text())
        assert set(case) == {"why", "event", "expect"}, path.name
        assert case["why"].endswith("."), path.name


def a_path(chance: random.Random) -> str:
    pieces = [
        "/",
        "/",
        "track",
        "book",
        "api",
        "shared",
        "t",
        "crew",
        TOKEN,
        TOKEN[:21],
        "track.js",
    ]
    pieces += ["..", ".", "%2f", "%2e%2e", "%00", "\\", "é", ".js", ".css", ".json", "index.html"]
    return "/" + "".join(chance.choice(pieces) for _ in range(chance.randrange(1, 7)))


def test_no_path_carries_a_token_out_of_track(engine: str, tmp_path: Path) -> None:
    """Every path under /track/ gets the page or one of its files."""
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    uris = [("/track/" + a_path(chance)[1:]) for _ in range(3000)]
    for uri, outcome in zip(uris, run(engine, list(map(an_event, uris)), tmp_path), strict=True):
        assert re.fullmatch(r"/track/[\w-]{1,21}(\.[\w-]{1,21})*\.[a-z]+", outcome["uri"]), uri
        assert TOKEN not in outcome["uri"], uri


def test_only_plain_file_names_reach_the_site_bucket(engine: str, tmp_path: Path) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    uris = [a_path(chance) for _ in range(3000)]
    for uri, outcome in zip(uris, run(engine, list(map(an_event, uris)), tmp_path), strict=True):
        if "statusCode" in outcome:
            continue
        if re.match(r"/(api|t|shared)(/|$)", uri):
            assert outcome["uri"] == uri
            assert not {".", ".."} & set(uri.split("/")), uri
            continue
        assert re.fullmatch(r"(/[\w-][\w.-]*)+\.[a-z]+", outcome["uri"], re.ASCII), uri


def test_nothing_below_an_unknown_folder_reaches_the_origin(engine: str, tmp_path: Path) -> None:
    """JSON comes only from /t/, /shared/, and the API."""
    folders = ["board", "tenants", "directory", "ops", "crew", "uploads", "tt", "libs", "jobs.json"]
    files = [
        "jobs.json",
        "board.js",
        "a/b/jobs.json",
        "style.css.json",
        "main",
        "index.html/x.json",
    ]
    uris = [f"/{folder}/{file}" for folder in folders for file in files]
    uris += [f"/{name}.json" for name in (*folders, "shared", "t")]
    outcomes = run(engine, list(map(an_event, uris)), tmp_path)
    passed = {uri for uri, outcome in zip(uris, outcomes, strict=True) if "uri" in outcome}
    assert passed == {"/ops/board.js", "/crew/board.js"}


def test_an_unknown_address_gets_a_page_in_english_and_spanish(engine: str, tmp_path: Path) -> None:
    uris = ["/pricing", "/crew/today", "/book/quick/more", "/nope.html", "/caf%C3%A9", "/.env"]
    for outcome in run(engine, list(map(an_event, uris)), tmp_path):
        assert outcome["statusCode"] == 404
        assert outcome["statusDescription"] == "Not Found"
        assert outcome["headers"]["content-type"]["value"] == "text/html; charset=utf-8"
        assert outcome["headers"]["referrer-policy"]["value"] == "no-referrer"
        assert "default-src 'none'" in outcome["headers"]["content-security-policy"]["value"]
        page = outcome["body"]["data"]
        assert "There is no page at this address" in page
        assert '<section class="panel" lang="es"><h2>Página no encontrada' in page


AGENTS = {
    "iMessage": "Mozilla/5.0 (Macintosh) facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "WhatsApp": "WhatsApp/2.23.20.0 A",
    "Slack": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Telegram": "TelegramBot (like TwitterBot)",
}


@pytest.mark.parametrize("agent", AGENTS.values(), ids=AGENTS)
def test_apps_that_show_links_are_sent_to_the_preview_without_the_token(
    engine: str, tmp_path: Path, agent: str
) -> None:
    where = {
        f"/track/{TOKEN}": f"/api/track/{digest_of(TOKEN)}/preview",
        "/book/quick-dump": "/api/businesses/quick-dump/preview",
        "/book/": "/api/businesses/main/preview",
    }
    events = list(map(an_event, where))
    for event in events:
        event["request"]["headers"]["user-agent"] = {"value": agent}
    outcomes = run(engine, events, tmp_path)
    assert [o["headers"]["location"]["value"] for o in outcomes] == list(where.values())
    assert TOKEN not in json.dumps(outcomes)
    assert {o["headers"]["cache-control"]["value"] for o in outcomes} == {"no-store"}


def test_both_engines_agree(tmp_path: Path) -> None:
    if missing := [name for name in ENGINES if shutil.which(name) is None]:
        pytest.skip(f"{' and '.join(missing)} missing")
    chance = random.Random(SEED + 1)
    events = [an_event(a_path(chance)) for _ in range(3000)]
    assert run("njs", events, tmp_path) == run("node", events, tmp_path)


def test_the_source_fits_cloudfront_functions() -> None:
    """Size and language subset, as far as the text shows; njs checks the rest."""
    source = SOURCE.read_text()
    source_without_crypto = source.replace("var crypto = require('crypto');", "")
    code = re.sub(r"//[^\n]*|\"[^\"\n]*\"|'[^'\n]*'", "", source_without_crypto)
    banned = r"\b(import|export|require|console|async|await|eval|Function|setTimeout|fetch|class)\b"
    assert len(source.encode()) < SIZE_LIMIT_BYTES
    assert re.findall(banned, code) == []
    assert len(re.findall(r"^function handler\(event\)", code, re.MULTILINE)) == 1
