import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { ImportProblem } from './subject-record';

/** What a `participants.json` says of a column. */
export interface ColumnDescription {
  description?: string;
  units?: string;
  /** The meaning of each coded value. */
  levels: ReadonlyMap<string, string>;
}

export type Sidecar = ReadonlyMap<string, ColumnDescription>;

const COLUMN = z.object({
  LongName: z.string().optional(),
  Description: z.string().optional(),
  Units: z.string().optional(),
  Levels: z.record(z.string(), z.union([z.string(), z.object({ Description: z.string() })])).optional(),
});
const SCHEMA = z.record(z.string(), COLUMN);

/**
 * The descriptions beside a table: those of `participants.json` for `participants.tsv`. None where there is no such file;
 * where it can't be read, the problem says why.
 */
export async function readSidecar(table: string): Promise<{ sidecar: Sidecar; problems: ImportProblem[] }> {
  const file = table.replace(/\.tsv$/i, '.json');
  const none: Sidecar = new Map();
  if (file === table) return { sidecar: none, problems: [] };
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { sidecar: none, problems: [] };
    return {
      sidecar: none,
      problems: [{ file, line: 1, message: `The descriptions can't be read: ${code ?? String(error)}.` }],
    };
  }
  return parseSidecar(file, text);
}

/** The descriptions in a text. */
export function parseSidecar(file: string, text: string): { sidecar: Sidecar; problems: ImportProblem[] } {
  const wrong = (line: number, message: string) => ({ sidecar: new Map(), problems: [{ file, line, message }] });
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const { message } = error as Error;
    const at = Number(/position (\d+)/.exec(message)?.[1] ?? 0);
    return wrong(text.slice(0, at).split('\n').length, `The descriptions are not JSON: ${message}`);
  }
  const { data, error } = SCHEMA.safeParse(json);
  if (!data) {
    const [issue] = error.issues;
    return wrong(
      1,
      `The description of ${issue!.path.join('.') || 'the columns'} is not as BIDS has it: ${issue!.message}`,
    );
  }
  const sidecar = Object.entries(data).map(([name, { LongName, Description, Units, Levels }]) => {
    const description = Description ?? LongName;
    const levels = Object.entries(Levels ?? {}).map(([code, level]): [string, string] => [
      code,
      typeof level === 'string' ? level : level.Description,
    ]);
    return [
      name,
      {
        ...(description === undefined ? {} : { description }),
        ...(Units === undefined ? {} : { units: Units }),
        levels: new Map(levels),
      },
    ] as const;
  });
  return { sidecar: new Map(sidecar), problems: [] };
}
