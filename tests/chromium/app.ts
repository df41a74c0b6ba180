// The app in headless Chromium, for the tests of this folder: built once, opened as a user would, every error kept.

import assert from "node:assert/strict";
import axe from "axe-core";
import type { BrowserContext, CDPSession, Page } from "playwright-core";
import { type AppFiles, buildApp } from "../../app/web/build.ts";
import { serveApp } from "../../app/web/serve.ts";
import { writeNpz } from "../../lib/io/npy_writer.ts";
import { sharedBrowser } from "./browser.ts";

let built: Promise<AppFiles> | null = null;

/** The app's files; built once a process. */
export function appFiles(): Promise<AppFiles> {
  return built ??= buildApp();
}

/** How the app is opened. */
export interface AppOptions {
  /** Of the address. */
  readonly query?: string;
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
  readonly reducedMotion?: boolean;
  /** Whether the server sends what threads need. */
  readonly isolated?: boolean;
  readonly files?: AppFiles;
  /** Whether the page is opened, as it is unless told otherwise; else the test does it. */
  readonly opens?: boolean;
  /** Flags of a browser that this test does not share with those that have others. */
  readonly flags?: readonly string[];
  /** Done to the context before the page is opened. */
  prepare?(context: BrowserContext): Promise<void>;
}

/** Milliseconds that a machine with other work may take for anything that is waited for. */
export const PATIENCE = 180_000;

/** `WALRUS_SLOW=4`: the page's thread is this many times slower, to see what leans on a fast machine. */
const SLOWER = Number(Deno.env.get("WALRUS_SLOW") ?? 1);

/** An open app. */
export interface OpenApp {
  readonly page: Page;
  /** Talks to the page in Chromium's own protocol. With it a page that is loaded anew forgets that it is offline. */
  devtools(): Promise<CDPSession>;
  /** Of the server, with a slash at its end. */
  readonly url: string;
  /** What went wrong so far: uncaught errors and what the console calls one. */
  readonly errors: readonly string[];
}

/**
 * Opens the app, uses it, and closes it. Whatever the console calls an error fails the test.
 *
 * @param use is given the page
 * @param options of the page and its server
 */
export async function withApp<T>(use: (app: OpenApp) => Promise<T>, options: AppOptions = {}): Promise<T> {
  const { query = "", width = 1440, height = 900, theme = "light", reducedMotion = false, isolated = true } =
    options;
  await using server = await serveApp(0, { isolated, files: options.files ?? await appFiles() });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const browser = await sharedBrowser(options.flags);
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: reducedMotion ? "reduce" : "no-preference",
  });
  try {
    context.setDefaultTimeout(PATIENCE);
    await options.prepare?.(context);
    const page = await context.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    const devtools = () => context.newCDPSession(page);
    if (SLOWER !== 1) await (await devtools()).send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
    if (options.opens ?? true) await page.goto(url + query);
    const result = await use({ page, devtools, url, errors });
    assert.deepEqual(errors, []);
    return result;
  } finally {
    await context.close();
  }
}

/** Of an app in which no forecast begins by itself: it is told that data are to be saved. */
export const QUIET = {
  prepare: (context: BrowserContext) =>
    context.addInitScript(
      `Object.defineProperty(navigator, "connection", { value: { saveData: true } })`,
    ).then(() => {}),
};

/** Begins to forecast what was dropped, once it is understood. */
export async function forecastOf(page: Page, understood: string): Promise<void> {
  await page.locator(".understood", { hasText: understood }).waitFor();
  await page.locator(".begin:enabled", { hasText: /^Forecast/ }).click();
}

/** Waits until the words of the forecast match. */
export async function untilRun(page: Page, words: RegExp, timeout = PATIENCE): Promise<string> {
  const found = page.locator(".go .run-words, .go .note p").filter({ hasText: words }).first();
  await found.waitFor({ timeout });
  return await found.textContent() ?? "";
}

/** A file as a page is given it. */
export interface PageFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Hands files to the page; gives what drops them onto it. */
export async function heldFiles(page: Page, files: readonly PageFile[]): Promise<() => Promise<void>> {
  const list = files.map(({ name, bytes }) => ({ name, text: bytes.toBase64() }));
  const transfer = await page.evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    for (const { name, text } of ${JSON.stringify(list)}) {
      transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
    }
    return transfer;
  })()`);
  return () => page.dispatchEvent("body", "drop", { dataTransfer: transfer });
}

/** Drops files onto the page. */
export async function dropFiles(page: Page, files: readonly PageFile[]): Promise<void> {
  await (await heldFiles(page, files))();
}

/** What made-up data are like. */
export interface MadeUp {
  readonly fields: readonly string[];
  readonly shape?: readonly number[];
  readonly frames?: number;
  /** What holds at both sides of the last axis; periodic unless given, as at the others. */
  readonly boundary?: string;
}

/** Data as arrays with their description: waves that move. */
export function arrayFiles(
  { fields, shape = [32, 32], frames = 10, boundary = "periodic" }: MadeUp,
): PageFile[] {
  const points = shape.reduce((n, size) => n * size, 1);
  const arrays = fields.map((name, f) => {
    const data = Float32Array.from({ length: frames * points }, (_, i) => {
      const [t, p] = [Math.floor(i / points), i % points];
      return 2 + f + Math.sin(0.4 * t + 0.2 * (p % shape.at(-1)!) + 0.1 * Math.floor(p / shape.at(-1)!));
    });
    return [name, { shape: [1, frames, ...shape], data }] as const;
  });
  const axes = ["x", "y", "z"].slice(0, shape.length);
  const text = `name: made_up
grid: { axes: [${axes.join(", ")}], spacing: 0.1 }
boundaries: { ${axes.map((axis) => `${axis}: ${axis === axes.at(-1) ? boundary : "periodic"}`).join(", ")} }
time: 0.5
fields: { ${fields.map((name) => `${name}: frames.npz`).join(", ")} }
`;
  return [
    { name: "arrays.yaml", bytes: new TextEncoder().encode(text) },
    { name: "frames.npz", bytes: writeNpz(Object.fromEntries(arrays)) },
  ];
}

/** Waits until the page has been painted as its state is now, and no colour is on its way to another. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    do {
      await painted();
      await painted();
      await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
    } while (document.getAnimations().length > 0);
  })()`);
}

/** What is wrong for people with other senses, once the page is settled; empty where nothing is. */
export async function axeFindings(page: Page): Promise<string[]> {
  await settled(page);
  if (!await page.evaluate("globalThis.axe !== undefined")) await page.evaluate(axe.source);
  const found = await page.evaluate(`axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    resultTypes: ["violations"],
  }).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => id + ": " + html.slice(0, 200) + " " + failureSummary)))`);
  return found as string[];
}

/**
 * What elements say at each step, once the viewer shows it.
 *
 * @returns texts by step, then by element
 */
export async function shownSteps(
  page: Page,
  from: number,
  to: number,
  selector: string,
): Promise<readonly (readonly string[])[]> {
  const texts = [];
  for (let step = from; step <= to; step++) {
    await page.evaluate(`walrusApp.store.update(({ view }) =>
      ({ view: { ...view, step: ${step}, follow: false, playing: false } }))`);
    await page.waitForFunction(
      `document.querySelector(".player-short").textContent.startsWith("${step}/")`,
    );
    texts.push(await page.locator(selector).allTextContents());
  }
  return texts;
}

/** Pixels by which the page is wider than its window. */
export async function sideways(page: Page): Promise<number> {
  return await page.evaluate("document.documentElement.scrollWidth - innerWidth") as number;
}
