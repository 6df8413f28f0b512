import { compilePipeline, type StageSource } from '../aggregate';
import { ChangeStream, changeStreamOptions } from '../change-stream';
import { ensure, mongoError } from '../errors';
import type { Query } from '../planner';
import { checkDeadline, execute, executeFields, newExecution, type Execution, type Row } from '../query';
import { checkDatabaseName, type Collection } from '../storage/catalog';
import type { View } from '../storage/view';
import { encode } from '../values/encoder';
import { asNumber, isDoc, type Doc, type Value } from '../values/value';
import { FIRST_BATCH, fieldsRead, openCursor, rawBytes } from './find';
import { checkFields, collectionName, collectionOf, countField, docField, required, words } from './invocation';
import type { Command, Invocation, Reply } from './invocation';
import { statsStage } from './stats-stage';

export const aggregate: Command = {
  fields: ['pipeline', 'cursor', 'allowDiskUse', 'hint'],
  refused: words('collation let bypassDocumentValidation explain'),
  transactional: true,
  reads({ body }) {
    const pipeline = pipelineOf(body);
    const { leading } = compilePipeline(pipeline);
    return { query: { ...leading, hint: body.get('hint') }, stages: pipeline.slice(leading.stages) };
  },
  run(invocation) {
    const { body } = invocation;
    const pipeline = pipelineOf(body);
    const batchSize = batchSizeOf(body);
    const options = changeStreamOptions(pipeline);
    if (options !== undefined) return watch(invocation, options, pipeline.slice(1), batchSize);
    const ns = namespaceOf(invocation);
    const made = statsStage(invocation, ns, pipeline[0]);
    const stages = made === undefined ? pipeline : pipeline.slice(1);
    const compiled = compilePipeline(stages);
    return openCursor(invocation, ns, { batchSize }, (view) => {
      const execution = newExecution(invocation.deadline);
      const reader = new PipelineReader(invocation, view, execution);
      if (made !== undefined) return encoded(compiled.runAll(made, reader), execution);
      const { leading, fields, run } = compiled;
      const query = { ...leading, hint: body.get('hint') };
      const whole = stages.length === leading.stages;
      const collection = ns.slice(invocation.db.length + 1);
      if (whole) return rawBytes(reader.rows(collection, query));
      return encoded(run(reader.find(collection, query, fields), reader), execution);
    });
  },
};

async function watch(invocation: Invocation, options: Doc, stages: Value[], batchSize: number): Promise<Reply> {
  const { body, db, engine, transaction } = invocation;
  const inside = 'OperationNotSupportedInTransaction';
  ensure(transaction === undefined, inside, '$changeStream cannot run in a multi-document transaction');
  checkDatabaseName(db);
  const whole = asNumber(body.get('aggregate')) === 1;
  const collection = whole ? undefined : collectionName(invocation);
  const cluster = options.get('allChangesForCluster') === true;
  const fits = !cluster || (whole && db === 'admin');
  ensure(fits, 'InvalidOptions', 'A $changeStream with allChangesForCluster may only be opened on the admin database');
  const scope = { db: cluster ? undefined : db, collection };
  const stream = new ChangeStream(engine, scope, options, stages);
  const ns = `${db}.${collection ?? '$cmd.aggregate'}`;
  try {
    const { documents, exhausted, extra } = await stream.next(batchSize, 0);
    if (exhausted) stream.close();
    const id = exhausted ? 0n : engine.cursors.add(ns, stream, { tailing: true }).id;
    return { body: new Map(), cursor: { field: 'firstBatch', id, ns, documents, extra } };
  } catch (error) {
    stream.close();
    throw error;
  }
}

/** The pipeline of an aggregate command. */
function pipelineOf(body: Doc): Value[] {
  const pipeline = required(body, 'aggregate', 'pipeline');
  ensure(Array.isArray(pipeline), 'TypeMismatch', "'pipeline' option must be specified as an array");
  return pipeline;
}

/** The batch size in the required option `cursor`. */
function batchSizeOf(body: Doc): number {
  const cursor = docField(body, 'aggregate', 'cursor');
  ensure(cursor, 'FailedToParse', "The 'cursor' option is required");
  checkFields(cursor, 'aggregate.cursor', { fields: ['batchSize'] });
  return countField(cursor, 'aggregate.cursor', 'batchSize') ?? FIRST_BATCH;
}

/** The collection's namespace; the number 1 stands for the database itself, which only change streams can read. */
function namespaceOf(invocation: Invocation): string {
  const whole = asNumber(invocation.body.get('aggregate')) === 1;
  ensure(!whole, 'InvalidNamespace', '{aggregate: 1} is not valid for the stages of this pipeline.');
  return `${invocation.db}.${collectionName(invocation)}`;
}

/** Reads the collections of a pipeline, its sub-pipelines' included, from one view. */
class PipelineReader implements StageSource {
  constructor(
    private readonly invocation: Invocation,
    private readonly view: View,
    private readonly execution: Execution,
  ) {}

  rows(collection: string, query: Query): Iterable<Row> {
    return execute(this.view, this.collection(collection), query, this.execution, fieldsRead(query));
  }

  find(collection: string, query: Query, fields: ReadonlySet<string> | undefined): Iterable<Doc> {
    const stored = this.collection(collection);
    return executeFields(this.view, stored, query, this.execution, fieldsRead(query), fields);
  }

  private collection(name: string): Collection | undefined {
    return collectionOf(this.invocation, `${this.invocation.db}.${name}`);
  }
}

function* encoded(documents: Iterable<Doc>, execution: Execution): Generator<Buffer> {
  for (const document of documents) {
    checkDeadline(execution);
    if (!isDoc(document)) throw mongoError('InternalError', 'A pipeline gave something that is no document');
    yield encode(document);
  }
}
