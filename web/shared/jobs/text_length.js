// How many parts a text needs, as statemachine/messages/sms_wording.py counts them: a single part holds 160
// characters of GSM-7 or 70 others; parts of a longer text hold 153 or 67.

const GSM_7 = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const EXTENSION = new Set("\f^{}\\[~]|€");
const TYPOGRAPHY = { "’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..." };

/** {characters, parts} of a text as it is sent: letters that GSM-7 lacks lose their accent. */
export function textLength(text) {
  const letters = [...plain(text)];
  const isGsm = letters.every((letter) => GSM_7.has(letter) || EXTENSION.has(letter));
  const sizes = letters.map((letter) => {
    if (isGsm) return EXTENSION.has(letter) ? 2 : 1;
    return letter.codePointAt(0) > 0xffff ? 2 : 1;
  });
  const parts = isGsm ? partsOf(sizes, 160, 153) : partsOf(sizes, 70, 67);
  return { characters: sizes.reduce((sum, size) => sum + size, 0), parts };
}

/** A character is never split: one that does not fit begins the next part. */
function partsOf(sizes, alone, each) {
  if (sizes.reduce((sum, size) => sum + size, 0) <= alone) return 1;
  let parts = 1;
  let room = each;
  for (const size of sizes) {
    if (size > room) {
      parts += 1;
      room = each;
    }
    room -= size;
  }
  return parts;
}

function plain(text) {
  const spelled = [...text].map((letter) => TYPOGRAPHY[letter] ?? letter).join("");
  return [...spelled.normalize("NFC")]
    .map((letter) => {
      const [bare] = letter.normalize("NFKD");
      return GSM_7.has(letter) || !GSM_7.has(bare) ? letter : bare;
    })
    .join("");
}
