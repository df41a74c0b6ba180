// The examples work as a reader would run them: no rights, public names only.

import assert from "node:assert/strict";
import { inRepository } from "./shared.ts";

const OWN_NETWORK = inRepository("examples/own_network.ts");

Deno.test("own_network.ts trains an attention network without any permission, and its loss falls", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", OWN_NETWORK],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const losses = [...new TextDecoder().decode(stdout).matchAll(/loss (\S+)/g)].map(([, loss]) =>
    Number(loss)
  );
  assert.equal(losses.length, 7);
  // Keeping the last point would give about 0.5, not knowing the speed of first points costs 0.005.
  assert.ok(losses[0]! > 0.3, `starts at ${losses[0]}`);
  assert.ok(losses.at(-1)! < 0.02, `ends at ${losses.at(-1)}`);
});

Deno.test("own_network.ts imports public names alone", async () => {
  const text = await Deno.readTextFile(OWN_NETWORK);
  const imports = [...text.matchAll(/from "([^"]+)"/g)].map(([, name]) => name!);
  assert.ok(imports.length >= 4);
  for (const name of imports) assert.match(name, /^(?:walrus(?:\/|$)|node:assert)/);
});
