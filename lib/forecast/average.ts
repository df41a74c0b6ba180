// Steps that are the mean of several draws.

import type { Sample } from "../data/dataset.ts";
import type { FrameValues } from "./frame.ts";
import type { RolloutSession } from "./rollout_session.ts";

/** Draws that a step may be the mean of: their streams have 32 bits. */
const MOST_DRAWS = 256;

/** What of a rollout's options decides whether its steps may be averaged. */
interface AverageOptions {
  readonly average?: number;
  readonly kvCache?: boolean;
  readonly stepInputs?: unknown;
}

/** A step from the newest frames. */
type Step = (index: number, window: () => Sample) => Promise<readonly FrameValues[]>;

/** Mean of several predictions of the same frames, summed in double precision. */
function meanFrames(predictions: readonly (readonly FrameValues[])[]): FrameValues[] {
  return predictions[0]!.map((fields, frame) =>
    fields.map((values, field) => {
      const own = predictions.map((prediction) => prediction[frame]![field]!);
      return values.map((_, i) => own.reduce((sum, numbers) => sum + numbers[i]!, 0) / own.length);
    })
  );
}

/**
 * Steps of a rollout, each the mean of several draws from the same frames; the next step goes on from their mean.
 *
 * @param session of the rollout
 * @param options how many draws
 * @throws RangeError for too few or too many, or draws that share a cache or inputs
 */
export function averageOf(session: RolloutSession, options: AverageOptions): Step {
  const { average = 1, kvCache, stepInputs } = options;
  if (!Number.isInteger(average) || average < 1 || average > MOST_DRAWS) {
    throw new RangeError(`Draws of a step are ${average}, wanted an integer from 1 to ${MOST_DRAWS}`);
  }
  if (kvCache) throw new RangeError(`Cannot average ${average} draws with a KV cache: it is of one draw`);
  if (stepInputs) throw new RangeError(`Cannot average ${average} draws of a step whose inputs are given`);
  return async (index, window) => {
    const newest = window();
    const drawn: (readonly FrameValues[])[] = [];
    for (let draw = 0; draw < average; draw++) {
      drawn.push(await session.step(index, () => newest, draw));
      // What the run has on its device is this draw's frame.
      session.restart();
    }
    return meanFrames(drawn);
  };
}
