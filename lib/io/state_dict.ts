// The weights within what a file holds: a dictionary of tensors, at the root or under names that training code gives it.

import { type PickleDict, PickleObject, type PickleValue } from "./pickle.ts";
import { quoted, shown } from "./quote.ts";
import { Described } from "./torch_objects.ts";

/** Where weights may lie, the first that is there before the others; also several within each other. */
const WRAPPERS = [
  "app",
  "model",
  "model_state_dict",
  "state_dict",
  "module",
  "network",
  "net",
  "ema",
  "ema_model",
  "ema_state_dict",
  "model_ema",
  "params_ema",
  "params",
  "weights",
  "shadow",
];
/** Wrappers within each other. */
const DEEPEST = 8;

/** A dictionary of tensors. */
export interface StateDict {
  /** Keys that lead to it, joined by dots; empty at the root. */
  readonly path: string;
  readonly entries: PickleDict;
}

function dictOf(value: PickleValue | undefined): PickleDict | null {
  if (value instanceof Map) return value;
  return value instanceof PickleObject ? value.entries : null;
}

function holdsTensors(entries: PickleDict): boolean {
  for (const value of entries.values()) if (value instanceof Described) return true;
  return false;
}

/** All dictionaries of tensors that wrappers lead to, the one to be read first. */
function candidates(root: PickleValue): StateDict[] {
  const found: StateDict[] = [];
  // Dictionaries may hold each other.
  const seen = new Set<PickleDict>();
  const visit = (value: PickleValue | undefined, path: readonly string[]): void => {
    const entries = dictOf(value);
    if (!entries || seen.has(entries) || path.length > DEEPEST) return;
    seen.add(entries);
    for (const key of WRAPPERS) visit(entries.get(key), [...path, key]);
    if (holdsTensors(entries)) found.push({ path: path.join("."), entries });
  };
  visit(root, []);
  return found;
}

/** What a value is, for who wonders why it is not read. */
export function described(value: PickleValue): string {
  if (value instanceof Described) return value.unread ?? "a tensor";
  if (value instanceof PickleObject) return `an object ${quoted(value.path)}`;
  if (value instanceof Map) return "a dictionary";
  return Array.isArray(value) ? "a list" : shown(value);
}

/** Where else tensors lie, to be named: the first place within a few dictionaries. */
function tensorsElsewhere(root: PickleValue): string | null {
  const queue: { readonly value: PickleValue; readonly path: readonly string[] }[] = [{
    value: root,
    path: [],
  }];
  const seen = new Set<PickleValue>();
  for (let at = 0; at < queue.length && at < 10_000; at++) {
    const { value, path } = queue[at]!;
    const entries = dictOf(value);
    if (!entries || seen.has(value)) continue;
    seen.add(value);
    if (holdsTensors(entries)) return path.join(".");
    for (const [key, inner] of entries) {
      if (typeof key === "string" && path.length < DEEPEST) {
        queue.push({ value: inner, path: [...path, key] });
      }
    }
  }
  return null;
}

/** The first whole object where weights might be. */
function wholeObject(root: PickleValue): string | null {
  if (root instanceof PickleObject) return root.path;
  const entries = dictOf(root);
  const values = entries ? WRAPPERS.map((key) => entries.get(key)) : [];
  return values.find((value) => value instanceof PickleObject)?.path ?? null;
}

/** The first object that stands where a tensor is wanted, such as one process's part of it. */
function objectForTensor(root: PickleValue): string | null {
  let entries = dictOf(root);
  for (let depth = 0; entries && depth < DEEPEST; depth++) {
    const inner: PickleDict = entries;
    for (const [name, value] of inner) {
      const isTensor = value instanceof PickleObject && /tensor/i.test(value.path);
      if (isTensor) return `${shown(name)} is ${described(value)}`;
    }
    entries = WRAPPERS.map((key) => dictOf(inner.get(key))).find((dict) => dict !== null) ?? null;
  }
  return null;
}

/**
 * The weights of a file.
 *
 * @param root what it holds
 * @returns the dictionary of tensors and what is to be said about the choice
 * @throws what `refuse` throws, for a file without one
 */
export function stateDict(
  root: PickleValue,
  refuse: (why: string) => never,
): StateDict & { readonly notes: readonly string[] } {
  const [first, ...others] = candidates(root);
  if (!first) {
    const whole = wholeObject(root);
    if (whole) refuse(`it holds a whole object ${quoted(whole)}, wanted the tensors of its state_dict()`);
    const object = objectForTensor(root);
    if (object) {
      refuse(
        `${object}, wanted whole tensors: save its full_tensor(), or all processes' as a distributed checkpoint`,
      );
    }
    const place = tensorsElsewhere(root);
    const wanted =
      "wanted a dictionary of tensors at app.model, model, state_dict, model_state_dict or the root";
    return refuse(
      place === null ? `it holds no weights: ${wanted}` : `its tensors lie at ${quoted(place)}, ${wanted}`,
    );
  }
  // As released, and the plainest there is: nothing to be said.
  const usual = first.path === "app.model" || first.path === "";
  const left = others.filter(({ path }) => path !== "" && path !== "app").map(({ path }) => quoted(path));
  return {
    ...first,
    notes: [
      ...(usual ? [] : [`the weights are those at ${quoted(first.path)}`]),
      ...(left.length > 0 ? [`other tensors at ${left.join(", ")} are left out`] : []),
    ],
  };
}
