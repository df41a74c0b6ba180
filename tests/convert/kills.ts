// Conversions that are killed at random moments: what is visible afterwards is whole, and what goes on from there ends as
// one that was never disturbed, byte for byte.

import assert from "node:assert/strict";
import { taskProcess } from "../app/run_command.ts";

/** What was seen. */
export interface KillRecord {
  readonly to: string;
  /** Milliseconds of a conversion that nobody disturbs. */
  readonly undisturbed: number;
  /** Of each kill: when it came, whole files that were visible, and whether the conversion had begun to write. */
  readonly kills: readonly { readonly after: number; readonly visible: number; readonly begun: boolean }[];
  /** Conversions that ended, and equal the undisturbed one. */
  readonly conversions: number;
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

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
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
  const seen: { after: number; visible: number; begun: boolean }[] = [];
  let conversions = 0;
  for (let run = 0; seen.length < kills || conversions < run; run++) {
    const out = `${folder}/killed_${run}`;
    while (true) {
      const child = start(out).spawn();
      const ended = child.output();
      const after = Math.round(undisturbed * (0.15 + 0.8 * random()));
      const timer = seen.length < kills ? setTimeout(() => child.kill("SIGKILL"), after) : undefined;
      const { success, signal, stderr } = await ended;
      clearTimeout(timer);
      const visible = await visibleFiles(out);
      assert.deepEqual(differing(visible, whole), [], `after ${after} ms`);
      if (success) break;
      assert.equal(signal, "SIGKILL", new TextDecoder().decode(stderr));
      const name = [...Deno.readDirSync(`${folder}/whole`)][0]!.name;
      seen.push({ after, visible: visible.size, begun: await isThere(`${out}/${name}/.convert`) });
    }
    const end = await visibleFiles(out);
    assert.deepEqual([...end.keys()].sort(), [...whole.keys()].sort());
    conversions++;
    // Nothing hidden is left either.
    const [{ name }] = [...Deno.readDirSync(out)] as [Deno.DirEntry];
    assert.deepEqual([...Deno.readDirSync(`${out}/${name}`)].filter(({ name }) => name.startsWith(".")), []);
    await Deno.remove(out, { recursive: true });
    if (seen.length >= kills) break;
  }
  await Deno.remove(`${folder}/whole`, { recursive: true });
  return { to, undisturbed, kills: seen, conversions };
}
