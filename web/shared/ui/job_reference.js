// A job's reference as it is shown and as it is read out.

/** `261121-7K3M2Q`: capital letters are easier to tell apart. */
export function shownReference(job_id) {
  return String(job_id).toUpperCase();
}

/** The reference in groups of three, to be read out: [["261", "121"], ["7K3", "M2Q"]]. */
export function groupsOf(job_id) {
  return shownReference(job_id)
    .split("-")
    .map((part) => part.match(/.{1,3}/g) ?? []);
}

/** `2 6 1, 1 2 1, dash, 7 K 3, M 2 Q`: so that a screen reader spells it. */
export function spelledReference(job_id, dash = "dash") {
  return groupsOf(job_id)
    .map((part) => part.map((group) => [...group].join(" ")).join(", "))
    .join(`, ${dash}, `);
}
