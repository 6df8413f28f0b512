import DataLoader from 'dataloader';
import type { ObjectId } from 'mongodb';
import type { Checkpoint } from '../types/Checkpoint';
import type { Epoch } from '../types/Epoch';
import type { Experiment } from '../types/Experiment';
import type { DocumentId } from '../types/Node';
import type { MetricSeries } from '../types/MetricSeries';
import type { Subject } from '../types/Subject';
import type { Stores } from './stores';
import type { EpochRange } from './stores/epochs';
import { EMPTY_PAGE, type Page, type PageRequest } from './stores/pages';
import { union, type Projection } from './stores/projections';
import { toSeries } from './stores/series';
import type { SubjectSelection } from './stores/subjects';

/** A page of the records that belong to one parent. */
export interface PageOf {
  parent: DocumentId;
  request: PageRequest;
}

/** An epoch's place: records that belong to it are found by it, whether or not the epoch itself is stored. */
export interface EpochPlace {
  experimentId: DocumentId;
  epoch: number;
}

type RecordsAt = EpochPlace & { fields: Projection };

type EpochPageOf = PageOf & { range: EpochRange };

/**
 * A loader whose keys are answered in groups: keys of one group become one call of `answer`. A group is what one field of
 * the document with one set of arguments asks for, so the number of calls follows the document and not the rows.
 */
function grouped<K, V>(
  groupOf: (key: K) => unknown,
  identityOf: (key: K) => string,
  answer: (keys: readonly K[]) => Promise<readonly V[]>,
): DataLoader<K, V, string> {
  return new DataLoader<K, V, string>(
    async (keys) => {
      const groups = new Map<string, { keys: K[]; places: number[] }>();
      keys.forEach((key, place) => {
        const name = JSON.stringify(groupOf(key));
        const group = groups.get(name) ?? { keys: [], places: [] };
        groups.set(name, group);
        group.keys.push(key);
        group.places.push(place);
      });
      const results: (V | Error)[] = [];
      await Promise.all(
        [...groups.values()].map(async (group) => {
          const values = await answer(group.keys).catch((error: Error) => group.keys.map(() => error));
          group.places.forEach((place, index) => (results[place] = values[index]!));
        }),
      );
      return results;
    },
    { cacheKeyFn: (key) => `${identityOf(key)} ${JSON.stringify(groupOf(key))}` },
  );
}

/** A record by a key that it holds, and what is read of it. */
export interface Wanted<K> {
  key: K;
  fields: Projection;
}

/**
 * A loader of records by a key that each one holds; null where there is none. One batch reads what any of its callers
 * wants; records are remembered with what was read of them.
 */
function keyed<K, V>(
  load: (keys: readonly K[], fields: Projection) => Promise<readonly V[]>,
  keyOf: (value: V) => string,
): DataLoader<Wanted<K>, V | null, string> {
  return new DataLoader<Wanted<K>, V | null, string>(
    async (wanted) => {
      const keys = [...new Map(wanted.map(({ key }) => [String(key), key])).values()];
      const fields = union(wanted.map((want) => want.fields));
      const found = new Map((await load(keys, fields)).map((value) => [keyOf(value), value]));
      return wanted.map(({ key }) => found.get(String(key)) ?? null);
    },
    { cacheKeyFn: ({ key, fields }) => `${String(key)} ${JSON.stringify(fields)}` },
  );
}

/** A loader of a number for each parent; 0 where there is none. */
function counting(
  load: (ids: readonly DocumentId[]) => Promise<Map<string, number>>,
): DataLoader<DocumentId, number, string> {
  return new DataLoader<DocumentId, number, string>(
    async (ids) => {
      const counts = await load(ids);
      return ids.map((id) => counts.get(String(id)) ?? 0);
    },
    { cacheKeyFn: String },
  );
}

/** Answers keys that come down to the same question once; several experiments may use the same releases. */
async function distinct<K, V>(
  keys: readonly K[],
  identityOf: (key: K) => string,
  ask: (keys: K[]) => Promise<V[]>,
): Promise<V[]> {
  const names = keys.map(identityOf);
  const unique = [...new Map(keys.map((key, index) => [names[index]!, key])).entries()];
  const answers = await ask(unique.map(([, key]) => key));
  const byName = new Map(unique.map(([name], index) => [name, answers[index]!]));
  return names.map((name) => byName.get(name)!);
}

const releasesKey = (releases: readonly string[]): string => JSON.stringify([...releases].sort());
const selectionKey = ({ releases, inSplit }: SubjectSelection): string =>
  JSON.stringify([[...releases].sort(), inSplit]);
const placeKey = ({ experimentId, epoch }: EpochPlace): string => `${String(experimentId)} ${epoch}`;
const idOf = (record: { _id: DocumentId }): string => String(record._id);

/**
 * The batched reads of one operation: what a level of the answer asks for goes to the database together. Made anew for
 * each operation, and for each event of a subscription, so that nothing is ever served from an older one.
 */
export function createLoaders(stores: Stores) {
  const { experiments, epochs, series, checkpoints, subjects } = stores;
  const pagesOf = <T>(
    load: (ids: readonly DocumentId[], key: PageOf) => Promise<Map<string, Page<T>>>,
  ): DataLoader<PageOf, Page<T>, string> =>
    grouped(
      ({ request }) => request,
      ({ parent }) => String(parent),
      async (keys) => {
        const ids = keys.map(({ parent }) => parent);
        const pages = await load(ids, keys[0]!);
        return ids.map((id) => pages.get(String(id)) ?? EMPTY_PAGE);
      },
    );
  return {
    experiment: keyed<DocumentId, Experiment>((ids, fields) => experiments.byIds(ids, fields), idOf),
    epoch: keyed<ObjectId, Epoch>((ids, fields) => epochs.byIds(ids, fields), idOf),
    checkpoint: keyed<ObjectId, Checkpoint>((ids, fields) => checkpoints.byIds(ids, fields), idOf),
    subject: keyed<ObjectId, Subject>((ids, fields) => subjects.byIds(ids, fields), idOf),
    subjectBySubjectId: keyed<string, Subject>(
      (ids, fields) => subjects.bySubjectIds(ids, fields),
      (subject) => subject.subject_id,
    ),

    childPages: pagesOf<Experiment>((ids, { request }) => experiments.childPagesOf(ids, request)),
    childCount: counting((ids) => experiments.childCountsOf(ids)),

    epochPages: grouped<EpochPageOf, Page<Epoch>>(
      ({ request, range }) => [request, range],
      ({ parent }) => String(parent),
      async (keys) => {
        const { request, range } = keys[0]!;
        const ids = keys.map(({ parent }) => parent);
        const pages = await epochs.pagesOf(ids, range, request);
        return ids.map((id) => pages.get(String(id)) ?? EMPTY_PAGE);
      },
    ),
    epochCount: grouped<{ parent: DocumentId; range: EpochRange }, number>(
      ({ range }) => range,
      ({ parent }) => String(parent),
      async (keys) => {
        const ids = keys.map(({ parent }) => parent);
        const counts = await epochs.countsOf(ids, keys[0]!.range);
        return ids.map((id) => counts.get(String(id)) ?? 0);
      },
    ),
    series: grouped<{ parent: DocumentId; names: readonly string[] | null; maxPoints: number }, MetricSeries[]>(
      ({ names }) => names,
      ({ parent, maxPoints }) => `${String(parent)} ${maxPoints}`,
      async (keys) => {
        const { names } = keys[0]!;
        const columns = await series.columnsOf(
          keys.map(({ parent }) => parent),
          names,
        );
        return keys.map(({ parent, maxPoints }) =>
          toSeries(columns.get(String(parent)) ?? new Map(), names, maxPoints),
        );
      },
    ),
    epochAt: new DataLoader<RecordsAt, Epoch | null, string>(
      async (places) => {
        const rows = await epochs.byNumbers(...combinationsOf(places), union(places.map(({ fields }) => fields)));
        const found = new Map(
          rows.map((epoch) => [placeKey({ experimentId: epoch.experiment_id, epoch: epoch.epoch }), epoch]),
        );
        return places.map((place) => found.get(placeKey(place)) ?? null);
      },
      { cacheKeyFn: (place) => `${placeKey(place)} ${JSON.stringify(place.fields)}` },
    ),

    checkpointPages: pagesOf<Checkpoint>((ids, { request }) => checkpoints.pagesOf(ids, request)),
    checkpointCount: counting((ids) => checkpoints.countsOf(ids)),
    bestCheckpoint: keyed<DocumentId, Checkpoint>(
      (ids, fields) => checkpoints.bestOf(ids, fields),
      (best) => String(best.experiment_id),
    ),
    checkpointsAt: new DataLoader<RecordsAt, Checkpoint[], string>(
      async (places) => {
        const found = new Map<string, Checkpoint[]>(places.map((place) => [placeKey(place), []]));
        for (const row of await checkpoints.ofEpochs(
          ...combinationsOf(places),
          union(places.map(({ fields }) => fields)),
        )) {
          found.get(placeKey({ experimentId: row.experiment_id, epoch: row.epoch }))?.push(row);
        }
        return places.map((place) => found.get(placeKey(place))!);
      },
      { cacheKeyFn: (place) => `${placeKey(place)} ${JSON.stringify(place.fields)}` },
    ),

    subjectPages: grouped<{ selection: SubjectSelection; request: PageRequest }, Page<Subject>>(
      ({ request }) => request,
      ({ selection }) => selectionKey(selection),
      (keys) =>
        distinct(
          keys.map(({ selection }) => selection),
          selectionKey,
          (selections) => subjects.pagesOf(selections, keys[0]!.request),
        ),
    ),
    subjectCount: new DataLoader<SubjectSelection, number, string>(
      (selections) => distinct(selections, selectionKey, (unique) => subjects.countsOf(unique)),
      { cacheKeyFn: selectionKey },
    ),

    experimentPagesUsing: grouped<{ releases: string[]; request: PageRequest }, Page<Experiment>>(
      ({ request }) => request,
      ({ releases }) => releasesKey(releases),
      (keys) =>
        distinct(
          keys.map(({ releases }) => releases),
          releasesKey,
          (lists) => experiments.pagesUsing(lists, keys[0]!.request),
        ),
    ),
    experimentCountUsing: new DataLoader<string[], number, string>(
      (lists) => distinct(lists, releasesKey, (unique) => experiments.countsUsing(unique)),
      { cacheKeyFn: releasesKey },
    ),
  };
}

/** The two lists whose combinations hold all places. They may hold more; what they bring too much is not asked for. */
function combinationsOf(places: readonly EpochPlace[]): [DocumentId[], number[]] {
  const experimentIds = [...new Map(places.map(({ experimentId }) => [String(experimentId), experimentId])).values()];
  return [experimentIds, [...new Set(places.map(({ epoch }) => epoch))]];
}

export type Loaders = ReturnType<typeof createLoaders>;
