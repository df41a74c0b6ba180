// Mean and spread of a frame's visible cells.

/** See the head of the file. */
export interface Moments {
  readonly mean: number;
  readonly deviation: number;
}

const known = new WeakMap<Float32Array, Moments>();

/** Moments of a frame; each frame is looked through once. */
export function momentsOf(numbers: Float32Array, hidden: Uint8Array | null): Moments {
  const before = known.get(numbers);
  if (before) return before;
  let [sum, squares, count] = [0, 0, 0];
  for (let i = 0; i < numbers.length; i++) {
    if (hidden?.[i]) continue;
    sum += numbers[i]!;
    squares += numbers[i]! * numbers[i]!;
    count++;
  }
  const mean = sum / count;
  const moments = { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)) };
  known.set(numbers, moments);
  return moments;
}
