// Listening for hints begins after the page has shown what it knows, and its script is loaded then.

const LATE_MS = 1_000;

/** As `listenOn` in ../api/hints.js. Without the script there are no hints. */
export function listenLate(...asked) {
  const listen = ({ listenOn }) => listenOn(...asked);
  setTimeout(() => import("/shared/api/hints.js").then(listen, () => {}), LATE_MS);
}
