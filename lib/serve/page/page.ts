// The page that tries a service: one document, nothing from elsewhere, and a policy that lets it ask its own origin only.

import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

const field = (id: string, words: string, control: string) => `<label for="${id}">${words}${control}</label>`;
const number = (id: string, words: string, value: number, least: number) =>
  field(
    id,
    words,
    `<input id="${id}" type="number" inputmode="numeric" value="${value}" min="${least}" step="1" required>`,
  );

function body(tokens: boolean): string {
  const token = field("token", "Token", `<input id="token" type="password" autocomplete="off">`);
  return `<main>
<h1>Forecasts of simulations</h1>
<p>Frames of a simulation in, the frames that a network predicts after them out.
<a href="openapi.json">What can be asked</a>.</p>
<form id="form">
${tokens ? token : `<input id="token" type="hidden">`}
${field("model", "Model", `<select id="model"></select>`)}
${field("dataset", "Window", `<select id="dataset"></select>`)}
${field("file", "File", `<input id="file" type="file" accept=".hdf5,.h5,.npz,.safetensors,.json">`)}
${field("split", "Split", `<select id="split"></select>`)}
${number("trajectory", "Trajectory", 0, 0)}
${number("start", "First frame", 0, 0)}
${number("steps", "Steps", 5, 1)}
${number("seed", "Seed", 0, 0)}
<label class="check" for="kvCache"><input id="kvCache" type="checkbox">Keep keys and values</label>
<button id="run" type="submit">Forecast</button>
</form>
<p id="status" role="status" aria-live="polite"></p>
<div id="player" hidden>
<button id="play" type="button">Play</button>
<input id="frame" type="range" min="0" max="0" value="0" aria-label="Step">
<span id="place"></span>
</div>
<div id="fields"></div>
<h2>The same on a command line</h2>
<pre id="command" tabindex="0"></pre>
</main>`;
}

/** A number that is used once: what the policy lets run. */
function nonce(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(18))));
}

/**
 * The page.
 *
 * @param tokens whether they are wanted
 */
export function pageResponse(tokens: boolean): Response {
  const once = nonce();
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Forecasts of simulations</title>
<link rel="icon" href="data:,">
<style nonce="${once}">${STYLE}</style>
</head>
<body>
${body(tokens)}
<script type="module" nonce="${once}">${SCRIPT}</script>
</body>
</html>
`;
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${once}'`,
    `style-src 'nonce-${once}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy.join("; "),
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
    },
  });
}
