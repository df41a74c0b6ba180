// Who asks: bearer tokens, of which a service knows the SHA-256 alone.

import { builtin } from "../io/builtin.ts";
import type { Limits } from "./limits.ts";
import { Refusal } from "./refusal.ts";

/** Somebody who may ask. */
export interface Token {
  /** For logs and metrics, and whose requests share a place in the queue. */
  readonly name: string;
  /** SHA-256 of the token, in hexadecimal: `printf %s TOKEN | sha256sum`. */
  readonly sha256: string;
  /** Limits that differ from those of the service; not those that all tokens share: held, running, waiting, memory. */
  readonly limits?: Partial<Limits>;
}

/** The part of `node:crypto` that is used. */
interface NodeCrypto {
  timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
}

/** Whether two digests are equal, in a time that tells nothing of where they differ. */
function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  const crypto = builtin<NodeCrypto>("crypto");
  if (crypto?.timingSafeEqual) return crypto.timingSafeEqual(a, b);
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

function bytesOf({ name, sha256 }: Token): Uint8Array {
  if (!/^[0-9a-f]{64}$/i.test(sha256)) {
    throw new RangeError(
      `Token "${name}" has a sha256 of ${sha256.length} characters, wanted 64 hexadecimal digits`,
    );
  }
  return Uint8Array.from(sha256.match(/../g)!, (pair) => parseInt(pair, 16));
}

/**
 * Makes what finds the token of a request.
 *
 * @param tokens that are known; none: everybody may ask
 * @returns gives the token, null where none are wanted; throws a Refusal `unauthorized`
 * @throws RangeError for a digest that is none, or a name that occurs twice
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const sha256 = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"; // Of "secret".
 * const who = tokenFinder([{ name: "lab", sha256 }]);
 * assert.equal((await who("Bearer secret"))?.name, "lab");
 * await assert.rejects(who("Bearer other"), /not known/);
 * ```
 */
export function tokenFinder(
  tokens: readonly Token[],
): (authorization: string | null) => Promise<Token | null> {
  const known = tokens.map((token) => ({ token, digest: bytesOf(token) }));
  const twice = tokens.find(({ name }, i) => tokens.findIndex((other) => other.name === name) !== i);
  if (twice) throw new RangeError(`Two tokens are named "${twice.name}", wanted a name for each`);
  return async (authorization) => {
    if (known.length === 0) return null;
    const [, given] = /^Bearer +(\S+) *$/i.exec(authorization ?? "") ?? [];
    if (given === undefined) {
      throw new Refusal(
        "unauthorized",
        "The request has no token, wanted the header authorization: Bearer TOKEN",
      );
    }
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(given)));
    let found: Token | null = null;
    // All are compared: how long it takes tells nothing of which it was.
    for (const { token, digest: other } of known) if (areEqual(digest, other)) found = token;
    if (!found) throw new Refusal("unauthorized", "The token of the request is not known");
    return found;
  };
}
