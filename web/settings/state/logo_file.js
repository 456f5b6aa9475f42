// A file that is to be the logo: what of it can be said before it is sent, and its bytes.

export const TYPES = Object.freeze(["image/png", "image/jpeg", "image/webp"]);
const LARGEST = 2_000_000;
const CHUNK = 0x8000;

/** What is wrong with it, in words; null where nothing is. */
export function logoFault({ type, size }) {
  if (type === "image/svg+xml") return "SVG is not accepted. Save the logo as PNG and choose it again.";
  if (!TYPES.includes(type)) return "Choose a picture: PNG, JPEG, or WebP.";
  if (size <= LARGEST) return null;
  const megabytes = (size / 1_000_000).toFixed(1);
  return `The file has ${megabytes} MB; a logo has at most 2 MB. Save it in a smaller size.`;
}

/** Its bytes in Base64. */
export async function base64Of(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const parts = [];
  for (let at = 0; at < bytes.length; at += CHUNK) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + CHUNK)));
  }
  return btoa(parts.join(""));
}
