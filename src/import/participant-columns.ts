import { faultOfName } from '../stores/names';
import type { ColumnDescription } from './sidecar';
import type { Availability, SubjectFacts } from './subject-record';

/** Puts a cell's value into the subject; answers why it can't, in words. Never called for a missing value. */
export type Reader = (cell: string, subject: SubjectFacts) => string | undefined;

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const AVAILABILITY: ReadonlySet<string> = new Set<Availability>(['available', 'unavailable', 'caution']);
const SCORES = ['p_factor', 'attention', 'internalizing', 'externalizing'];
/** Oldfield's quotients beyond which a person counts as right-handed or, negated, as left-handed. */
const HANDED_BEYOND = 40;

/** The spellings that BIDS admits; the lower case of a cell is looked up. */
const SEX: ReadonlyMap<string, 'F' | 'M' | 'other'> = new Map([
  ['f', 'F'],
  ['female', 'F'],
  ['m', 'M'],
  ['male', 'M'],
  ['o', 'other'],
  ['other', 'other'],
]);
const HAND: ReadonlyMap<string, 'R' | 'L' | 'A'> = new Map([
  ['r', 'R'],
  ['right', 'R'],
  ['l', 'L'],
  ['left', 'L'],
  ['a', 'A'],
  ['ambidextrous', 'A'],
]);

/** Whether a cell stands for a missing value: `n/a`, as BIDS says, or nothing. */
export function isMissing(cell: string): boolean {
  return cell === 'n/a' || cell === '';
}

/** Why a header's name can't be a column; undefined where it can. */
export function faultOfColumnName(name: string): string | undefined {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f]/.test(name)) return 'a column name must not hold a control character';
  // As a key of an object it would set the object's prototype, and the column would be lost.
  if (name === '__proto__') return 'a column name must not be __proto__';
  return faultOfName(name);
}

/**
 * How a column is read. Known columns have their meaning; of the others, one whose cells speak of availability is a
 * task, one that holds mostly numbers is a score, and anything else is kept as text under `phenotypic`.
 * `cells` are the column's cells that are not missing. Of a description, the levels of sex and handedness and the unit
 * of an age count.
 */
export function readerOf(column: string, cells: readonly string[], described?: ColumnDescription): Reader {
  const known = described ? knownAsDescribed(column, described) : KNOWN.get(column);
  if (known) return known;
  if (SCORES.includes(column)) return score(column);
  if (cells.some((cell) => AVAILABILITY.has(cell))) return task(column);
  const numbers = cells.filter((cell) => NUMBER.test(cell)).length;
  return numbers * 2 > cells.length ? score(column) : text(column);
}

/** Where the values of a column are stored, as a path. */
export function targetOf(column: string, cells: readonly string[]): string {
  if (column === 'release_number') return 'releases';
  if (['age', 'sex', 'handedness'].includes(column)) return column;
  const isTask = !KNOWN.has(column) && !SCORES.includes(column) && cells.some((cell) => AVAILABILITY.has(cell));
  return `${isTask ? 'eeg_quality.tasks' : 'phenotypic'}.${column}`;
}

function knownAsDescribed(column: string, { levels, units }: ColumnDescription): Reader | undefined {
  const known = KNOWN.get(column);
  if (known && (column === 'sex' || column === 'handedness')) {
    const words = column === 'sex' ? SEX : HAND;
    return (cell, subject) => {
      const level = levels.get(cell);
      return known(level !== undefined && words.has(level.toLowerCase()) ? level : cell, subject);
    };
  }
  if (column !== 'age' || units === undefined || /^(y|yrs?|years?)$/i.test(units)) return known;
  const perYear = /^(mo|months?)$/i.test(units) ? 12 : undefined;
  return (cell, subject) => {
    if (perYear === undefined) return `its unit is ${units} by the descriptions, and not years or months`;
    const fault = readAge(cell, subject);
    if (!fault) subject.age = subject.age! / perYear;
    return fault;
  };
}

function numberFrom(cell: string): number | undefined {
  const value = Number(cell);
  const isExact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  return NUMBER.test(cell) && isExact ? value : undefined;
}

function notANumber(cell: string): string {
  return `${JSON.stringify(cell)} is not a number that can be kept exactly (a missing value is written n/a)`;
}

function score(column: string): Reader {
  return (cell, subject) => {
    const value = numberFrom(cell);
    if (value === undefined) return notANumber(cell);
    subject.phenotypic[column] = value;
    return undefined;
  };
}

function text(column: string): Reader {
  return (cell, subject) => {
    subject.phenotypic[column] = cell;
    return undefined;
  };
}

function task(column: string): Reader {
  return (cell, subject) => {
    if (!AVAILABILITY.has(cell)) return `${JSON.stringify(cell)} is not available, unavailable, caution or n/a`;
    subject.eeg_quality ??= { tasks: {} };
    subject.eeg_quality.tasks[column] = cell as Availability;
    return undefined;
  };
}

function yesOrNo(column: string): Reader {
  return (cell, subject) => {
    if (cell !== 'Yes' && cell !== 'No') return `${JSON.stringify(cell)} is not Yes, No or n/a`;
    subject.phenotypic[column] = cell === 'Yes';
    return undefined;
  };
}

const readAge: Reader = (cell, subject) => {
  const age = numberFrom(cell);
  if (age === undefined) return notANumber(cell);
  if (age < 0) return `an age of ${cell} years is below zero`;
  subject.age = age;
  return undefined;
};

/** A sex other than the two that a subject's field can hold is kept as `phenotypic.sex`, so that it isn't lost. */
const readSex: Reader = (cell, subject) => {
  const sex = SEX.get(cell.toLowerCase());
  if (sex === undefined) return `${JSON.stringify(cell)} is not F, M, O or n/a`;
  if (sex === 'other') subject.phenotypic.sex = cell;
  else subject.sex = sex;
  return undefined;
};

const readHandedness: Reader = (cell, subject) => {
  const hand = HAND.get(cell.toLowerCase());
  if (hand === undefined) return `${JSON.stringify(cell)} is not R, L, A or n/a`;
  subject.handedness = hand;
  return undefined;
};

/** The Edinburgh total also tells the handedness, unless the table has said it in a column of its own. */
const readEhqTotal: Reader = (cell, subject) => {
  const total = numberFrom(cell);
  if (total === undefined) return notANumber(cell);
  subject.phenotypic.ehq_total = total;
  subject.handedness ??= total > HANDED_BEYOND ? 'R' : total < -HANDED_BEYOND ? 'L' : 'A';
  return undefined;
};

const readRelease: Reader = (cell, subject) => {
  subject.releases = [cell];
  return undefined;
};

const KNOWN: ReadonlyMap<string, Reader> = new Map([
  ['release_number', readRelease],
  ['sex', readSex],
  ['age', readAge],
  ['handedness', readHandedness],
  ['ehq_total', readEhqTotal],
  ['commercial_use', yesOrNo('commercial_use')],
  ['full_pheno', yesOrNo('full_pheno')],
]);
