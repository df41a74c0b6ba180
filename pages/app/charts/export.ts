// Charts as files: SVG and PNG without a ground, in colours that are read on white and on dark grey.

/** Colours of files, by custom property. */
const PROOF: Readonly<Record<string, string>> = {
  "--ink": "#6f757c",
  "--faint": "#737a81",
  "--edge": "#8a9098",
  "--rule": "#80808040",
  "--card": "#ffffff00",
  "--line-1": "#2a86c4",
  "--line-2": "#cf6a2d",
  "--line-3": "#1f9472",
  "--line-4": "#b066ac",
};

/**
 * A chart as the text of an SVG file.
 *
 * @param svg as the page shows it
 * @param title and what stands under it
 */
export function svgText(svg: SVGElement, title: string, subtitle: string): string {
  const [width, height] = [Number(svg.getAttribute("width")), Number(svg.getAttribute("height"))];
  const escaped = (text: string) => text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
  const drawn = svg.cloneNode(true) as SVGElement;
  // What only points at the moment.
  for (const mark of drawn.querySelectorAll(".live")) mark.remove();
  const inner = drawn.innerHTML.replace(/var\((--[\w-]+)\)/g, (_, name) => PROOF[name] ?? "currentColor");
  const head = 44;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + head}" ` +
    `viewBox="0 0 ${width} ${height + head}" font-family="system-ui, sans-serif" font-size="13">` +
    `<text x="8" y="18" font-size="14" font-weight="600" fill="${PROOF["--ink"]}">${escaped(title)}</text>` +
    `<text x="8" y="36" fill="${PROOF["--faint"]}">${escaped(subtitle)}</text>` +
    `<g transform="translate(0 ${head})">${inner}</g></svg>`;
}

/** An SVG file drawn by the browser, `scale` pixels a unit. */
export async function drawSvg(text: string, scale: number): Promise<HTMLCanvasElement> {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas;
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

/** A canvas as a PNG file. */
export function pngBlob(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => blob ? resolve(blob) : reject(new Error("the picture is too large")), "image/png")
  );
}

/** Hands a file to whoever looks at the page. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // Browsers read it after this.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
