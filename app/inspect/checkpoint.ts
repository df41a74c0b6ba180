// What is in a checkpoint: tensors, the network that they are, what its files say about training; on request, whether
// every number is finite.

import { type Checkpoint, openCheckpoint, type StoredTensor } from "walrus/io";
import { openModel } from "walrus/models";
import type { Context } from "../cli.ts";
import { mendOf } from "./mends.ts";
import { countOf, describeNetwork, trainingData } from "./network.ts";
import type { CheckpointReport, Finding, NetworkReport } from "./report.ts";

/** Numbers of a tensor that are read at once. */
const RUN = 1 << 22;

/** What is asked of a checkpoint. */
export interface CheckpointOptions {
  /** Its configuration; undefined: it lies beside. */
  readonly config: string | undefined;
  /** Whether its numbers are read. */
  readonly check: boolean;
}

/** The network of a checkpoint, or why there is none. */
async function networkOf(
  input: string,
  config: string | undefined,
  { registry }: Pick<Context, "registry">,
): Promise<{ readonly network: NetworkReport | null; readonly refused: string | null }> {
  try {
    const model = await openModel(
      { checkpoint: input, ...(config === undefined ? {} : { config }) },
      registry,
    );
    return { network: describeNetwork(model, await trainingData(input, model, registry)), refused: null };
  } catch (error) {
    const known = error instanceof SyntaxError || error instanceof RangeError || error instanceof TypeError;
    if (!known) throw error;
    return { network: null, refused: error.message };
  }
}

/** How many numbers of a tensor are not finite. */
async function countBad(tensor: StoredTensor, signal: AbortSignal): Promise<number> {
  const count = countOf(tensor.shape);
  let bad = 0;
  // What does not lie in order is read whole in any case.
  const run = tensor.contiguous ? RUN : Math.max(1, count);
  for (let from = 0; from < count; from += run) {
    signal.throwIfAborted();
    for (const value of await tensor.read(from, Math.min(count, from + run))) {
      if (!Number.isFinite(value)) bad++;
    }
  }
  return bad;
}

async function checkTensors({ tensors }: Checkpoint, signal: AbortSignal): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const [name, tensor] of tensors) {
    try {
      const bad = await countBad(tensor, signal);
      if (bad === 0) continue;
      const what = `tensor ${name} has ${bad} of ${countOf(tensor.shape)} numbers that are not finite`;
      found.push({ level: "fault", file: null, what, mend: "take an earlier checkpoint: training diverged" });
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof RangeError || error instanceof TypeError)) {
        throw error;
      }
      found.push({ level: "fatal", file: null, what: error.message, mend: mendOf(error.message) });
    }
  }
  return found;
}

/**
 * What is in a checkpoint.
 *
 * @param input path or URL
 * @param options configuration, check
 * @param context around the command
 * @throws SyntaxError for what is no checkpoint, or a broken one
 */
export async function describeCheckpoint(
  input: string,
  { config, check }: CheckpointOptions,
  context: Pick<Context, "registry" | "signal">,
): Promise<CheckpointReport> {
  using opened = await openCheckpoint(input);
  const { network, refused } = await networkOf(input, config, context);
  const findings = check ? await checkTensors(opened, context.signal) : null;
  if (findings && refused !== null) {
    findings.unshift({ level: "fault", file: null, what: `no network: ${refused}`, mend: mendOf(refused) });
  }
  return {
    kind: "checkpoint",
    name: input,
    format: opened.format,
    notes: opened.notes,
    unread: Object.fromEntries(opened.unread),
    tensors: [...opened.tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
    metadata: Object.fromEntries(opened.metadata),
    network,
    refused,
    findings,
  };
}
