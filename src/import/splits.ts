import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Split } from '../../types/enums/Split';
import { StartupError } from '../errors';
import type { ImportProblem } from './subject-record';
import { readTsv } from './tsv';

/** The splits of one challenge. */
export interface SplitRule {
  /** The split of a subject; undefined where nothing is said of it. */
  of: (subjectId: string) => Split | undefined;
  /** How many subjects a file names; undefined for ratios, which have a split for each. */
  named?: number;
  problems: ImportProblem[];
}

const RATIOS = /^\d+(?:\.\d+)?:\d+(?:\.\d+)?:\d+(?:\.\d+)?$/;
const ORDER = [Split.TRAIN, Split.VAL, Split.TEST] as const;
const WORDS: ReadonlyMap<string, Split> = new Map([
  ['train', Split.TRAIN],
  ['training', Split.TRAIN],
  ['val', Split.VAL],
  ['valid', Split.VAL],
  ['validation', Split.VAL],
  ['test', Split.TEST],
]);

/**
 * Reads what an option gives: ratios of train, val and test such as `0.8:0.1:0.1`, or the path of a table with the
 * columns `participant_id` and `split`. Throws a StartupError for what is neither.
 */
export async function readSplits(given: string, seed: number): Promise<SplitRule> {
  if (RATIOS.test(given)) return splitByRatios(given.split(':').map(Number), seed);
  try {
    return splitByTable(given, await readFile(given));
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new StartupError(
      `${given} is neither three ratios such as 0.8:0.1:0.1 (train, val, test) nor a file that can be read ` +
        `(${(error as NodeJS.ErrnoException).code ?? String(error)}).`,
    );
  }
}

/**
 * Splits by a hash of seed and subject: whichever releases are imported, together or later, a subject's split stays the
 * same, and with one seed it is the same in both challenges. The ratios are met about, not exactly.
 */
export function splitByRatios(ratios: readonly number[], seed: number): SplitRule {
  const sum = ratios.reduce((total, ratio) => total + ratio, 0);
  if (sum === 0) throw new StartupError('The ratios of train, val and test are all 0; at least one must be more.');
  return {
    of: (subjectId) => {
      const hash = createHash('sha256').update(`${seed}\0${subjectId}`).digest();
      let left = (hash.readUIntBE(0, 6) / 2 ** 48) * sum;
      return ORDER.find((_, index) => (left -= ratios[index]!) < 0) ?? Split.TRAIN;
    },
    problems: [],
  };
}

/** Splits as a table of `participant_id` and `split` (train, val or test) has them. */
export function splitByTable(file: string, content: Uint8Array | string): SplitRule {
  const { rows, problems } = readTsv(file, content);
  const [header, ...body] = rows;
  const [id, split] = ['participant_id', 'split'].map((name) => header?.cells.indexOf(name) ?? -1) as [number, number];
  if (id < 0 || split < 0) {
    if (problems.length > 0) throw new StartupError(`${file}:${problems[0]!.line}: ${problems[0]!.message}`);
    throw new StartupError(`${file} has no columns participant_id and split, separated by tabs.`);
  }
  const splits = new Map<string, Split>();
  for (const { line, cells } of body) {
    const subjectId = cells[id] ?? '';
    const word = cells[split] ?? '';
    if (word === 'n/a' || word === '') continue;
    const value = WORDS.get(word.toLowerCase());
    const fail = (message: string) =>
      problems.push({ file, line, column: 'split', message: `${subjectId}: ${message}` });
    if (subjectId === '' || subjectId === 'n/a') fail('the row has no participant_id');
    else if (!value) fail(`${JSON.stringify(word)} is not train, val, test or n/a.`);
    else if ((splits.get(subjectId) ?? value) !== value) fail('stands in another split already; the first is taken.');
    else splits.set(subjectId, value);
  }
  return { of: (subjectId) => splits.get(subjectId), named: splits.size, problems };
}
