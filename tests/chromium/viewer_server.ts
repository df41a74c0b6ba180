// Serves the page of the viewer's tests.

import { bundleParts } from "../../app/page/bundle.ts";
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
  body { margin: 0; background: var(--ground); color: var(--ink); font: var(--text-3)/1.5 system-ui, sans-serif; }
  main { max-width: 1096px; margin: 0 auto; padding: var(--space-3); display: grid; gap: var(--space-4); }
  .card { background: var(--card); padding: var(--space-4); border-radius: var(--radius); min-width: 0; }
  button, input:not([type=range], [type=checkbox], [type=radio]), select { min-height: var(--target); padding: 0 var(--space-3);
    border: 1px solid var(--edge); border-radius: var(--radius); background: var(--card); color: inherit; font: inherit; font-size: var(--text-2); }
  @media (max-width: 599px) { .card { padding: var(--space-3); } }
`;

/** Serves the page on any free port. */
export async function serveViewer(): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const folder = await Deno.makeTempDir();
  await bundleParts(inRepository("tests/chromium/viewer_page.tsx"), folder);
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Viewer</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><style>${await styles()}${FRAME}</style>
</head><body><script type="module" src="/viewer_page.js"></script></body></html>`;
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === "/") return new Response(html, { headers: { "content-type": "text/html" } });
    const body = await Deno.readFile(`${folder}${pathname}`).catch(() => null);
    return body
      ? new Response(body, { headers: { "content-type": "text/javascript" } })
      : new Response("not found", { status: 404 });
  });
}
