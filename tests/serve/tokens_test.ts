// Who asks.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { tokenFinder } from "../../lib/serve/tokens.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const tokens = ["one", "two"].map((name) => ({ name, sha256: sha256(`secret ${name}`.replace(" ", "-")) }));

Deno.test("a token is found by its digest alone", async () => {
  const who = tokenFinder(tokens);
  assert.equal((await who("Bearer secret-two"))?.name, "two");
  assert.equal((await who("bearer secret-one"))?.name, "one");
  for (
    const wrong of [
      "Bearer secret-three",
      `Bearer ${tokens[0]!.sha256}`,
      "Basic secret-one",
      "Bearer",
      "",
      null,
    ]
  ) {
    await assert.rejects(who(wrong), { name: "Refusal", reason: "unauthorized" }, String(wrong));
  }
});

Deno.test("a token is never in what a refusal says", async () => {
  const error = await tokenFinder(tokens)("Bearer hunter2").catch((error) => error);
  assert.doesNotMatch(error.message, /hunter2|secret/);
});

Deno.test("tokens compare the same where the runtime has no timingSafeEqual", async () => {
  const { process } = globalThis as { process?: { getBuiltinModule?: unknown } };
  const kept = process!.getBuiltinModule;
  process!.getBuiltinModule = () => undefined;
  try {
    const who = tokenFinder(tokens);
    assert.equal((await who("Bearer secret-two"))?.name, "two");
    await assert.rejects(who("Bearer secret-twp"), { reason: "unauthorized" });
  } finally {
    process!.getBuiltinModule = kept;
  }
});

Deno.test("digests that are none and names that occur twice are refused", () => {
  assert.throws(() => tokenFinder([{ name: "a", sha256: "secret" }]), /"a" has a sha256 of 6 characters/);
  assert.throws(() => tokenFinder([tokens[0]!, tokens[0]!]), /Two tokens are named "one"/);
});

Deno.test("without tokens everybody may ask", async () => {
  assert.equal(await tokenFinder([])(null), null);
});
