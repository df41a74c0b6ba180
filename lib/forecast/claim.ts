// Which family a checkpoint's tensors are of, and under which names: as the file has them where a family knows those,
// else without what wrappers put before them.

import type { Checkpoint } from "../io/checkpoint.ts";
import type { ModelEntry } from "../models/model.ts";
import { type Claimed, claiming } from "./claiming.ts";

/**
 * The family of a checkpoint.
 *
 * @param checkpoint as opened
 * @param registry families to choose among
 * @throws TypeError for tensors of no known family, naming the prefix without which they would be
 */
export async function claimedBy(checkpoint: Checkpoint, registry: readonly ModelEntry[]): Promise<Claimed> {
  const stored = checkpoint.stored ?? checkpoint;
  for (const named of [stored, checkpoint]) {
    const entry = claiming(named.tensors.keys(), registry);
    if (entry) return { entry, named };
  }
  const { claimedWithoutWrappers } = await import("./claim_wrapped.ts");
  return claimedWithoutWrappers(checkpoint, stored, registry);
}
