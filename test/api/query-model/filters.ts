import type { Document } from 'mongodb';
import { candidates, inside, isSame, numberOf, storedKey } from './values';

/** Filters as a client sends them, and whether a stored document is under one: the model's reading of the schema. */

export interface RangeInput {
  gt?: number | null;
  gte?: number | null;
  lt?: number | null;
  lte?: number | null;
}
export interface NumberInput extends RangeInput {
  eq?: number | null;
  ne?: number | null;
  in?: number[] | null;
}
export interface TextInput {
  eq?: string | null;
  ne?: string | null;
  in?: string[] | null;
  contains?: string | null;
  startsWith?: string | null;
}
export interface LabelsInput {
  any?: string[] | null;
  all?: string[] | null;
  none?: string[] | null;
}
export interface InstantInput {
  gt?: string | null;
  gte?: string | null;
  lt?: string | null;
  lte?: string | null;
}
export interface MetricInput extends RangeInput {
  name: string;
  eq?: number | null;
  exists?: boolean | null;
}
export interface ConfigInput extends RangeInput {
  path: string;
  eq?: unknown;
  ne?: unknown;
  in?: unknown[] | null;
  exists?: boolean | null;
}
interface Combined<F> {
  and?: F[] | null;
  or?: F[] | null;
  not?: F | null;
}
export interface ExperimentInput extends Combined<ExperimentInput> {
  ids?: string[] | null;
  challenge?: NumberInput | null;
  status?: string[] | null;
  liveness?: string[] | null;
  name?: TextInput | null;
  modelName?: TextInput | null;
  tags?: LabelsInput | null;
  releases?: LabelsInput | null;
  createdBy?: TextInput | null;
  hostname?: TextInput | null;
  startTime?: InstantInput | null;
  endTime?: InstantInput | null;
  config?: ConfigInput[] | null;
  metrics?: MetricInput[] | null;
  parentId?: string | null;
  search?: string | null;
}
export interface SubjectFilterInput extends Combined<SubjectFilterInput> {
  subjectIds?: string[] | null;
  age?: NumberInput | null;
  sex?: string[] | null;
  handedness?: string[] | null;
  releases?: LabelsInput | null;
  challenge1Split?: string[] | null;
  challenge2Split?: string[] | null;
  hasEeg?: boolean | null;
  hasPhenotypic?: boolean | null;
  phenotypic?: MetricInput[] | null;
  search?: string | null;
}

const given = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined;

/** Whether an operator, where it is given, holds. */
function holds<T>(operand: T | null | undefined, test: (operand: T) => boolean): boolean {
  return !given(operand) || test(operand);
}

function inRange(values: readonly (number | undefined)[], { gt, gte, lt, lte }: RangeInput): boolean {
  const some = (test: (value: number) => boolean) => values.some((value) => value !== undefined && test(value));
  return (
    holds(gt, (bound) => some((value) => value > bound)) &&
    holds(gte, (bound) => some((value) => value >= bound)) &&
    holds(lt, (bound) => some((value) => value < bound)) &&
    holds(lte, (bound) => some((value) => value <= bound))
  );
}

function number(stored: unknown, filter: NumberInput): boolean {
  const values = candidates(stored).map(numberOf);
  return (
    holds(filter.eq, (operand) => values.includes(operand)) &&
    holds(filter.ne, (operand) => !values.includes(operand)) &&
    holds(filter.in, (operands) => values.some((value) => value !== undefined && operands.includes(value))) &&
    inRange(values, filter)
  );
}

function text(stored: unknown, { eq, ne, in: among, contains, startsWith }: TextInput): boolean {
  const values = candidates(stored);
  const some = (test: (value: string) => boolean) => values.some((value) => typeof value === 'string' && test(value));
  return (
    holds(eq, (operand) => values.includes(operand)) &&
    holds(ne, (operand) => !values.includes(operand)) &&
    holds(among, (operands) => some((value) => operands.includes(value))) &&
    holds(contains, (operand) => some((value) => value.includes(operand))) &&
    holds(startsWith, (operand) => some((value) => value.startsWith(operand)))
  );
}

function labels(stored: unknown, { any, all, none }: LabelsInput): boolean {
  const values = candidates(stored);
  return (
    holds(any, (operands) => operands.some((operand) => values.includes(operand))) &&
    holds(all, (operands) => operands.every((operand) => values.includes(operand))) &&
    holds(none, (operands) => !operands.some((operand) => values.includes(operand)))
  );
}

function instant(stored: unknown, filter: InstantInput): boolean {
  const milliseconds = (value: string | null | undefined) => (given(value) ? Date.parse(value) : null);
  const bounds = Object.fromEntries(Object.entries(filter).map(([operator, at]) => [operator, milliseconds(at)]));
  return inRange(
    candidates(stored).map((value) => (value instanceof Date ? value.getTime() : undefined)),
    bounds,
  );
}

function oneOf(stored: unknown, operands: readonly string[]): boolean {
  return candidates(stored).some((value) => typeof value === 'string' && operands.includes(value));
}

/** `isStored` says what `exists` looks for. */
function metric(metrics: unknown, filter: MetricInput, isStored: (value: unknown) => boolean): boolean {
  const stored = inside(metrics, [storedKey(filter.name)]);
  const value = numberOf(stored);
  return (
    holds(filter.eq, (operand) => value === operand) &&
    inRange([value], filter) &&
    holds(filter.exists, (wanted) => isStored(stored) === wanted)
  );
}

function config(root: unknown, filter: ConfigInput): boolean {
  const keys = filter.path.split('.').map((key) => storedKey(key.replaceAll('%2E', '.').replaceAll('%25', '%')));
  const stored = inside(root, keys);
  return (
    (filter.eq === undefined || isSame(stored, filter.eq)) &&
    (filter.ne === undefined || !isSame(stored, filter.ne)) &&
    holds(filter.in, (operands) => operands.some((operand) => isSame(stored, operand))) &&
    inRange([numberOf(stored)], filter) &&
    holds(filter.exists, (wanted) => (stored !== undefined) === wanted)
  );
}

function search(values: readonly unknown[], wanted: string): boolean {
  const lower = wanted.toLowerCase();
  return values.some((value) => typeof value === 'string' && value.toLowerCase().includes(lower));
}

const OVER = ['completed', 'failed', 'stopped'];

/** A run without a status is running; a status that the API doesn't know is none of those that one can ask for. */
function isInStatus({ status }: Document, statuses: readonly string[]): boolean {
  return given(status) ? statuses.some((name) => name.toLowerCase() === status) : statuses.includes('RUNNING');
}

/** Where a run stands as it reads: RUNNING also where nothing is stored that the API knows. */
function statusOf({ status }: Document): string {
  return OVER.includes(status as string) ? (status as string) : 'running';
}

export function livenessOf(document: Document, now: Date): string {
  if (statusOf(document) !== 'running') return 'FINISHED';
  const { last_heartbeat_at: beat, last_seen_at: seen } = document;
  if (!(beat instanceof Date)) return 'UNKNOWN';
  const latest = Math.max(beat.getTime(), seen instanceof Date ? seen.getTime() : -Infinity);
  return now.getTime() - latest > 5 * 60_000 ? 'STALLED' : 'ALIVE';
}

function combined<F extends Combined<F>>({ and, or, not }: F, test: (filter: F) => boolean): boolean {
  return (
    holds(and, (filters) => filters.every(test)) &&
    holds(or, (filters) => filters.some(test)) &&
    holds(not, (filter) => !test(filter))
  );
}

export function isExperimentUnder(document: Document, filter: ExperimentInput, now: Date): boolean {
  return (
    combined(filter, (inner) => isExperimentUnder(document, inner, now)) &&
    holds(filter.ids, (ids) => ids.includes(String(document._id))) &&
    holds(filter.challenge, (operand) => number(document.challenge, operand)) &&
    holds(filter.status, (statuses) => isInStatus(document, statuses)) &&
    holds(filter.liveness, (states) => states.includes(livenessOf(document, now))) &&
    holds(filter.name, (operand) => text(document.experiment_name, operand)) &&
    holds(filter.modelName, (operand) => text(inside(document.model, ['name']), operand)) &&
    holds(filter.tags, (operand) => labels(document.tags, operand)) &&
    holds(filter.releases, (operand) => labels(inside(document.dataset, ['releases']), operand)) &&
    holds(filter.createdBy, (operand) => text(document.created_by, operand)) &&
    holds(filter.hostname, (operand) => text(document.hostname, operand)) &&
    holds(filter.startTime, (operand) => instant(document.start_time, operand)) &&
    holds(filter.endTime, (operand) => instant(document.end_time, operand)) &&
    holds(filter.config, (all) => all.every((operand) => config(document.config, operand))) &&
    holds(filter.metrics, (all) =>
      all.every((operand) => metric(document.metrics, operand, (value) => numberOf(value) !== undefined)),
    ) &&
    holds(filter.parentId, (id) => String(document.parent_experiment_id) === id) &&
    holds(filter.search, (wanted) =>
      search([document.experiment_name, document.note, document.tags].flatMap(candidates), wanted),
    )
  );
}

export function isSubjectUnder(document: Document, filter: SubjectFilterInput): boolean {
  const split = (name: string, operands: string[]) =>
    oneOf(
      inside(document.splits, [name]),
      operands.map((operand) => operand.toLowerCase()),
    );
  return (
    combined(filter, (inner) => isSubjectUnder(document, inner)) &&
    holds(filter.subjectIds, (ids) => ids.includes(document.subject_id as string)) &&
    holds(filter.age, (operand) => number(document.age, operand)) &&
    holds(filter.sex, (operands) => oneOf(document.sex, operands)) &&
    holds(filter.handedness, (operands) => oneOf(document.handedness, operands)) &&
    holds(filter.releases, (operand) => labels(document.releases, operand)) &&
    holds(filter.challenge1Split, (operands) => split('challenge1_split', operands)) &&
    holds(filter.challenge2Split, (operands) => split('challenge2_split', operands)) &&
    holds(filter.hasEeg, (wanted) => document.has_eeg === wanted) &&
    holds(filter.hasPhenotypic, (wanted) => document.has_phenotypic === wanted) &&
    holds(filter.phenotypic, (all) => all.every((operand) => metric(document.phenotypic, operand, given))) &&
    holds(filter.search, (wanted) => search([document.subject_id], wanted))
  );
}
