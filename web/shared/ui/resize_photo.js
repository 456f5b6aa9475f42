// Photos from a phone have several megabytes; a tenth of that is enough here.

const LONGEST_PX = 1_600;
const QUALITY = 0.82;

/** The photo as a JPEG of at most 1600 pixels a side; unchanged if the phone cannot do that. */
export async function resizePhoto(file) {
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
    return file; // this browser cannot read the format; the server may
  }
}

function jpegOf(canvas) {
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
}
