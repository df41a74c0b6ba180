// The family of a checkpoint whose names no family knows as they are: without what wrappers put before them, or said to
// be none. Apart, since few need it.

import type { Checkpoint } from "../io/checkpoint.ts";
import { quoted } from "../io/quote.ts";
import { groupsOf, ofGroup } from "../io/wrappers.ts";
import type { ModelEntry } from "../models/model.ts";
import { findModel } from "../models/registry.ts";
import { type Claimed, claiming } from "./claiming.ts";

/** The prefix without which a family would know the names; null where there is none. */
function fittingPrefix(names: readonly string[], registry: readonly ModelEntry[]) {
  const prefixes = new Set<string>();
  // A few names tell: what is put before a network is put before all of it.
  for (const name of names.slice(0, 8)) {
    const parts = name.split(".");
    for (let i = 1; i < parts.length; i++) prefixes.add(`${parts.slice(0, i).join(".")}.`);
  }
  for (const prefix of prefixes) {
    const under = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    const entry = claiming(under, registry);
    if (entry) return { prefix, family: entry.family };
  }
  return null;
}

/**
 * The family of a checkpoint by names without wrappers.
 *
 * @param checkpoint as opened
 * @param stored the same with the names of the file
 * @param registry families to choose among
 * @throws TypeError for tensors of no known family, naming the prefix without which they would be
 */
export function claimedWithoutWrappers(
  checkpoint: Checkpoint,
  stored: Checkpoint,
  registry: readonly ModelEntry[],
): Claimed {
  for (const group of groupsOf(stored)) {
    const entry = claiming(group.names.keys(), registry);
    if (entry) return { entry, named: ofGroup(stored, group) };
  }
  const { name, tensors } = checkpoint;
  const fit = fittingPrefix([...tensors.keys()], registry);
  if (fit) {
    throw new TypeError(
      `Cannot tell which network "${name}" is: its tensors begin with ${
        quoted(fit.prefix)
      }, without which they ` +
        `would be those of a ${fit.family}: save them under their names in the network`,
    );
  }
  return { entry: findModel({ names: new Set(tensors.keys()), name }, registry), named: checkpoint };
}
