"""Pages and what they refer to are of one build."""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from deploy.pages import Page, build_id, pages, publish

ENTRY = """<html><head><title>x</title></head>
<script type="module" src="/lib/a.js"></script></html>"""


def a_web(folder: Path, **files: str) -> Path:
    texts = {
        "index.html": ENTRY,
        "lib/a.js": 'import { b } from "./b.js";\nexport const a = b;\n',
        "lib/b.js": 'import { a } from "/lib/a.js";\nexport const b = 1;\n',
        "lib/c.js": "export const c = 1;\n",
        **files,
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def published(web: Path) -> dict[str, str]:
    return {page.key: page.body.decode() for page in pages(web)}


def hashed(keys: dict[str, str], name: str) -> str:
    (found,) = (key for key in keys if re.fullmatch(rf"lib/{name}\.[0-9a-f]{{12}}\.js", key))
    return found


def test_every_page_says_its_build_and_asks_for_files_by_their_hash(tmp_path: Path) -> None:
    web = a_web(tmp_path)
    found = published(web)
    assert f'<meta name="build" content="{build_id(web)}" />' in found["index.html"]
    assert f'src="/{hashed(found, "a")}"' in found["index.html"]
    assert f'from "/{hashed(found, "b")}"' in found[hashed(found, "a")]


def test_a_changed_import_renames_only_the_files_that_lead_to_it(tmp_path: Path) -> None:
    before = published(a_web(tmp_path / "before"))
    after = published(a_web(tmp_path / "after", **{"lib/b.js": "export const b = 2;\n"}))
    assert hashed(before, "a") != hashed(after, "a")
    assert hashed(before, "c") == hashed(after, "c")


def test_pages_are_uploaded_last_and_hashed_files_first(tmp_path: Path) -> None:
    keys = [page.key for page in pages(a_web(tmp_path))]
    names = [re.sub(r"[0-9a-f]{12}", "#", key) for key in keys]
    assert names == [
        "lib/a.#.js", "lib/b.#.js", "lib/c.#.js", "lib/a.js", "lib/b.js", "lib/c.js", "index.html",
    ]  # fmt: skip


def test_no_reference_of_our_own_pages_is_left_without_hash() -> None:
    texts = "\n".join(p.body.decode() for p in pages() if p.key.endswith((".js", ".css", ".html")))
    found = re.findall(r"[\"']\.{0,2}/[\w./-]+(?<!\.[0-9a-f]{12})\.(?:js|css)[\"']", texts)
    assert found == ['"/crew/sw.js"'] * found.count('"/crew/sw.js"'), "a worker keeps its address"


def test_every_page_that_people_open_is_published_with_its_build() -> None:
    whole = {page.key: page.body.decode() for page in pages() if page.key.endswith(".html")}
    folders = {key.partition("/")[0] for key in whole}
    assert {"book", "dispatch", "ops", "settings", "track"} <= folders
    mark = f'<meta name="build" content="{build_id()}" />'
    assert [key for key, text in whole.items() if mark not in text] == []


def test_what_has_a_hash_is_kept_for_a_year_and_what_has_none_is_asked_for() -> None:
    kept = {page.key: page.caching for page in pages()}
    assert kept["track/index.html"] == "public, max-age=0, s-maxage=300"
    assert kept["ops/index.html"] == "public, max-age=0, s-maxage=31536000"
    assert {kept[key] for key in kept if re.search(r"\.[0-9a-f]{12}\.js$", key)} == {
        "public, max-age=31536000, immutable"
    }


def test_a_service_worker_keeps_its_address_and_is_asked_for_every_time() -> None:
    (worker,) = [page for page in pages() if page.key.startswith("crew/sw.")]
    assert (worker.key, worker.caching) == ("crew/sw.js", "public, max-age=0, s-maxage=31536000")


class FakeS3:
    """What was put, by key; listed as S3 does, by folders."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}

    def get_paginator(self, _: str) -> "FakeS3":
        return self

    def paginate(self, Bucket: str, Prefix: str = "", Delimiter: str = "") -> Any:  # noqa: N803 - as AWS has it
        here = [key for key in self.objects if key.startswith(Prefix)]
        below = {key.partition("/")[0] + "/" for key in here if Delimiter and "/" in key}
        contents = [
            {"Key": key, "ETag": hashlib.md5(self.objects[key]["Body"]).hexdigest()}
            for key in here
            if not Delimiter or "/" not in key
        ]
        yield {"Contents": contents, "CommonPrefixes": [{"Prefix": each} for each in below]}

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - as AWS has it
        return self.objects[Key]

    def put_object(self, Key: str, **said: Any) -> None:  # noqa: N803 - as AWS has it
        self.objects[Key] = said


@pytest.mark.parametrize("said", ["CacheControl", "ContentType"])
def test_a_page_of_which_something_else_is_said_is_uploaded_again(said: str) -> None:
    s3, wanted = FakeS3(), [Page("index.html", b"<p>"), Page("book/index.html", b"<p>")]
    assert publish(s3, "site", wanted) == ["index.html", "book/index.html"]
    assert publish(s3, "site", wanted) == []
    s3.objects["book/index.html"][said] = "as it was before"
    assert publish(s3, "site", wanted) == ["book/index.html"]
    assert s3.objects["book/index.html"][said] != "as it was before"
