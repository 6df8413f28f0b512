import type { Checkpoint } from '../../../types/Checkpoint';
import type { Epoch } from '../../../types/Epoch';
import type { Experiment } from '../../../types/Experiment';
import type { Subject } from '../../../types/Subject';
import type { DocumentReader } from '../documents';
import { BSON, NotPlain, objectAt } from './bson';
import { Locator } from './locator';
import { StoredCheckpoint, StoredEpoch, StoredExperiment, StoredSubject, type Read } from './stored';

const OF_EPOCH = new Locator(['epoch', 'experiment_id']);
const OF_SUBJECT = new Locator(['subject_id']);

/** Whether both names hold what no reader refuses; false where that can't be told without reading. */
function hasPlace(bytes: Buffer, from: number): boolean {
  const { types } = OF_EPOCH;
  return isLocated(OF_EPOCH, bytes, from) && types[0] === BSON.int32 && types[1] === BSON.objectId;
}

function hasSubjectId(bytes: Buffer, from: number): boolean {
  return isLocated(OF_SUBJECT, bytes, from) && OF_SUBJECT.types[0] === BSON.string;
}

function isLocated(locator: Locator, bytes: Buffer, from: number): boolean {
  try {
    locator.locate(bytes, from, true);
    return true;
  } catch (error) {
    if (error instanceof NotPlain) return false;
    throw error;
  }
}

/** Documents from their bytes, as `DocumentReader` would read them, but read only when they are looked into. */
export class RawReader {
  private readonly readExperiment: Read<Experiment>;
  private readonly readEpoch: Read<Epoch>;
  private readonly readCheckpoint: Read<Checkpoint>;
  private readonly readSubject: Read<Subject>;

  constructor(reader: DocumentReader) {
    this.readExperiment = (raw) => reader.experiment(raw);
    this.readEpoch = (raw) => reader.epoch(raw);
    this.readCheckpoint = (raw) => reader.checkpoint(raw);
    this.readSubject = (raw) => reader.subject(raw);
  }

  readonly experiment = (bytes: Buffer, from: number): Experiment =>
    new StoredExperiment(bytes, from, this.readExperiment);

  /** Undefined for a document that is no epoch at all. */
  readonly epoch = (bytes: Buffer, from: number): Epoch | undefined => {
    if (hasPlace(bytes, from)) return new StoredEpoch(bytes, from, this.readEpoch);
    const whole = this.readEpoch(objectAt(bytes, from));
    return whole && new StoredEpoch(bytes, from, this.readEpoch, whole);
  };

  /** Undefined for a document that is no checkpoint at all. */
  readonly checkpoint = (bytes: Buffer, from: number): Checkpoint | undefined => {
    if (hasPlace(bytes, from)) return new StoredCheckpoint(bytes, from, this.readCheckpoint);
    const whole = this.readCheckpoint(objectAt(bytes, from));
    return whole && new StoredCheckpoint(bytes, from, this.readCheckpoint, whole);
  };

  /** Undefined for a document that is no subject at all. */
  readonly subject = (bytes: Buffer, from: number): Subject | undefined => {
    if (hasSubjectId(bytes, from)) return new StoredSubject(bytes, from, this.readSubject);
    const whole = this.readSubject(objectAt(bytes, from));
    return whole && new StoredSubject(bytes, from, this.readSubject, whole);
  };
}
