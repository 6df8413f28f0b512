import { flatten, formatCount, formatValue } from '../format';
import type { RunDetails } from './live-run';

function Pairs({ pairs }: { pairs: readonly (readonly [name: string, value: unknown])[] }) {
  return (
    <dl class="pairs">
      {pairs.map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd>
            {value === null || value === undefined || value === '' ? <span class="quiet">–</span> : formatValue(value)}
          </dd>
        </>
      ))}
    </dl>
  );
}

/** What the run was set to: configuration, model, data. Everything that was logged, also keys that the API has no field for. */
export function Settings({ details }: { details: RunDetails }) {
  const { config, model, dataset } = details;
  const { cache_files: files, ...data } = dataset?.all ?? {};
  const paths = Array.isArray(files) ? files : [];
  const rest = [
    ['Folder of checkpoints', details.checkpointDir],
    ['Imported from', details.legacyId],
    ['Id', details.id],
  ] as const;
  return (
    <div class="settings">
      <section>
        <h2>Configuration</h2>
        {Object.keys(config.all).length > 0 ? <Pairs pairs={flatten(config.all)} /> : <p class="quiet">None logged.</p>}
      </section>
      <section>
        <h2>Model</h2>
        {model ? (
          <Pairs
            pairs={flatten(model.all).map(([name, value]) => [
              name,
              name === 'parameters' && typeof value === 'number' ? formatCount(value) : value,
            ])}
          />
        ) : (
          <p class="quiet">None logged.</p>
        )}
        <h2>Data</h2>
        {dataset ? <Pairs pairs={flatten(data)} /> : <p class="quiet">None logged.</p>}
        {paths.length > 0 && (
          <details class="paths">
            <summary>{paths.length === 1 ? '1 cached file' : `${formatCount(paths.length)} cached files`}</summary>
            <ul>
              {paths.map((path) => (
                <li key={String(path)} class="mono">
                  {String(path)}
                </li>
              ))}
            </ul>
          </details>
        )}
        <h2>Record</h2>
        <Pairs pairs={rest.filter(([, value]) => value !== null)} />
      </section>
    </div>
  );
}
