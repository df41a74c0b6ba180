// Boundaries of a kind that the library does not know: found in its refusal, asked about, said. Pure.

import type { Boundary } from "walrus/data";
import { type Action, type Message, say } from "../message.ts";

/** What kinds of boundary are taken for, by the name that the data give them. */
export type Boundaries = Readonly<Record<string, Boundary>>;

/** What a boundary may be taken for. */
export const KINDS: readonly Boundary[] = ["wall", "open", "periodic"];

/** A boundary that was refused. */
export interface UnknownBoundary {
  /** Axis that it is on, or several with commas. */
  readonly axes: string;
  readonly kind: string;
}

/** Name of a kind that can be asked about, and kept in a link. */
export const KIND = /^[\w .-]{1,40}$/;

/** How formats name the axes, and the kind or two of them, in their refusals. */
const REFUSALS: readonly RegExp[] = [
  /has bc_type (?<kinds>"[^"]*") on (?<axes>[^;]+), wanted WALL/,
  /boundaries\.(?<axes>[\w-]+) is (?<kinds>"[^"]*"|\["[^\]]*"\]), wanted wall/,
];

/** The boundary that data were refused for; null: for something else. */
export function unknownBoundary(reason: string): UnknownBoundary | null {
  for (const pattern of REFUSALS) {
    const { axes, kinds } = pattern.exec(reason)?.groups ?? {};
    if (!axes || !kinds) continue;
    const names = [...kinds.matchAll(/"([^"]*)"/g)].map(([, name]) => name!);
    const kind = names.find((name) => !KINDS.some((known) => known === name.toLowerCase()));
    if (kind !== undefined && KIND.test(kind)) return { axes, kind };
  }
  return null;
}

/** Asks what a boundary is to be taken for. */
export function boundaryQuestion(
  { axes, kind }: UnknownBoundary,
  take: (boundary: Boundary) => void,
): Message {
  const on = axes.includes(",") ? `Axes ${axes}` : `Axis ${axes}`;
  const ways = KINDS.map((own): Action => ({ label: capital(own), run: () => take(own) }));
  return say("bad", `${on}: boundary "${kind}" is not known. Treat as`, ways);
}

/** What is taken for what; null where nothing is. */
export function boundaryWords(taken: Boundaries): string | null {
  const parts = Object.entries(taken).map(([kind, boundary]) => `"${kind}" is treated as ${boundary}`);
  return parts.length === 0 ? null : `Boundary ${parts.join(", ")}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
