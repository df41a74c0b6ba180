// What the app tells in states that are rare, or too short to be looked at: put into its store, as whoever does the work
// would.

import type { Page } from "playwright-core";

interface Told {
  readonly level: "info" | "warn" | "bad";
  readonly text: string;
  readonly actions: readonly string[];
}

/** A message with buttons that do nothing. */
function message({ level, text, actions }: Told): string {
  const buttons = actions.map((label) => `{ label: ${JSON.stringify(label)}, run() {} }`);
  return `{ level: "${level}", text: ${JSON.stringify(text)}, actions: [${buttons.join(", ")}] }`;
}

const failed = (step: number, text: string, actions: readonly string[]) =>
  `run: { kind: "failed", step: ${step}, message: ${message({ level: "bad", text, actions })} }`;
const running = (note: string | null) =>
  `run: { kind: "running", step: 7, planned: 20, perStep: 0.2, note: ${JSON.stringify(note)} }`;
const asked = (text: string, ...actions: string[]) => message({ level: "info", text, actions });

/** Parts of the app's state by what they tell. */
export const TOLD_STATES: Readonly<Record<string, string>> = {
  "no data": `data: { kind: "empty" }, scene: null, input: null, use: null`,
  "data are read": `data: { kind: "loading", name: "flow.hdf5", done: 12e6, total: 94e6 }`,
  "foreign link": `data: { kind: "ask", message: ${
    asked("This link loads 94 MB from example.org.", "Load", "Not now")
  } }`,
  "large model": `model: { ...walrusApp.store.get().model, message: ${
    asked(
      "Walrus 1.3 B: 5.1 GB to load, 3.3 GB of memory. Kept on this device until removed.",
      "Load",
      "Small model",
    )
  } }`,
  "weights are loaded": `run: { kind: "loading", text: "Model 3.1 of 9.4 MB.", share: 0.33 }`,
  running: running(null),
  "device lost": running("The graphics device went away; steps 1 to 7 are safe. Rebuilding."),
  paused: `run: { kind: "paused", step: 7, planned: 20 }`,
  cancelled: `run: { kind: "cancelled", step: 7, planned: 20 }`,
  diverged: failed(13, "From step 14 density is not finite. Steps 1 to 13 are kept.", [
    "New seed",
    "Finetune",
  ]),
  "too little memory": failed(
    0,
    "Needs 5.7 GB (weights 5.1 GB, work 600 MB); this tab may use 4.29 GB.",
    ["8-bit weights", "Small model"],
  ),
  "offline, newer version": `offline: true, update: true`,
};

/** Shows a state, does something, and goes back. */
export async function whileTold(page: Page, name: string, use: () => Promise<void>): Promise<void> {
  const change = TOLD_STATES[name]!;
  await page.evaluate(`(() => {
    const { store } = walrusApp;
    globalThis.before = store.get();
    store.update({ ${change} });
  })()`);
  await use();
  await page.evaluate("walrusApp.store.update(globalThis.before)");
}
