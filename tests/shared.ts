// Where the tests find what they compare with: fixtures of the repository always, the complete folders where they
// stand beside the checkout.

import { fileURLToPath } from "node:url";

/** A path in tests/fixtures. */
export function fixture(path: string): string {
  return fileURLToPath(new URL(`fixtures/${path}`, import.meta.url));
}

/** A path in the repository. */
export function inRepository(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/** A path in ../shared beside the checkout, or null when it is not there. */
export function shared(path: string): string | null {
  const full = fileURLToPath(new URL(`../../shared/${path}`, import.meta.url));
  try {
    Deno.statSync(full);
    return full;
  } catch {
    return null;
  }
}

/**
 * Registers a test on a folder of ../shared; without the folder the test is reported as ignored.
 *
 * @param name what the test says
 * @param path in ../shared
 * @param run given the full path
 */
export function sharedTest(name: string, path: string, run: (full: string) => Promise<void> | void): void {
  const full = shared(path);
  Deno.test({ name, ignore: full === null, fn: () => run(full!) });
}
