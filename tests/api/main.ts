// Writes the public surface to tests/fixtures/api.txt (`deno task api`). A surface that changed is only written when
// CHANGELOG.md has changed as well since it was last written: the first line of the file keeps its digest.

import { createHash } from "node:crypto";
import { inRepository } from "../shared.ts";
import { describeApi } from "./describe.ts";

/** Where the surface is kept. */
export const API = inRepository("tests/fixtures/api.txt");

const ROOT = inRepository(".");

/** The surface as it is. */
export async function currentApi(): Promise<string> {
  const { exports } = JSON.parse(await Deno.readTextFile(inRepository("deno.json")));
  return await describeApi(exports, ROOT);
}

/** A kept surface: the digest of the changelog it was written with, and its text. */
export function parseApi(file: string): { changelog: string; text: string } {
  const [first = "", ...rest] = file.split("\n");
  return { changelog: /changelog (\w+)/.exec(first)?.[1] ?? "", text: rest.join("\n") };
}

/**
 * The file to keep, or null where nothing changed.
 *
 * @throws Error when the surface changed and the changelog did not
 */
export function nextApi(kept: string, text: string, changelog: string): string | null {
  const before = parseApi(kept);
  if (before.text === text) return null;
  const digest = createHash("sha256").update(changelog).digest("hex").slice(0, 16);
  if (before.changelog === digest) {
    throw new Error(
      "The public surface changed and CHANGELOG.md did not: say there what changed for users, then run deno task api",
    );
  }
  return `# Written by deno task api with changelog ${digest}\n${text}`;
}

if (import.meta.main) {
  const kept = await Deno.readTextFile(API).catch(() => "");
  const changelog = await Deno.readTextFile(inRepository("CHANGELOG.md"));
  const next = nextApi(kept, await currentApi(), changelog);
  if (next !== null) await Deno.writeTextFile(API, next);
  console.log(next === null ? "The public surface is as it was" : `Wrote ${API}`);
}
