// Sections as one page that needs nothing else, and as Markdown.

import { escaped } from "../../train/chart.ts";
import { type Block, blockHtml, heading, markdown, plain } from "./blocks.ts";
import type { Section } from "./sections.ts";
import { STYLE } from "./style.ts";

/** What a report consists of. */
export interface Report {
  readonly title: string;
  readonly introduction: readonly Block[];
  readonly sections: readonly Section[];
  /** A last line. */
  readonly footer?: string;
}

/** A report as a page: no script, no request. */
export function reportHtml({ title, introduction, sections, footer }: Report): string {
  const links = sections.map(({ id, title }) => `<li><a href="#${id}">${escaped(title)}</a></li>`);
  const parts = sections.map(({ id, title, blocks }) =>
    `<section aria-labelledby="${id}">${
      [heading(2, title, id), ...blocks].map(blockHtml).join("\n")
    }</section>`
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escaped(title)}</title><link rel="icon" href="data:,"><style>${STYLE}</style></head><body><main>
<header><h1>${escaped(title)}</h1>${introduction.map(blockHtml).join("\n")}</header>
<nav aria-label="Sections"><ul>${links.join("")}</ul></nav>
${parts.join("\n")}${footer ? `\n<footer>${escaped(footer)}</footer>` : ""}
</main></body></html>
`;
}

/** A report as Markdown. */
export function reportMarkdown({ title, introduction, sections, footer }: Report): string {
  const blocks: Block[] = [
    ...introduction,
    ...sections.flatMap(({ title, blocks }) => [heading(2, title), ...blocks]),
    ...footer ? [{ kind: "text" as const, text: footer }] : [],
  ];
  // A heading of which Markdown has nothing, since all under it are pictures, is left out.
  const shown = blocks.filter((block, i) => {
    if (block.kind !== "heading" || block.level === 2) return true;
    const next = blocks.slice(i + 1).findIndex((other) => other.kind === "heading");
    const own = next < 0 ? blocks.slice(i + 1) : blocks.slice(i + 1, i + 1 + next);
    return markdown(own) !== "";
  });
  return `# ${plain(title)}\n\n${markdown(shown)}\n`;
}
