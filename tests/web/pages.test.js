// Rules for every published file.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const WEB = fileURLToPath(new URL("../../web", import.meta.url));
const FILES = readdirSync(WEB, { recursive: true })
  .filter((name) => extname(name) !== "")
  .sort();
const text = (name) => readFileSync(join(WEB, name), "utf8");
const ending = (...endings) => FILES.filter((name) => endings.includes(extname(name)));

test("no page builds markup from text", () => {
  const forbidden =
    /\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|setHTMLUnsafe|new Function|eval\()/;
  for (const name of ending(".js")) assert.doesNotMatch(text(name), forbidden, name);
});

test("no page has inline scripts, styles or listeners: the content security policy forbids them", () => {
  for (const name of ending(".html")) {
    assert.doesNotMatch(text(name), /\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)/i, name);
  }
  for (const name of ending(".js"))
    assert.doesNotMatch(text(name), /setAttribute\("style"|cssText/, name);
});

// A namespace, a link to a map, and the name for examples (RFC 2606).
const LINKED = ["www.w3.org", "https://www.openstreetmap.org/", "https://example.com/"];

test("no page loads anything from another site", () => {
  for (const name of ending(".html", ".css", ".js")) {
    const addresses = (
      text(name).match(/(?:https?:)?\/\/[a-z0-9-]+\.[a-z][^\s"'`)]*/gi) ?? []
    ).filter((address) => !LINKED.some((known) => address.includes(known)));
    assert.deepEqual(addresses, [], name);
  }
});

test("every address in a page is absolute, so that /track/{token} finds its files, and exists", () => {
  for (const name of ending(".html")) {
    for (const [, address] of text(name).matchAll(/\s(?:src|href)="([^"#]+)"/g)) {
      assert.match(address, /^\//, `${name}: ${address}`);
      const file = address.endsWith("/") ? `${address}index.html` : address;
      assert.ok(existsSync(join(WEB, file)), `${name}: ${address}`);
    }
  }
});

/** All modules that `name` imports, directly or indirectly, and itself. */
function modulesOf(name, known = new Set()) {
  if (known.has(name)) return known;
  known.add(name);
  for (const [, from] of text(name).matchAll(/(?:import|export)[^;]*?from "([^"]+)"/g)) {
    modulesOf(from.startsWith("/") ? from.slice(1) : normalize(join(dirname(name), from)), known);
  }
  return known;
}

test("every page has a language, a text without JavaScript, and no details for link previews", () => {
  for (const name of ending(".html")) {
    const page = text(name);
    assert.match(page, /<html lang="en">/, name);
    assert.match(page, /<meta property="og:title" content="(Haulway|Book a pickup|Your pickup)" \/>/, name);
    if (page.includes('type="module"')) assert.match(page, /<noscript>/, name);
  }
});

test("no page imports from another page's folder", () => {
  const page = (name) => name.split("/")[0];
  for (const name of ending(".js")) {
    const foreign = [...modulesOf(name)].filter((file) => ![page(name), "shared"].includes(page(file)));
    assert.deepEqual(foreign, [], name);
  }
});
