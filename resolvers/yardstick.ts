import { OrderDirection } from '../types/enums/OrderDirection';
import { YardstickArgs } from '../types/inputs/YardstickArgs';

/** The metric and direction that the arguments stand for; explicit nulls mean the defaults. */
export function toYardstick({ metric, direction }: YardstickArgs): { metric: string; direction: 1 | -1 } {
  return { metric: metric ?? 'best_val_loss', direction: direction === OrderDirection.DESC ? -1 : 1 };
}
