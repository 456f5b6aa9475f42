// The statuses that one may search for.

/** The statuses of all flows: one choice for each label, with all the names that have it. */
export function statusesOf(flows) {
  const names = new Map();
  for (const { statuses } of Object.values(flows))
    for (const { name, label } of statuses)
      names.set(label.en, new Set([...(names.get(label.en) ?? []), name]));
  return [...names].map(([label, those]) => [[...those].join(","), label]);
}
