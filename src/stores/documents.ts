import type { Decimal128, Document, Long } from 'mongodb';
import type { Checkpoint } from '../../types/Checkpoint';
import type { EegQuality } from '../../types/EegQuality';
import type { Epoch } from '../../types/Epoch';
import type { EpochMetrics } from '../../types/EpochMetrics';
import type { Experiment } from '../../types/Experiment';
import { ExperimentStatus } from '../../types/enums/ExperimentStatus';
import { Handedness } from '../../types/enums/Handedness';
import { Sex } from '../../types/enums/Sex';
import { Split } from '../../types/enums/Split';
import type { DocumentId } from '../../types/Node';
import type { Subject } from '../../types/Subject';
import type { Log } from '../log';
import { decodeName } from './names';
import { CONFIG, DATASET, EEG_QUALITY, isOfKind, MODEL, type Kind, type Shape } from './shapes';

/**
 * Stored documents as the types that the API serves. Other programs write to the same collections (PyMongo, mongosh,
 * older versions), so any field may be missing or hold anything: what a type can't represent reads as null, and is
 * logged once for each collection and field.
 */

type Collection = 'experiments' | 'epochs' | 'checkpoints' | 'subjects';

const STATUSES = new Set<unknown>(Object.values(ExperimentStatus));
const SPLITS = new Set<unknown>(Object.values(Split));
const SEXES = new Set<unknown>(Object.values(Sex));
const HANDS = new Set<unknown>(Object.values(Handedness));

/** Whether a stored value is an object that BSON has no type of its own for. */
export function isPlainObject(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('_bsontype' in value);
}

/** The driver's wrappers for 64-bit and decimal numbers as doubles; any other value as it is. */
function unwrapNumber(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const type = (value as { _bsontype?: unknown })._bsontype;
  return type === 'Long' || type === 'Decimal128' ? Number((value as Long | Decimal128).toString()) : value;
}

/** A stored value as JSON: dates as RFC 3339 text, ids as text, and numbers that JSON lacks by their names. */
function toJson(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value === null || typeof value !== 'object') return value ?? null;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof RegExp || '_bsontype' in value) return (value as { toString(): string }).toString();
  return openObject(value);
}

/** An object of any content as JSON, its names decoded. */
export function openObject(value: Document): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [decodeName(key), toJson(item)]));
}

function metricMap(value: Document): Map<string, number> {
  const metrics = new Map<string, number>();
  for (const [key, stored] of Object.entries(value)) {
    const item = unwrapNumber(stored);
    if (typeof item === 'number') metrics.set(decodeName(key), item);
  }
  return metrics;
}

export class DocumentReader {
  private readonly reported = new Set<string>();

  constructor(private readonly log: Log) {}

  /** Never throws: the time of the id stands in for a missing start, text and numbers for nothing else. */
  experiment(raw: Document): Experiment {
    const field = this.fields('experiments', raw);
    const metrics = field.object('metrics') ?? {};
    const metric = this.fields('experiments', metrics, raw, 'metrics.');
    return {
      __typename: 'Experiment',
      _id: raw._id as DocumentId,
      experiment_name: field.text('experiment_name') ?? '',
      challenge: field.of('challenge', 'int') as number | null,
      status: field.oneOf('status', STATUSES) ?? ExperimentStatus.RUNNING,
      model: this.open('experiments', raw, 'model', MODEL),
      config: this.open('experiments', raw, 'config', CONFIG) ?? { ...this.empty(CONFIG), all: {} },
      dataset: this.open('experiments', raw, 'dataset', DATASET),
      metrics: {
        best_val_loss: metric.double('best_val_loss'),
        best_epoch: metric.of('best_epoch', 'int') as number | null,
        total_epochs: metric.of('total_epochs', 'int') as number | null,
        final_train_loss: metric.double('final_train_loss'),
        final_val_loss: metric.double('final_val_loss'),
        training_time_hours: metric.of('training_time_hours', 'number') as number | null,
        get values() {
          return metricMap(metrics);
        },
      },
      start_time: field.date('start_time') ?? timeOfId(raw._id),
      end_time: field.date('end_time'),
      last_seen_at: field.date('last_seen_at'),
      last_heartbeat_at: field.date('last_heartbeat_at'),
      created_by: field.text('created_by'),
      hostname: field.text('hostname'),
      tags: field.texts('tags'),
      note: field.text('note'),
      checkpoint_dir: field.text('checkpoint_dir'),
      legacy_id: field.text('legacy_id'),
      parent_experiment_id: (raw.parent_experiment_id as DocumentId | undefined) ?? null,
    } as Experiment;
  }

  /** Undefined for a document that is no epoch at all: one without a number or an experiment. */
  epoch(raw: Document): Epoch | undefined {
    const field = this.fields('epochs', raw);
    const epoch = field.of('epoch', 'int') as number | null;
    if (epoch === null || raw.experiment_id == null) return this.unreadable('epochs', raw, 'experiment_id or epoch');
    return {
      __typename: 'Epoch',
      _id: raw._id as DocumentId,
      experiment_id: raw.experiment_id as DocumentId,
      epoch,
      metrics: this.epochMetrics('epochs', raw),
      timing: field.objectOf('timing', (timing) => ({
        duration_seconds: timing.of('duration_seconds', 'number') as number | null,
        samples_per_second: timing.of('samples_per_second', 'number') as number | null,
        epoch_start: timing.date('epoch_start'),
        epoch_end: timing.date('epoch_end'),
      })),
      memory: field.objectOf('memory', (memory) => ({
        gpu_allocated_mb: memory.of('gpu_allocated_mb', 'number') as number | null,
        gpu_cached_mb: memory.of('gpu_cached_mb', 'number') as number | null,
        cpu_rss_mb: memory.of('cpu_rss_mb', 'number') as number | null,
      })),
      timestamp: field.date('timestamp') ?? timeOfId(raw._id),
      version: (field.of('version', 'int') as number | null) ?? 0,
    };
  }

  /** Undefined for a document that is no checkpoint at all: one without a number or an experiment. */
  checkpoint(raw: Document): Checkpoint | undefined {
    const field = this.fields('checkpoints', raw);
    const epoch = field.of('epoch', 'int') as number | null;
    if (epoch === null || raw.experiment_id == null) {
      return this.unreadable('checkpoints', raw, 'experiment_id or epoch');
    }
    return {
      __typename: 'Checkpoint',
      _id: raw._id as DocumentId,
      experiment_id: raw.experiment_id as DocumentId,
      epoch,
      is_best: (field.of('is_best', 'boolean') as boolean | null) ?? false,
      metrics: this.epochMetrics('checkpoints', raw),
      file: field.objectOf('file', (file) => ({
        path: file.text('path') ?? '',
        size_mb: file.of('size_mb', 'number') as number | null,
        checksum: file.text('checksum'),
        format: file.text('format'),
      })) ?? { path: '', size_mb: null, checksum: null, format: null },
      model_state: field.objectOf('model_state', (state) => ({
        optimizer: state.text('optimizer'),
        scheduler: state.text('scheduler'),
        epoch: state.of('epoch', 'int') as number | null,
        step: state.of('step', 'safeInt') as number | null,
      })),
      validation: field.objectOf('validation', (validation) => ({
        n_samples: validation.of('n_samples', 'safeInt') as number | null,
        inference_time_ms: validation.of('inference_time_ms', 'number') as number | null,
        predictions_file: validation.text('predictions_file'),
      })),
      timestamp: field.date('timestamp') ?? timeOfId(raw._id),
    };
  }

  /** Undefined for a document that is no subject at all: one without a subject_id. */
  subject(raw: Document): Subject | undefined {
    const field = this.fields('subjects', raw);
    const subjectId = field.text('subject_id');
    if (subjectId === null) return this.unreadable('subjects', raw, 'subject_id');
    const phenotypic = field.object('phenotypic');
    return {
      __typename: 'Subject',
      _id: raw._id as DocumentId,
      subject_id: subjectId,
      age: field.of('age', 'number') as number | null,
      sex: field.oneOf<Sex>('sex', SEXES),
      handedness: field.oneOf<Handedness>('handedness', HANDS),
      releases: field.texts('releases'),
      has_eeg: field.of('has_eeg', 'boolean') as boolean | null,
      has_demographics: field.of('has_demographics', 'boolean') as boolean | null,
      has_phenotypic: field.of('has_phenotypic', 'boolean') as boolean | null,
      get phenotypic() {
        return phenotypic ? openObject(phenotypic) : {};
      },
      eeg_quality: this.open<EegQuality>('subjects', raw, 'eeg_quality', EEG_QUALITY),
      splits: field.objectOf('splits', (splits) => ({
        challenge1_split: splits.oneOf<Split>('challenge1_split', SPLITS),
        challenge2_split: splits.oneOf<Split>('challenge2_split', SPLITS),
      })) ?? { challenge1_split: null, challenge2_split: null },
      date_added: field.date('date_added'),
      last_processed: field.date('last_processed'),
    };
  }

  private epochMetrics(collection: Collection, raw: Document): EpochMetrics {
    const stored = isPlainObject(raw.metrics) ? raw.metrics : {};
    const metric = this.fields(collection, stored, raw, 'metrics.');
    return {
      train_loss: metric.double('train_loss'),
      val_loss: metric.double('val_loss'),
      learning_rate: metric.double('learning_rate'),
      val_mae: metric.double('val_mae'),
      val_rmse: metric.double('val_rmse'),
      val_r2: metric.double('val_r2'),
      get values() {
        return metricMap(stored);
      },
    };
  }

  /** The open object under `name` with its known keys read by kind and everything in `all`; null where there is none. */
  private open<T>(collection: Collection, raw: Document, name: string, shape: Shape): T | null {
    const stored = this.fields(collection, raw).object(name);
    if (!stored) return null;
    const field = this.fields(collection, stored, raw, `${name}.`);
    const known = Object.fromEntries(Object.entries(shape).map(([key, kind]) => [key, field.of(key, kind)]));
    return Object.defineProperty(known, 'all', { enumerable: true, get: () => openObject(stored) }) as T;
  }

  private empty(shape: Shape): Record<string, null> {
    return Object.fromEntries(Object.keys(shape).map((key) => [key, null]));
  }

  private fields(collection: Collection, object: Document, root: Document = object, prefix = ''): Fields {
    return new Fields(object, (name, value) => {
      this.report(collection, prefix + name, root, `holds ${describe(value)}, which reads as null`);
    });
  }

  private unreadable(collection: Collection, raw: Document, missing: string): undefined {
    this.report(collection, missing, raw, 'is missing, so the document is left out of every list');
    return undefined;
  }

  private report(collection: Collection, field: string, root: Document, problem: string): void {
    const key = `${collection}.${field}`;
    if (this.reported.has(key)) return;
    this.reported.add(key);
    this.log.warn({ collection, field, id: String(root._id) }, `A stored field ${problem} (said once for each field)`);
  }
}

/** Typed access to a stored object's fields: null for what is missing, null and a report for what is of another type. */
class Fields {
  constructor(
    private readonly source: Document,
    private readonly mistyped: (name: string, value: unknown) => void,
  ) {}

  of(name: string, kind: Kind): unknown {
    const value = unwrapNumber(this.source[name]);
    if (value == null) return kind === 'strings' ? [] : null;
    if (isOfKind(kind, value)) return value;
    if (kind === 'strings') return this.texts(name);
    return this.refuse(name, value);
  }

  double(name: string): number | null {
    const value = unwrapNumber(this.source[name]);
    if (value == null) return null;
    return typeof value === 'number' ? value : this.refuse(name, value);
  }

  text(name: string): string | null {
    return this.of(name, 'string') as string | null;
  }

  /** A list of texts; items of another type are left out, and text alone counts as a list of one. */
  texts(name: string): string[] {
    const value: unknown = this.source[name];
    if (value == null) return [];
    if (typeof value === 'string') return [value];
    if (!Array.isArray(value)) {
      this.mistyped(name, value);
      return [];
    }
    const texts = value.filter((item): item is string => typeof item === 'string');
    if (texts.length < value.length) this.mistyped(name, value);
    return texts;
  }

  date(name: string): Date | null {
    const value: unknown = this.source[name];
    if (value == null) return null;
    return value instanceof Date && !Number.isNaN(value.getTime()) ? value : this.refuse(name, value);
  }

  oneOf<T>(name: string, values: ReadonlySet<unknown>): T | null {
    const value: unknown = this.source[name];
    if (value == null) return null;
    return values.has(value) ? (value as T) : this.refuse(name, value);
  }

  object(name: string): Document | null {
    const value: unknown = this.source[name];
    if (value == null) return null;
    return isPlainObject(value) ? value : this.refuse(name, value);
  }

  objectOf<T>(name: string, read: (fields: Fields) => T): T | null {
    const value = this.object(name);
    return value && read(new Fields(value, (inner, item) => this.mistyped(`${name}.${inner}`, item)));
  }

  private refuse(name: string, value: unknown): null {
    this.mistyped(name, value);
    return null;
  }
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Date) return 'a date';
  return typeof value === 'object' ? 'an object' : `${typeof value} ${JSON.stringify(value).slice(0, 40)}`;
}

/** When an ObjectId was made; the Unix epoch for an id of another type. */
function timeOfId(id: unknown): Date {
  const getTimestamp = (id as { getTimestamp?: () => Date } | null)?.getTimestamp;
  return typeof getTimestamp === 'function' ? getTimestamp.call(id) : new Date(0);
}
