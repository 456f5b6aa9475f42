// A photo's way to the server: announced, uploaded, added. Each step can be repeated.

import { NoAnswer, Problem } from "./api.js";

const UPLOAD_TIMEOUT_MS = 60_000;
const UNREADABLE = { type: "/problems/photo-unreadable", title: "The phone has lost this photo" };

/**
 * The answer after the photo was added, or null if there is nothing to add. `body` is sent with the
 * photo's size; `ask(path, body)` posts it. Raises Problem or NoAnswer.
 */
export async function sendPhoto({ ask, fetch, path, body, blob }) {
  const bytes = await bytesOf(blob);
  const sized = { ...body, bytes: bytes.byteLength };
  const announced = await ask(path, sized);
  if (announced === null) return null;
  const { photo_id, upload } = announced;
  if (upload) await put(fetch, upload, bytes);
  try {
    return await ask(`${path}/${photo_id}`, sized);
  } catch (error) {
    if (error.slug === "photo-missing") throw new Problem(503, error.document);
    throw error;
  }
}

async function put(fetch, { url, headers }, body) {
  const signal = AbortSignal.timeout(UPLOAD_TIMEOUT_MS);
  let response;
  try {
    response = await fetch(url, { method: "PUT", headers, body, signal });
  } catch {
    throw new NoAnswer(signal.aborted ? "timeout" : "unreachable");
  }
  // The upload's signature has expired, or the data was damaged: the next try announces it again.
  if (!response.ok) throw new Problem(503, { title: `the upload was answered ${response.status}` });
}

async function bytesOf(blob) {
  try {
    return await blob.arrayBuffer();
  } catch {
    throw new Problem(422, UNREADABLE);
  }
}
