// Fields as turbulence has them, made on the spot: waves of all lengths whose energy falls as k^-5/3, which move.

/** A wave: its direction and length, how fast it moves, where it begins, how high it is. */
interface Wave {
  readonly kx: number;
  readonly ky: number;
  readonly speed: number;
  readonly phase: number;
  readonly height: number;
}

/** A generator of numbers from 0 to 1 that is the same in every run. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = Math.imul(state, 1664525) + 1013904223 >>> 0) / 2 ** 32;
}

const WAVES = 48;

/** Frames of a trajectory: frame number in, one component out. */
export function turbulence(points: number, seed: number): (frame: number) => Float32Array {
  const random = numbers(seed);
  const waves = Array.from({ length: WAVES }, (): Wave => {
    const k = 2 ** (random() * Math.log2(points / 4));
    const angle = 2 * Math.PI * random();
    const [kx, ky] = [Math.round(k * Math.cos(angle)), Math.round(k * Math.sin(angle))];
    return {
      kx,
      ky,
      speed: random() - 0.5,
      phase: 2 * Math.PI * random(),
      height: Math.max(1, k) ** (-5 / 6),
    };
  });
  return (frame) => {
    const out = new Float32Array(points * points);
    for (const { kx, ky, speed, phase, height } of waves) {
      const step = 2 * Math.PI / points;
      for (let x = 0; x < points; x++) {
        // One turn a point instead of a sine.
        let [re, im] = [
          Math.cos(kx * x * step + phase + speed * frame),
          Math.sin(kx * x * step + phase + speed * frame),
        ];
        const [c, s] = [Math.cos(ky * step), Math.sin(ky * step)];
        for (let y = 0, i = x * points; y < points; y++, i++) {
          out[i]! += height * re;
          [re, im] = [re * c - im * s, re * s + im * c];
        }
      }
    }
    return out;
  };
}
