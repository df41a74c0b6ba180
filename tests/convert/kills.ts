// Conversions that are killed at random moments: what is visible afterwards is whole, and what goes on from there ends as
// one that was never disturbed, byte for byte.

import assert from "node:assert/strict";
import { taskProcess } from "../app/run_command.ts";

/** What was seen. */
export interface KillRecord {
  readonly to: string;
  /** Milliseconds of a conversion that nobody disturbs. */
  readonly undisturbed: number;
  /** Of each kill: when it came, whole files that were visible, files that the conversion had noted as finished. */
  readonly kills: readonly Kill[];
  /** Conversions that ended, and equal the undisturbed one. */
  readonly conversions: number;
}

/** A kill. */
interface Kill {
  readonly after: number;
  readonly visible: number;
  /** Null before the conversion had begun, or once it was done. */
  readonly finished: number | null;
}

/** Files of a folder by name; hidden ones are left out, as who lists a folder leaves them out. */
export async function visibleFiles(folder: string, prefix = ""): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
  for (const { name, isDirectory } of entries) {
    if (name.startsWith(".")) continue;
    if (isDirectory) {
      for (const [inner, bytes] of await visibleFiles(`${folder}/${name}`, `${prefix}${name}/`)) {
        found.set(inner, bytes);
      }
    } else found.set(prefix + name, await Deno.readFile(`${folder}/${name}`));
  }
  return found;
}

/** Files that are not as they should be. */
function differing(found: ReadonlyMap<string, Uint8Array>, whole: ReadonlyMap<string, Uint8Array>): string[] {
  const same = (a: Uint8Array, b: Uint8Array | undefined) =>
    a.length === b?.length && a.every((byte, i) => byte === b[i]);
  return [...found].filter(([name, bytes]) => !same(bytes, whole.get(name))).map(([name]) => name);
}

/** Files that a conversion under way has noted. */
async function finishedOf(folder: string): Promise<number | null> {
  const text = await Deno.readTextFile(`${folder}/.convert/manifest.json`).catch(() => null);
  return text === null ? null : JSON.parse(text).pieces.length;
}

/**
 * Kills conversions until there were enough kills.
 *
 * @param input data
 * @param folder to work in
 * @param to what is written
 * @param kills how many
 * @param random a number from 0 to 1
 * @param options further words of the command; whether time is taken of a second run, which finds modules loaded
 */
export async function killConversions(
  input: string,
  folder: string,
  to: string,
  kills: number,
  random: () => number,
  { more = [], warm = true }: { readonly more?: readonly string[]; readonly warm?: boolean } = {},
): Promise<KillRecord> {
  const start = (out: string) => taskProcess("convert", input, "--out", out, "--to", to, ...more);
  let undisturbed = 0;
  for (let run = warm ? 0 : 1; run < 2; run++) {
    await Deno.remove(`${folder}/whole`, { recursive: true }).catch(() => {});
    const began = performance.now();
    const { code, stderr } = await start(`${folder}/whole`).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    undisturbed = Math.round(performance.now() - began);
  }
  const whole = await visibleFiles(`${folder}/whole`);
  assert.ok(whole.size > 3);
  const [{ name }] = [...Deno.readDirSync(`${folder}/whole`)] as [Deno.DirEntry];
  const seen: Kill[] = [];
  let conversions = 0;
  while (seen.length < kills) {
    const out = `${folder}/killed_${conversions}`;
    let killedBefore = false;
    // Most are killed once, some again while they go on.
    for (let more = 1;; more = random() < 0.3 ? 1 : 0) {
      const child = start(out).spawn();
      const ended = child.output();
      const [after, started] = [Math.round(undisturbed * (0.15 + 0.8 * random())), performance.now()];
      const timer = more > 0 && seen.length < kills
        ? setTimeout(() => child.kill("SIGKILL"), after)
        : undefined;
      const { success, signal, stderr } = await ended;
      clearTimeout(timer);
      const visible = await visibleFiles(out);
      assert.deepEqual(differing(visible, whole), [], `after ${after} ms`);
      if (success) {
        // On a machine that others use the first one may have taken long: kills would come too late ever after.
        if (!killedBefore) undisturbed = Math.min(undisturbed, Math.round(performance.now() - started));
        break;
      }
      killedBefore = true;
      assert.equal(signal, "SIGKILL", new TextDecoder().decode(stderr));
      seen.push({ after, visible: visible.size, finished: await finishedOf(`${out}/${name}`) });
    }
    const end = await visibleFiles(out);
    assert.deepEqual([...end.keys()].sort(), [...whole.keys()].sort());
    conversions++;
    // Nothing hidden is left either.
    const hidden = [...Deno.readDirSync(`${out}/${name}`)].filter((entry) => entry.name.startsWith("."));
    assert.deepEqual(hidden, []);
    await Deno.remove(out, { recursive: true });
  }
  await Deno.remove(`${folder}/whole`, { recursive: true });
  return { to, undisturbed, kills: seen, conversions };
}
