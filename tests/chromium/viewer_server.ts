// Serves the page of the viewer's tests, its scripts where the sources lie.

import { bundleParts } from "../../app/web/bundle.ts";
import { inRepository } from "../shared.ts";

const SHEETS = ["tokens.css", "base.css", "viewer/viewer.css", "charts/charts.css", "take/take.css"];

/** Sheets of the app that are there, as one. */
async function styles(): Promise<string> {
  const texts = await Promise.all(
    SHEETS.map((path) => Deno.readTextFile(inRepository(`pages/app/${path}`)).catch(() => "")),
  );
  return texts.join("\n");
}

const FRAME = `
  main { max-width: 1128px; margin: 0 auto; padding: var(--space-3); display: grid; gap: var(--space-4); }
  main > * { min-width: 0; }
`;

let built: Promise<string> | null = null;

/** Folder of the scripts; built once. */
function scripts(): Promise<string> {
  return built ??= (async () => {
    const folder = await Deno.makeTempDir();
    const entries = ["tests/chromium/viewer_page.tsx", "pages/app/take/worker.ts"];
    await bundleParts(entries.map(inRepository), folder);
    return folder;
  })();
}

Deno.test.afterAll(async () => {
  if (built) await Deno.remove(await built, { recursive: true });
});

/** Serves the page on any free port. */
export async function serveViewer(): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const folder = await scripts();
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Viewer</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><style>${await styles()}${FRAME}</style>
</head><body><script type="module" src="/tests/chromium/viewer_page.js"></script></body></html>`;
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === "/pages/app/") return new Response(html, { headers: { "content-type": "text/html" } });
    const body = await Deno.readFile(`${folder}${pathname}`).catch(() => null);
    return body
      ? new Response(body, { headers: { "content-type": "text/javascript" } })
      : new Response("not found", { status: 404 });
  });
}
