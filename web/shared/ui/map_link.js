// Links to a map on the web, which open on every device (`geo:` addresses open on few).

const MAP = "https://www.openstreetmap.org/";

/** The address of a map at that location, to about a hundred meters. */
export function mapHref({ latitude, longitude }) {
  const [lat, lon] = [latitude.toFixed(3), longitude.toFixed(3)];
  return `${MAP}?mlat=${lat}&mlon=${lon}#map=15/${lat}/${lon}`;
}
