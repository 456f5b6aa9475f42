"""Pages and what they refer to are of one build."""

import hashlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from deploy.esbuild import BundlingFailed
from deploy.pages import Page, build_id, pages, publish

ENTRY = """<html><head><title>x</title>
    <link rel="icon" href="/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/style.css" />
    <link rel="stylesheet" href="/lib/a.css" /></head>
<script type="module" src="/lib/a.js"></script></html>"""
ICON = '<svg fill="#c2410c" />'


def a_web(folder: Path, **files: str) -> Path:
    texts = {
        "index.html": ENTRY,
        "lib/index.html": ENTRY,
        "icon.svg": ICON,
        "style.css": "a { color: red; }\n",
        "lib/a.css": "b { color: blue; }\n",
        "lib/a.js": 'import { b } from "./b.js";\nexport const a = b;\n',
        "lib/b.js": 'import { a } from "/lib/a.js";\nexport const b = () => [a, "é"];\n',
        "lib/c.js": "export const c = 1;\n",
        **files,
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def published(web: Path) -> dict[str, str]:
    return {page.key: page.body.decode() for page in pages(web)}


def bundled(files: dict[str, str], page: str) -> dict[str, str]:
    """The contents of a page's script and style by suffix, as the page names them."""
    names = re.findall(r'"/((?:lib/)?page\.[0-9a-f]{12}\.(css|js))"', files[page])
    return {suffix: files[name] for name, suffix in names}


def test_each_page_has_one_script_and_one_style_with_all_that_they_import(tmp_path: Path) -> None:
    found = published(a_web(tmp_path))
    whole = bundled(found, "index.html")
    assert whole["css"] == "a{color:red}b{color:#00f}\n"
    assert "import" not in whole["js"]
    assert '"é"' in whole["js"]
    assert found["index.html"].count("stylesheet") == 1


def test_every_page_says_its_build_and_has_its_icon_in_it(tmp_path: Path) -> None:
    web = a_web(tmp_path)
    page = published(web)["index.html"]
    assert f'<meta name="build" content="{build_id(web)}" />' in page
    (address,) = re.findall(r'rel="icon" href="data:image/svg\+xml,([^"]+)"', page)
    assert unquote(address) == ICON


def test_a_changed_import_renames_what_has_it_and_nothing_else(tmp_path: Path) -> None:
    before = published(a_web(tmp_path / "before"))
    after = published(a_web(tmp_path / "after", **{"lib/b.js": "export const b = 2;\n"}))
    assert {Path(key).suffix for key in before.keys() - after.keys()} == {".js"}
    unused = published(a_web(tmp_path / "unused", **{"lib/c.js": "export const c = 2;\n"}))
    assert unused.keys() == before.keys()


def test_pages_are_uploaded_last_and_hashed_files_first(tmp_path: Path) -> None:
    keys = [page.key for page in pages(a_web(tmp_path))]
    names = [re.sub(r"[0-9a-f]{12}", "#", key) for key in keys]
    names[:4] = sorted(names[:4], key=lambda name: ("/" in name, name))  # their hashes order them
    assert names == [
        "page.#.css", "page.#.js", "lib/page.#.css", "lib/page.#.js", "icon.svg", "style.css",
        "index.html", "lib/index.html",
    ]  # fmt: skip


def test_an_error_in_a_script_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    web = a_web(tmp_path, **{"lib/b.js": "export const b = ;\n"})
    with pytest.raises(BundlingFailed, match=r"lib/b\.js:1:17"):
        pages(web)


def test_no_reference_of_our_own_pages_is_left_without_hash() -> None:
    texts = "\n".join(p.body.decode() for p in pages() if p.key.endswith((".js", ".css", ".html")))
    found = re.findall(r"[\"']\.{0,2}/[\w./-]+(?<!\.[0-9a-f]{12})\.(?:js|css)[\"']", texts)
    assert set(found) == {'"/crew/sw.js"', '"/shared/api/hints.js"'}, (
        "a worker keeps its address, and so does the script for hints"
    )


def test_every_page_that_people_open_is_published_with_its_build() -> None:
    whole = {page.key: page.body.decode() for page in pages() if page.key.endswith(".html")}
    folders = {key.partition("/")[0] for key in whole}
    assert {"book", "dispatch", "history", "ops", "settings", "track"} <= folders
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
    assert worker.key == "crew/sw.js"
    assert worker.caching == "public, max-age=0, s-maxage=31536000"


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
