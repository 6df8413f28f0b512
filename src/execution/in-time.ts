import { OperationTypeNode } from 'graphql';
import { currentTime, OperationTime } from '../stores/operation-time';

/** Runs an operation, or what one event of a subscription comes to, within the time that an operation has. */
export type InTime = <T>(kind: OperationTypeNode, work: () => T) => T;

/** The limit of an operation's time, in seconds, for every transport. */
export function createInTime(seconds: number): InTime {
  return (kind, work) => {
    const time = new OperationTime(seconds);
    time.mayWrite = kind === OperationTypeNode.MUTATION;
    return time.run(work);
  };
}

/** Says of the operation at work what it is, where it was begun before that was known. */
export function isKnownAs(kind: OperationTypeNode): void {
  const time = currentTime();
  if (time) time.mayWrite = kind === OperationTypeNode.MUTATION;
}
