import { ExperimentOrderField } from '../../types/enums/ExperimentOrderField';
import { OrderDirection } from '../../types/enums/OrderDirection';
import { SubjectOrderField } from '../../types/enums/SubjectOrderField';
import type { ExperimentOrder } from '../../types/inputs/ExperimentOrder';
import type { SubjectOrder } from '../../types/inputs/SubjectOrder';
import { badInput } from '../errors';
import { toPath } from './filters';
import type { LivenessAt } from './liveness';
import { encodeName } from './names';
import { orderBy, type KeyKind, type Order, type OrderKey } from './orders';
import { toMetricName } from './values';

const MAX_KEYS = 5;

const EXPERIMENT_KINDS: Record<Exclude<ExperimentOrderField, ExperimentOrderField.LIVENESS>, KeyKind> = {
  [ExperimentOrderField.START_TIME]: 'date',
  [ExperimentOrderField.END_TIME]: 'date',
  [ExperimentOrderField.LAST_SEEN_AT]: 'date',
  [ExperimentOrderField.NAME]: 'string',
  [ExperimentOrderField.STATUS]: 'string',
  [ExperimentOrderField.CHALLENGE]: 'number',
  [ExperimentOrderField.MODEL_NAME]: 'string',
  [ExperimentOrderField.BEST_VAL_LOSS]: 'number',
  [ExperimentOrderField.BEST_EPOCH]: 'number',
  [ExperimentOrderField.TOTAL_EPOCHS]: 'number',
  [ExperimentOrderField.TRAINING_TIME_HOURS]: 'number',
};

const SUBJECT_KINDS: Record<SubjectOrderField, KeyKind> = {
  [SubjectOrderField.SUBJECT_ID]: 'string',
  [SubjectOrderField.AGE]: 'number',
  [SubjectOrderField.DATE_ADDED]: 'date',
  [SubjectOrderField.LAST_PROCESSED]: 'date',
};

interface CheckedKey {
  key: OrderKey;
  computed: boolean;
}

/** Builds the order of some inputs, each of which must name exactly one of the given ways. */
function build<T extends { direction?: OrderDirection | null }>(
  inputs: readonly T[],
  ways: readonly (keyof T & string)[],
  toKey: (input: T, path: string) => CheckedKey,
  moment?: Date,
): Order {
  if (inputs.length > MAX_KEYS) throw badInput('orderBy', `has ${inputs.length} keys; it takes at most ${MAX_KEYS}`);
  const checked = inputs.map((input, index) => {
    const path = `orderBy[${index}]`;
    const given = ways.filter((way) => input[way] != null);
    if (given.length !== 1) {
      throw badInput(
        path,
        `gives ${given.length === 0 ? 'none' : given.join(' and ')}; it takes exactly one of ${ways.join(', ')}`,
      );
    }
    return toKey(input, path);
  });
  const keys = checked.map(({ key }) => key);
  const computed = checked.some((one) => one.computed);
  const judged = keys.some(({ rank }) => rank !== undefined);
  return orderBy(keys as [OrderKey, ...OrderKey[]], { computed, ...(judged && moment ? { moment } : {}) });
}

function directionOf({ direction }: { direction?: OrderDirection | null }): 1 | -1 {
  return direction === OrderDirection.DESC ? -1 : 1;
}

/**
 * The order that the inputs stand for, liveness judged by this rule; undefined where there are none. BAD_USER_INPUT for an
 * order that is not one.
 */
export function experimentOrder(
  inputs: readonly ExperimentOrder[] | null | undefined,
  liveness: LivenessAt,
): Order | undefined {
  if (!inputs || inputs.length === 0) return undefined;
  const toKey = (input: ExperimentOrder, at: string): CheckedKey => {
    const direction = directionOf(input);
    if (input.field === ExperimentOrderField.LIVENESS) {
      return { key: { path: input.field, kind: 'number', direction, rank: liveness.rank }, computed: true };
    }
    if (input.field != null) {
      return { key: { path: input.field, kind: EXPERIMENT_KINDS[input.field], direction }, computed: false };
    }
    if (input.metric != null) {
      const path = `metrics.${encodeName(toMetricName(input.metric, `${at}.metric`))}`;
      // A metric that is a field, too, is read as that field: by its index, and with the same cursors.
      return { key: { path, kind: 'number', direction }, computed: !Object.hasOwn(EXPERIMENT_KINDS, path) };
    }
    const path = toPath('config', input.configPath!, `${at}.configPath`);
    return { key: { path, kind: 'scalar', direction }, computed: true };
  };
  return build(inputs, ['field', 'metric', 'configPath'], toKey, liveness.moment);
}

/** The order that the inputs stand for; undefined where there are none. BAD_USER_INPUT for an order that is not one. */
export function subjectOrder(inputs: readonly SubjectOrder[] | null | undefined): Order | undefined {
  if (!inputs || inputs.length === 0) return undefined;
  const order = build(inputs, ['field', 'phenotypic'], (input, at) => {
    const direction = directionOf(input);
    if (input.field != null) {
      return { key: { path: input.field, kind: SUBJECT_KINDS[input.field], direction }, computed: false };
    }
    const path = `phenotypic.${encodeName(toMetricName(input.phenotypic!, `${at}.phenotypic`))}`;
    return { key: { path, kind: 'scalar', direction }, computed: true };
  });
  const [{ path }] = order.keys;
  const isUnique = order.keys.length === 1 && path === 'subject_id';
  return isUnique ? orderBy(order.keys, { typedOnly: true, unique: true }) : order;
}
