import type { Sex, Split, SubjectFilter, SubjectOrder } from '../api/documents';

/** What the subjects are narrowed to, as it stands in the address. */
export interface SubjectNarrowing {
  search: string;
  releases: string[];
  sex: Sex[];
  challenge1: Split[];
  challenge2: Split[];
  /** Ages from (included) and to (not included), in years. */
  age: [from: number, to: number] | null;
}

const SEXES: readonly Sex[] = ['F', 'M'];
const SPLITS: readonly Split[] = ['TRAIN', 'VAL', 'TEST'];

function listOf(query: URLSearchParams, name: string): string[] {
  return (query.get(name) ?? '').split(',').filter(Boolean);
}

export function readSubjects(query: URLSearchParams): SubjectNarrowing {
  const age = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(query.get('age') ?? '');
  return {
    search: query.get('q') ?? '',
    releases: listOf(query, 'release'),
    sex: SEXES.filter((sex) => listOf(query, 'sex').includes(sex)),
    challenge1: SPLITS.filter((split) => listOf(query, 'split1').includes(split)),
    challenge2: SPLITS.filter((split) => listOf(query, 'split2').includes(split)),
    age: age ? [Number(age[1]), Number(age[2])] : null,
  };
}

/** The API's filter for it; null where everybody is wanted. */
export function toSubjectFilter(narrowing: SubjectNarrowing): SubjectFilter | null {
  const { search, releases, sex, challenge1, challenge2, age } = narrowing;
  const filter: SubjectFilter = {
    ...(search.trim() === '' ? {} : { search: search.trim() }),
    ...(releases.length === 0 ? {} : { releases: { any: releases } }),
    ...(sex.length === 0 ? {} : { sex }),
    ...(challenge1.length === 0 ? {} : { challenge1Split: challenge1 }),
    ...(challenge2.length === 0 ? {} : { challenge2Split: challenge2 }),
    ...(age === null ? {} : { age: { gte: age[0], lt: age[1] } }),
  };
  return Object.keys(filter).length === 0 ? null : filter;
}

/** The order of an address: `age`, `-age`, `added` and the like; by identifier unless it names one. */
export function readSubjectOrder(query: URLSearchParams): { key: string; order: SubjectOrder } {
  const text = query.get('sort') ?? 'id';
  const key = text.replace(/^-/, '');
  const direction = text.startsWith('-') ? 'DESC' : 'ASC';
  const field = ({ id: 'SUBJECT_ID', age: 'AGE', added: 'DATE_ADDED' } as const)[key];
  return field ? { key, order: { field, direction } } : { key: 'id', order: { field: 'SUBJECT_ID', direction: 'ASC' } };
}
