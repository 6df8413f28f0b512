import 'reflect-metadata';
import { ObjectId, type Document } from 'bson';
import { Checkpoint } from '../../../types/Checkpoint';
import { Epoch } from '../../../types/Epoch';
import { Experiment } from '../../../types/Experiment';
import { Subject } from '../../../types/Subject';
import { BSON, objectAt } from './bson';
import { CHECKPOINT_LAYOUT, EPOCH_LAYOUT, EXPERIMENT_LAYOUT, SUBJECT_LAYOUT, type Layout } from './layout';

/**
 * A stored document as the type that the API serves, which is read when a property of it is asked for, and not before:
 * most documents of a large answer are written as JSON straight from their bytes.
 */
export interface StoredDocument {
  /** It begins at `from`; what else is there is of other documents. */
  readonly bytes: Buffer;
  readonly from: number;
  /** What can be written from the bytes alone. */
  readonly layout: Layout;
}

/** Makes the type of a document, read; undefined for one of which no record can be made. */
export type Read<T> = (raw: Document) => T | undefined;

const IS_STORED = Symbol('stored');

export function isStored(value: object): value is StoredDocument {
  return IS_STORED in value;
}

class Lazy implements StoredDocument {
  declare readonly layout: Layout;

  constructor(
    readonly bytes: Buffer,
    readonly from: number,
    private readonly read: Read<object>,
    private whole: object | undefined,
  ) {}

  /** Its id without the rest, where that is what ids mostly are. */
  get _id(): unknown {
    const { bytes, from } = this;
    const isPlain = !this.whole && startsWithId(bytes, from);
    return isPlain ? new ObjectId(bytes.subarray(from + 9, from + 21)) : this.property('_id');
  }

  property(name: string): unknown {
    this.whole ??= this.read(objectAt(this.bytes, this.from)) ?? {};
    return (this.whole as Record<string, unknown>)[name];
  }
}

const ID = Buffer.from([BSON.objectId, ...Buffer.from('_id\0')]);

/** Whether a document begins with an ObjectId as its `_id`, which then has the bytes 9 to 21. */
export function startsWithId(bytes: Buffer, from: number): boolean {
  for (let index = 0; index < ID.length; index++) if (bytes[from + 4 + index] !== ID[index]) return false;
  return true;
}

/** A stored document of a type; `whole` is what it reads as, where that is known already. */
type StoredClass<T> = new (bytes: Buffer, from: number, read: Read<T>, whole?: T) => T;

/**
 * The class of stored documents of a type: a subclass, so that type-graphql takes them for the type and copies nothing,
 * but without its constructor, whose fields would hide the getters.
 */
function storedClass<T extends object>(type: new () => T, layout: Layout, more: readonly string[]): StoredClass<T> {
  class Stored extends Lazy {}
  const { prototype } = Stored;
  Object.setPrototypeOf(prototype, type.prototype as object);
  for (const name of ['_id', 'property']) {
    Object.defineProperty(prototype, name, Object.getOwnPropertyDescriptor(Lazy.prototype, name)!);
  }
  for (const name of [...Object.keys(layout), ...more]) {
    if (name === '_id') continue;
    Object.defineProperty(prototype, name, {
      get(this: Lazy) {
        return this.property(name);
      },
    });
  }
  Object.defineProperties(prototype, {
    [IS_STORED]: { value: true },
    layout: { value: layout },
    __typename: { value: type.name },
  });
  return Stored as unknown as StoredClass<T>;
}

export const StoredExperiment = storedClass(Experiment, EXPERIMENT_LAYOUT, [
  'last_heartbeat_at',
  'parent_experiment_id',
]);
export const StoredEpoch = storedClass(Epoch, EPOCH_LAYOUT, ['experiment_id', 'version']);
export const StoredCheckpoint = storedClass(Checkpoint, CHECKPOINT_LAYOUT, ['experiment_id']);
export const StoredSubject = storedClass(Subject, SUBJECT_LAYOUT, []);
