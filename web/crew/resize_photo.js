// Photos from a phone have several megabytes; what has to be seen on them needs a tenth of that.

const LONGEST_PX = 1_600;
const QUALITY = 0.82;

/** The picture as a JPEG of at most 1600 pixels a side; as it is where the phone cannot do that. */
export async function shrunk(file) {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_PX / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    return (await jpegOf(canvas)) ?? file;
  } catch {
    return file; // a kind of picture that this browser cannot read; the server may
  }
}

function jpegOf(canvas) {
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
}
