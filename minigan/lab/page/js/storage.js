// What a tab keeps for itself during a reload: a run that is too long for its address, and the run behind a lesson.

export function keep(name, value) {
  try {
    if (value === null) sessionStorage.removeItem(`minigan-${name}`);
    else sessionStorage.setItem(`minigan-${name}`, JSON.stringify(value));
  } catch { /* storage is forbidden here, or full */ }
}

export function kept(name) {
  try {
    return JSON.parse(sessionStorage.getItem(`minigan-${name}`));
  } catch {
    return null;
  }
}
