// The report of an evaluation: `evaluation.md` and one `evaluation.html`, from `evaluation.json` alone.

import { writeFileAtomic } from "walrus/io";
import type { Evaluation } from "../evaluation.ts";
import { type Report, reportHtml, reportMarkdown } from "./page.ts";
import type { Budget } from "./pictures.ts";
import { introduction, sectionsOf } from "./sections.ts";
import { counted } from "./words.ts";

/** How a report is made. */
export interface ReportOptions {
  /** Whether published numbers stand beside. */
  readonly againstPaper?: boolean;
  /** Bytes of pictures and films in the page at the most; 24 MB unless given. */
  readonly pictureBytes?: number;
}

/** A report in both forms. */
export interface WrittenReport {
  readonly markdown: string;
  readonly html: string;
}

/** Base64 within a page. */
const PICTURE_BYTES = 24e6;

/**
 * Makes a report.
 *
 * @param evaluation what was found
 * @param options published numbers, size
 */
export function makeReport(evaluation: Evaluation, options: ReportOptions = {}): WrittenReport {
  const { againstPaper = false, pictureBytes = PICTURE_BYTES } = options;
  const budget: Budget = { bytes: pictureBytes, leftOut: 0 };
  const sections = sectionsOf(evaluation, { againstPaper, budget });
  const names = evaluation.datasets.map(({ name }) => name);
  const report: Report = {
    title: `Evaluation of ${evaluation.checkpoints.map(({ name }) => name).join(", ")}` +
      (names.length === 1 ? ` on ${names[0]}` : ""),
    introduction: introduction(evaluation),
    sections,
    ...budget.leftOut > 0
      ? {
        footer:
          `${counted(budget.leftOut, "picture or film", "pictures or films")} left out, for a page of ` +
          `at most ${Math.round(pictureBytes / 1e6)} MB of them`,
      }
      : {},
  };
  return { markdown: reportMarkdown({ ...report, footer: "" }), html: reportHtml(report) };
}

/**
 * Writes both forms into a folder.
 *
 * @param folder that exists
 * @param evaluation what was found
 * @param options published numbers, size
 * @returns paths of the files
 */
export async function writeReport(
  folder: string,
  evaluation: Evaluation,
  options: ReportOptions = {},
): Promise<string[]> {
  const { markdown, html } = makeReport(evaluation, options);
  const files = { "evaluation.md": markdown, "evaluation.html": html };
  for (const [name, text] of Object.entries(files)) {
    await writeFileAtomic(`${folder}/${name}`, new TextEncoder().encode(text));
  }
  return Object.keys(files).map((name) => `${folder}/${name}`);
}
