import {
  getOperationAST,
  Kind,
  type DocumentNode,
  type OperationDefinitionNode,
  type OperationTypeNode,
  type SelectionSetNode,
} from 'graphql';
import { currentTask, type Log } from '../log';

export type Transport = 'http' | 'websocket' | 'sse';

/** An operation that has been answered. */
export interface FinishedOperation {
  transport: Transport;
  /** "unknown" where the document could not be read, or has no such operation. */
  kind: `${OperationTypeNode}` | 'unknown';
  /** "ok", or the code of the first error. */
  outcome: string;
  /** How long it took; of a subscription, until it stood. */
  ms: number;
}

interface ClientError {
  extensions?: Record<string, unknown>;
}

/** An operation that is at work. */
export interface RunningOperation {
  /** Says what it is, once its document has been read, and by whose token it came. */
  identify(operation: OperationDefinitionNode | null | undefined, viewer: string | null): void;
  /** Says that it is answered, with these errors as the client sees them. To be called once. */
  end(errors: readonly ClientError[] | undefined): void;
}

/** Begins to watch an operation that has arrived. */
export type Operations = (transport: Transport) => RunningOperation;

/** Root fields that are named in the log; an operation may have hundreds. */
const MOST_FIELDS = 10;
const LONGEST_NAME = 80;

function codeOf({ extensions }: ClientError): string {
  return typeof extensions?.code === 'string' ? extensions.code : 'INTERNAL_SERVER_ERROR';
}

/** The root fields that stand in the operation itself, by their names in the schema. */
function fieldsOf({ selections }: SelectionSetNode): string[] {
  const fields = selections.flatMap((node) => (node.kind === Kind.FIELD ? [node.name.value] : []));
  return [...new Set(fields)].slice(0, MOST_FIELDS);
}

/** The operation of a document that was asked for; undefined where there is none. */
export function operationOf(document: DocumentNode, name?: string | null): OperationDefinitionNode | undefined {
  return getOperationAST(document, name) ?? undefined;
}

/**
 * Watches every operation, whichever transport it comes by: each is counted; every mutation is a line in the log, and so
 * is every operation that takes `slowMs` and longer (0: none is). Lines hold the operation's name and its root fields,
 * never its variables.
 */
export function createOperations(parts: {
  log: Log;
  slowMs: number;
  onFinished: (operation: FinishedOperation) => void;
}): Operations {
  const { log, slowMs, onFinished } = parts;
  return (transport) => {
    const began = performance.now();
    let known: { operation: OperationDefinitionNode; viewer: string | null } | undefined;
    return {
      identify: (operation, viewer) => {
        if (operation) known = { operation, viewer };
      },
      end: (errors) => {
        const ms = performance.now() - began;
        const kind: FinishedOperation['kind'] = known?.operation.operation ?? 'unknown';
        const outcome = errors?.length ? codeOf(errors[0]!) : 'ok';
        onFinished({ transport, kind, outcome, ms });
        const isSlow = slowMs > 0 && ms >= slowMs;
        if (!known || (!isSlow && kind !== 'mutation')) return;
        const { operation, viewer } = known;
        const line = {
          operation: operation.name?.value.slice(0, LONGEST_NAME) ?? null,
          kind,
          fields: fieldsOf(operation.selectionSet),
          viewer,
          transport,
          outcome,
          durationMs: Math.round(ms * 10) / 10,
          commands: currentTask()?.commands ?? null,
        };
        if (isSlow) log.warn(line, 'A slow operation');
        else log.info(line, 'A mutation');
      },
    };
  };
}
