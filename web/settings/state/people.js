// The words about people and their roles.

export const ROLE_NAMES = {
  owner: "Owner",
  dispatcher: "Dispatcher",
  driver: "Driver",
  first_mate: "Helper",
  supervisor: "Supervisor",
  ops: "Ops",
};

export function rolesText(roles) {
  return roles.map((role) => (ROLE_NAMES[role] ?? role).toLowerCase()).join(", ");
}

/** Whether someone can sign in, and when they last did; `shown(moment)` says when. */
export function signInText({ disabled, has_password, last_sign_in_at }, shown) {
  if (disabled) return "Disabled: cannot sign in.";
  if (!has_password) return "Has no password yet.";
  return last_sign_in_at ? `Last sign-in: ${shown(last_sign_in_at)}.` : "Has not signed in yet.";
}

/** A name to sign in with, for "María López": maria. */
export function accountFrom(name) {
  const plain = name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const word = plain.trim().split(/\s+/)[0].replace(/[^a-z0-9_]/g, "");
  return word.replace(/^[^a-z]+/, "").slice(0, 40);
}
