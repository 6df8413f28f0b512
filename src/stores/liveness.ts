import type { Document, Filter } from 'mongodb';
import { ExperimentLiveness } from '../../types/enums/ExperimentLiveness';
import { ExperimentStatus } from '../../types/enums/ExperimentStatus';
import type { Experiment } from '../../types/Experiment';
import type { Rank } from './orders';

/**
 * The rule of liveness, in the three forms that it is asked in: of one experiment, as a filter, and as an expression.
 * Silence means something only where heartbeats were sent: one epoch may take days.
 */

const OVER = Object.values(ExperimentStatus).filter((status) => status !== ExperimentStatus.RUNNING);
const FINISHED: Filter<Document> = { status: { $in: OVER } };
/** What reads as running: every other status, known or not. */
const RUNNING: Filter<Document> = { status: { $nin: OVER } };

/** In the order of a list, ascending. */
const STATES = [
  ExperimentLiveness.ALIVE,
  ExperimentLiveness.STALLED,
  ExperimentLiveness.UNKNOWN,
  ExperimentLiveness.FINISHED,
];

/** The rule as it stands at one moment: what is asked of several pages or documents of one list agrees. */
export class LivenessAt {
  private readonly since: Date;

  constructor(
    readonly moment: Date,
    stalledAfterMs: number,
  ) {
    this.since = new Date(moment.getTime() - stalledAfterMs);
  }

  /** Whether a run that says RUNNING shows signs of life. */
  of({
    status,
    last_heartbeat_at,
    last_seen_at,
  }: Pick<Experiment, 'status' | 'last_heartbeat_at' | 'last_seen_at'>): ExperimentLiveness {
    if (status !== ExperimentStatus.RUNNING) return ExperimentLiveness.FINISHED;
    if (!last_heartbeat_at) return ExperimentLiveness.UNKNOWN;
    const heard = last_heartbeat_at >= this.since || (last_seen_at != null && last_seen_at >= this.since);
    return heard ? ExperimentLiveness.ALIVE : ExperimentLiveness.STALLED;
  }

  /** The documents in a state: nothing stored has to change for a run to become stalled. */
  filter(state: ExperimentLiveness): Filter<Document> {
    const beats = { last_heartbeat_at: { $type: 'date' } };
    const heard = [{ last_heartbeat_at: { $gte: this.since } }, { last_seen_at: { $gte: this.since } }];
    switch (state) {
      case ExperimentLiveness.FINISHED:
        return FINISHED;
      case ExperimentLiveness.UNKNOWN:
        return { $and: [RUNNING, { last_heartbeat_at: { $not: { $type: 'date' } } }] };
      case ExperimentLiveness.ALIVE:
        return { $and: [RUNNING, beats, { $or: heard }] };
      case ExperimentLiveness.STALLED:
        return { $and: [RUNNING, beats, { $nor: heard }] };
    }
  }

  /** The state of a document as an aggregation expression; `as` says what stands for each, its name by default. */
  expression(as: (state: ExperimentLiveness) => unknown = (state) => state): Document {
    const isDate = (path: string) => ({ $eq: [{ $type: path }, 'date'] });
    const heard = (path: string) => ({ $and: [isDate(path), { $gte: [path, this.since] }] });
    const literal = (state: ExperimentLiveness) => ({ $literal: as(state) });
    return {
      $switch: {
        branches: [
          { case: { $in: ['$status', OVER] }, then: literal(ExperimentLiveness.FINISHED) },
          { case: { $not: [isDate('$last_heartbeat_at')] }, then: literal(ExperimentLiveness.UNKNOWN) },
          {
            case: { $or: [heard('$last_heartbeat_at'), heard('$last_seen_at')] },
            then: literal(ExperimentLiveness.ALIVE),
          },
        ],
        default: literal(ExperimentLiveness.STALLED),
      },
    };
  }

  /** What a list is ordered by. All but a few runs are FINISHED, and their part of the list needs no sorting. */
  get rank(): Rank {
    return {
      expression: this.expression((state) => STATES.indexOf(state)),
      reads: ['status', 'last_heartbeat_at', 'last_seen_at'],
      most: { rank: STATES.indexOf(ExperimentLiveness.FINISHED), filter: FINISHED, others: RUNNING },
    };
  }
}

/** The rule of one server: how long a run that used to send heartbeats may be silent before it counts as stalled. */
export class Liveness {
  constructor(private readonly stalledAfterMs: number) {}

  /** The rule at a moment, now unless another is given. */
  at(moment = new Date()): LivenessAt {
    return new LivenessAt(moment, this.stalledAfterMs);
  }
}
