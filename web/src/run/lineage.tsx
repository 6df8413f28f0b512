import type { RelativeFragment } from '../api/documents';
import { formatLoss } from '../format';
import { Status } from '../ui/status';
import type { RunDetails } from './live-run';

function ancestorsOf(details: RunDetails): RelativeFragment[] {
  const ancestors: RelativeFragment[] = [];
  type Linked = RelativeFragment & { parent?: Linked | null };
  for (let next: Linked | null | undefined = details.parent; next; next = next.parent) ancestors.unshift(next);
  return ancestors;
}

function Relative({ run, isSelf = false }: { run: RelativeFragment; isSelf?: boolean }) {
  return (
    <span class={isSelf ? 'relative self' : 'relative'}>
      {isSelf ? <b>this run</b> : <a href={`/experiments/${run.id}`}>{run.name}</a>}
      <Status status={run.status} liveness={run.liveness} />
      <span class="loss">{formatLoss(run.metrics.bestValLoss)}</span>
    </span>
  );
}

/** The runs that this one continues, and those that continue it. Nothing where it stands alone. */
export function Lineage({ details }: { details: RunDetails }) {
  const ancestors = ancestorsOf(details);
  const { nodes, totalCount } = details.children;
  if (ancestors.length === 0 && nodes.length === 0) return null;
  const depth = ancestors.length;
  return (
    <section>
      <h2>Lineage</h2>
      <ol class="lineage">
        {ancestors.map((run, index) => (
          <li key={run.id} style={{ paddingLeft: `${index * 1.1}rem` }}>
            <Relative run={run} />
          </li>
        ))}
        <li style={{ paddingLeft: `${depth * 1.1}rem` }}>
          <Relative run={details} isSelf />
        </li>
        {nodes.map((run) => (
          <li key={run.id} style={{ paddingLeft: `${(depth + 1) * 1.1}rem` }}>
            <Relative run={run} />
          </li>
        ))}
      </ol>
      {totalCount > nodes.length && <p class="quiet">and {totalCount - nodes.length} more that continue it</p>}
    </section>
  );
}
