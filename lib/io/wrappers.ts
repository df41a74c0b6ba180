// Prefixes that training code puts before the names of a network's tensors: data parallelism (`module.`), compilation
// (`_orig_mod.`), sharding (`_fsdp_wrapped_module.`), a module that holds the network (`model.`), and the dictionaries of
// a training state where names are paths (`app.model.`).

import { quoted } from "./quote.ts";
import { type Checkpoint, checkpointOf, type StoredTensor } from "./stored_tensor.ts";

/** Parts of names that wrappers add wherever they wrap: no network has them of its own. */
const ANYWHERE = new Set(["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_ddp_module"]);

/** Parts that only stand before a name: where weights are first looked for, in this order. */
const LEADING = [
  ...["app", "model", "model_state_dict", "state_dict", "module", "network", "net"],
  ...["ema", "ema_model", "ema_state_dict", "model_ema"],
];

/** What averaging and training states keep beside weights, by the first part of the name. */
const BESIDE =
  /^(n_averaged|optim\w*|opt|lr_?scheduler\w*|scheduler\w*|scaler|step|epoch|trainer|rng\w*|dataloader)$/;

/** A name without wrappers, and what was before it. */
interface Unwrapped {
  readonly prefix: string;
  readonly name: string;
}

function unwrap(name: string): Unwrapped {
  const parts = name.split(".");
  let from = 0;
  while (from < parts.length - 1 && (LEADING.includes(parts[from]!) || ANYWHERE.has(parts[from]!))) from++;
  const rest = parts.slice(from).filter((part) => !ANYWHERE.has(part));
  return { prefix: parts.slice(0, from).map((part) => `${part}.`).join(""), name: rest.join(".") };
}

/** Names in a file that share a prefix. */
export interface NameGroup {
  /** What wrappers put before them; empty for names as they are. */
  readonly prefix: string;
  /** Names in the file by the names without wrappers. */
  readonly names: ReadonlyMap<string, string>;
}

/** How early a prefix is looked at. */
function rank(prefix: string): number[] {
  return prefix.split(".").filter((part) => LEADING.includes(part)).map((part) => LEADING.indexOf(part));
}

function before(a: NameGroup, b: NameGroup): number {
  const [x, y] = [rank(a.prefix), rank(b.prefix)];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const difference = (x[i] ?? LEADING.length) - (y[i] ?? LEADING.length);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Names by the prefix that wrappers gave them, those first that are looked at first.
 *
 * @throws what `refuse` throws, when two names of a group are one without what wrappers added
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const [first] = nameGroups(["module._orig_mod.norm.weight", "n_averaged"], (why) => { throw new Error(why) });
 * assert.equal(first!.prefix, "module._orig_mod.");
 * assert.deepEqual([...first!.names], [["norm.weight", "module._orig_mod.norm.weight"]]);
 * ```
 */
export function nameGroups(names: Iterable<string>, refuse: (why: string) => never): NameGroup[] {
  const groups = new Map<string, Map<string, string>>();
  for (const stored of names) {
    const { prefix, name } = unwrap(stored);
    const group = groups.get(prefix) ?? new Map<string, string>();
    groups.set(prefix, group);
    const other = group.get(name);
    if (other !== undefined) {
      refuse(`${quoted(other)} and ${quoted(stored)} are both ${quoted(name)} without what wrappers added`);
    }
    group.set(name, stored);
  }
  return [...groups].map(([prefix, names]) => ({ prefix, names })).sort(before);
}

/** Some of what is left out, for a note. */
function few(names: readonly string[]): string {
  const shown = names.slice(0, 2).map(quoted).join(", ");
  return names.length > 2 ? `${shown} and ${names.length - 2} more` : shown;
}

/**
 * A checkpoint of the tensors of one group, under their names without wrappers; it closes the other.
 *
 * @param checkpoint as opened
 * @param group of its names
 */
export function ofGroup(checkpoint: Checkpoint, { prefix, names }: NameGroup): Checkpoint {
  const tensors = new Map<string, StoredTensor>();
  const unread = new Map<string, string>();
  const renamed = new Map([...names].map(([name, stored]) => [stored, name] as const));
  const left: string[] = [];
  for (const [name, tensor] of checkpoint.tensors) {
    const short = renamed.get(name);
    if (short === undefined) left.push(name);
    else tensors.set(short, tensor);
  }
  for (const [name, why] of checkpoint.unread) unread.set(unwrap(name).name, why);
  const inner = [...names].some(([name, stored]) => stored !== prefix + name);
  const notes = [
    ...checkpoint.notes,
    ...(prefix === "" ? [] : [`names of its tensors begin with ${quoted(prefix)}, which was removed`]),
    ...(inner ? [`parts of names that wrappers add (${[...ANYWHERE].join(", ")}) were removed`] : []),
    ...(left.length > 0 ? [`tensors that are none of the network's are left out: ${few(left)}`] : []),
  ];
  const { name, format, metadata } = checkpoint;
  return checkpointOf({ name, format, metadata, tensors, unread, notes }, () => checkpoint.close());
}

/** Groups of a checkpoint's names. */
export function groupsOf(checkpoint: Checkpoint): NameGroup[] {
  return nameGroups(checkpoint.tensors.keys(), (why) => {
    throw new SyntaxError(`Cannot read "${checkpoint.name}": ${why}`);
  });
}

/** Whether a group is a running average's. */
const AVERAGE = /(^|\.)(ema\w*|model_ema)\./;

/** Whether a group is what a training state keeps beside weights. */
function isBeside({ prefix, names }: NameGroup): boolean {
  return /^(app\.)*$/.test(prefix) && [...names.keys()].every((name) => BESIDE.test(name.split(".")[0]!));
}

/**
 * A checkpoint without the prefix that wrappers gave its tensors: where all have the same, or where the others are a
 * training state's and no network's. Where that can not be told names stay as they are.
 */
export function unwrapped(checkpoint: Checkpoint): Checkpoint {
  const groups = groupsOf(checkpoint).filter((group) => !isBeside(group));
  const mains = groups.filter(({ prefix }) => !AVERAGE.test(prefix));
  const [main, ...more] = mains.length > 0 ? mains : groups.slice(0, 1);
  if (!main || more.length > 0) return checkpoint;
  const renames = [...main.names].some(([name, stored]) => name !== stored);
  const whole = main.names.size === checkpoint.tensors.size;
  return renames || !whole ? { ...ofGroup(checkpoint, main), stored: checkpoint } : checkpoint;
}
