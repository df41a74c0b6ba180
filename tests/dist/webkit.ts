// WebKit as Debian has it, WebKitGTK's MiniBrowser on a screen that nobody sees, by classic WebDriver: a page, what it
// leaves in `outcome`, and what its console would have shown, which this protocol does not tell and the page collects.

const DRIVER = "/usr/bin/WebKitWebDriver", SCREEN = "/usr/bin/Xvfb";
const BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";

/** Why tests in WebKit can not run; null where they can. */
export function webkitMissing(): string | null {
  for (const path of [DRIVER, SCREEN, BROWSER]) {
    try {
      Deno.statSync(path);
    } catch {
      return `${path} is not installed`;
    }
  }
  return null;
}

/** A port that is free now. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Tries until it succeeds or ten seconds are over. */
async function patiently<T>(task: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + 10_000;;) {
    try {
      return await task();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Starts a screen, which says its number. */
async function screen(): Promise<{ readonly process: Deno.ChildProcess; readonly name: string }> {
  const process = new Deno.Command(SCREEN, {
    args: ["-displayfd", "1", "-screen", "0", "800x600x24"],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = process.stdout.getReader();
  const { value } = await reader.read();
  return { process, name: `:${new TextDecoder().decode(value).trim()}` };
}

/**
 * Opens a page and waits until it has an outcome.
 *
 * @param url of the page
 */
export async function webkit<T>(
  url: string,
): Promise<{ readonly outcome: T; readonly errors: string[]; readonly warnings: string[] }> {
  const port = freePort();
  const { process, name } = await screen();
  const driver = new Deno.Command(DRIVER, {
    args: [`--port=${port}`],
    // Its sandbox takes rights that containers do not give.
    env: {
      DISPLAY: name,
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
      WEBKIT_DISABLE_COMPOSITING_MODE: "1",
    },
    stdout: "null",
    stderr: "null",
  }).spawn();
  const call = async <R>(method: string, path: string, body?: unknown): Promise<R> => {
    const init = { method, ...body === undefined ? {} : { body: JSON.stringify(body) } };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      ...init,
      signal: AbortSignal.timeout(60_000),
    });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`WebKit's driver: ${value.error}: ${value.message}`);
    return value as R;
  };
  try {
    const options = { binary: BROWSER, args: ["--automation"] };
    const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": options } };
    const { sessionId } = await patiently(() =>
      call<{ sessionId: string }>("POST", "/session", { capabilities })
    );
    const session = `/session/${sessionId}`;
    const read = <R>(script: string) => call<R>("POST", `${session}/execute/sync`, { script, args: [] });
    await call("POST", `${session}/url`, { url });
    let outcome: T | null = null;
    for (const end = Date.now() + 120_000; outcome === null && Date.now() < end;) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      outcome = await read<T | null>("return globalThis.outcome ?? null");
    }
    if (outcome === null) throw new Error("WebKit: the page has no outcome after two minutes");
    const said = await read<{ errors: string[]; warnings: string[] }>("return globalThis.said");
    await call("DELETE", session);
    return { outcome, ...said };
  } finally {
    for (const child of [driver, process]) {
      child.kill();
      await child.status;
    }
    await process.stdout.cancel().catch(() => {});
  }
}
