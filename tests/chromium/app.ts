// The app in headless Chromium, for the tests of this folder: built once, opened as a user would, every error kept.

import assert from "node:assert/strict";
import axe from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { type AppFiles, buildApp } from "../../app/web/build.ts";
import { serveApp } from "../../app/web/serve.ts";
import { writeNpz } from "../../lib/io/npy_writer.ts";
import { CHROMIUM, FLAGS } from "./browser.ts";

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
  /** Done to the context before the page is opened. */
  prepare?(context: BrowserContext): Promise<void>;
}

/** An open app. */
export interface OpenApp {
  readonly page: Page;
  readonly browser: Browser;
  /** Of the server, with a slash at its end. */
  readonly url: string;
  /** What went wrong so far: uncaught errors and what the console calls one. */
  readonly errors: readonly string[];
}

/**
 * Opens the app, uses it, and ends the browser. Whatever the console calls an error fails the test.
 *
 * @param use is given the page
 * @param options of the page and its server
 */
export async function withApp<T>(use: (app: OpenApp) => Promise<T>, options: AppOptions = {}): Promise<T> {
  const { query = "", width = 1440, height = 900, theme = "light", reducedMotion = false, isolated = true } =
    options;
  await using server = await serveApp(0, { isolated, files: options.files ?? await appFiles() });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  try {
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: theme,
      reducedMotion: reducedMotion ? "reduce" : "no-preference",
    });
    await options.prepare?.(context);
    const page = await context.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await page.goto(url + query);
    const result = await use({ page, browser, url, errors });
    assert.deepEqual(errors, []);
    return result;
  } finally {
    await browser.close();
  }
}

/** Waits until the words of the forecast match. */
export async function untilRun(page: Page, words: RegExp, timeout = 120_000): Promise<string> {
  const found = page.locator(".go .run-words, .go .note p").filter({ hasText: words }).first();
  await found.waitFor({ timeout });
  return await found.textContent() ?? "";
}

/** A file as a page is given it. */
export interface PageFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Drops files onto the page. */
export async function dropFiles(page: Page, files: readonly PageFile[]): Promise<void> {
  const list = files.map(({ name, bytes }) => ({ name, text: bytes.toBase64() }));
  const transfer = await page.evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    for (const { name, text } of ${JSON.stringify(list)}) {
      transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
    }
    return transfer;
  })()`);
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
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

/** What is wrong for people with other senses; empty where nothing is. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(`axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => id + ": " + html.slice(0, 200) + " " + failureSummary)))`);
  return found as string[];
}

/** Pixels by which the page is wider than its window. */
export async function sideways(page: Page): Promise<number> {
  return await page.evaluate("document.documentElement.scrollWidth - innerWidth") as number;
}
