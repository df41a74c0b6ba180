// Short names of folders and checkpoints, for tables and keys.

/** A folder's name, or all of its path where several have that name. */
export function labelsOf(folders: readonly string[]): string[] {
  const names = folders.map((folder) => folder.replace(/[/\\]+$/, "").replace(/^.*[/\\]/, ""));
  return names.map((name, i) => names.indexOf(name) === names.lastIndexOf(name) ? name : folders[i]!);
}

/** Names of weight files that say nothing: their folder's does. */
const GENERIC = /^(?:walrus|model|checkpoint|weights|coalesced|best|last|latest|network)$/;

/**
 * Names of checkpoints: of the file, of its folder where that of the file says nothing; as given where two have one name.
 *
 * @param checkpoints as given
 */
export function checkpointLabels(checkpoints: readonly string[]): string[] {
  const names = checkpoints.map((given) => {
    const parts = given.replace(/[/\\]+$/, "").split(/[/\\]/);
    const last = parts.at(-1)!.replace(/\.(?:safetensors|pt|pth|json|index\.json)$/, "");
    return GENERIC.test(last) && parts.length > 1 ? parts.at(-2)! : last;
  });
  const reserved = ["persistence", "linear"];
  return names.map((name, i) =>
    names.indexOf(name) === names.lastIndexOf(name) && !reserved.includes(name) ? name : checkpoints[i]!
  );
}
