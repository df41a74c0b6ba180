// The protocols: what is forecast from where, and which steps are averaged. Data shorter than a protocol asks for are
// scored as far as they go, and what differs is said.

import type { DatasetWindow, Protocol, ProtocolName, StepWindow } from "./evaluation.ts";

/** What a protocol settles; the rest are options. */
export interface ProtocolRule {
  readonly description: string;
  /** First predicted frame of rollouts, from 0; null: right after the first input frames. */
  readonly from: number | null;
  /** Steps of rollouts; null: an option says. */
  readonly steps: number | null;
  /** Windows that are averaged; of `own` one of all steps. */
  readonly windows: readonly StepWindow[];
  /** Whether networks draw unless told otherwise. */
  readonly jitter: boolean;
}

function named(from: number, to: number): StepWindow {
  return { name: `T[${from}:${to}]`, from, to };
}

/** The protocols by name. */
export const PROTOCOLS: Readonly<Record<ProtocolName, ProtocolRule>> = {
  own: {
    description: "one step ahead from every n-th frame; rollouts from the first frames",
    from: null,
    steps: null,
    windows: [],
    jitter: false,
  },
  paper: {
    description:
      "as the paper: one step ahead from every frame; rollouts whose first predicted frame is 17 " +
      "(counted from 0), so that networks of any context predict the same frames",
    from: 17,
    steps: 60,
    windows: [named(1, 20), named(21, 60), named(1, 10), named(11, 30)],
    jitter: true,
  },
  well: {
    description:
      "as The Well's benchmark: one step ahead from every frame; rollouts from the first frames, " +
      "averaged over steps 6 to 12 and 13 to 30; the benchmark gives 4 input frames, here the network has its own number",
    from: null,
    steps: 30,
    windows: [{ name: "6:12", from: 6, to: 12 }, { name: "13:30", from: 13, to: 30 }],
    jitter: true,
  },
};

/** What options add to a protocol. */
export type ProtocolOptions = Omit<Protocol, "name" | "description" | "from" | "steps" | "windows"> & {
  /** Steps of rollouts, where the protocol leaves them open. */
  readonly rollout: number;
};

/**
 * A protocol with its options.
 *
 * @param name which
 * @param options what it leaves open
 */
export function protocolOf(name: ProtocolName, { rollout, ...options }: ProtocolOptions): Protocol {
  const { description, from, steps, windows } = PROTOCOLS[name];
  const own = rollout > 0 ? [named(1, rollout)] : [];
  return { name, description, from, steps: steps ?? rollout, windows: steps ? windows : own, ...options };
}

/** How a trajectory is cut. */
export interface Cut {
  /** First predicted frame, from 0. */
  readonly start: number;
  /** Steps that can be scored; 0: none. */
  readonly steps: number;
  /** Why `start` is not the protocol's. */
  readonly note: string | null;
}

/**
 * Where rollouts of a trajectory start and how far they go.
 *
 * @param frames of the trajectory
 * @param context input frames
 * @param protocol what is asked for
 */
export function cutOf(frames: number, context: number, { from, steps }: Protocol): Cut {
  const wanted = from ?? context;
  const possible = wanted >= context && wanted < frames;
  const start = possible ? wanted : context;
  const note = possible || steps === 0
    ? null
    : wanted < context
    ? `rollouts start at frame ${context}, not ${wanted}: the network has ${context} input frames`
    : `rollouts start at frame ${context}, not ${wanted}: there are trajectories of ${frames} frames`;
  return { start, steps: Math.max(0, Math.min(steps, frames - start)), note };
}

/**
 * A protocol's windows in data whose rollouts have some steps at the most.
 *
 * @param windows the protocol's
 * @param longest steps of the longest rollout
 * @returns those that are reached, and sentences about the others
 */
export function windowsIn(
  windows: readonly StepWindow[],
  longest: number,
): { readonly windows: DatasetWindow[]; readonly notes: string[] } {
  const found: DatasetWindow[] = [];
  const notes: string[] = [];
  for (const window of windows) {
    const { name, from, to } = window;
    const last = Math.min(to, longest);
    if (last < from) {
      notes.push(`${name} is left out: rollouts have ${longest} ${longest === 1 ? "step" : "steps"}`);
      continue;
    }
    const short = last < to;
    found.push({ ...window, last, label: short ? `${name} (here ${from}:${last})` : name });
    if (short) notes.push(`${name} is shortened to ${from}:${last}, the steps that the data have`);
  }
  return { windows: found, notes };
}

/** Steps at which spectra are taken: the first, the last of each window, the last of all. */
export function spectraSteps(windows: readonly { readonly to: number }[], longest: number): number[] {
  const all = [Math.min(1, longest), ...windows.map(({ to }) => Math.min(to, longest)), longest];
  return [...new Set(all)].filter((step) => step >= 1).sort((a, b) => a - b);
}

/**
 * First frames of a trajectory's windows.
 *
 * @param frames of the trajectory
 * @param context input frames; the one after them is predicted
 * @param every which of them
 */
export function windowStarts(frames: number, context: number, every: number): number[] {
  const count = Math.max(0, frames - context);
  return Array.from({ length: Math.ceil(count / every) }, (_, i) => i * every);
}
