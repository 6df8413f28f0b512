import { formatLoss, formatMegabytes } from '../format';
import { Ago } from '../ui/status';
import { say } from '../ui/toast';
import type { RunDetails } from './live-run';

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say('The path is copied.');
  } catch {
    say('The browser does not let the page copy; select the path instead.');
  }
}

/** The saved states of the model, latest first. */
export function Checkpoints({ details }: { details: RunDetails }) {
  const { nodes, totalCount } = details.checkpoints;
  return (
    <section>
      <h2>Checkpoints {totalCount > 0 && <span class="quiet">{totalCount}</span>}</h2>
      {nodes.length === 0 ? (
        <p class="quiet">None saved.</p>
      ) : (
        <div class="scroll-x checkpoint-list" tabIndex={0} role="region" aria-label="Checkpoints">
          <table class="plain-table">
            <thead>
              <tr>
                <th scope="col" class="number">
                  Epoch
                </th>
                <th scope="col" class="number">
                  val_loss
                </th>
                <th scope="col">File</th>
                <th scope="col" class="number">
                  Size
                </th>
                <th scope="col">Saved</th>
              </tr>
            </thead>
            <tbody>
              {nodes.map(({ id, epoch, isBest, metrics, file, timestamp }) => (
                <tr key={id}>
                  <td class="number">
                    {isBest && <span class="best-mark">best </span>}
                    {epoch}
                  </td>
                  <td class="number">{formatLoss(metrics.values['val_loss'])}</td>
                  <td>
                    <button
                      type="button"
                      class="path mono"
                      title={`${file.path}\n${file.checksum ?? ''}\nClick to copy the path`}
                      aria-label={`Copy ${file.path}`}
                      onClick={() => void copy(file.path)}
                    >
                      {file.path.split('/').at(-1) || file.path}
                    </button>
                  </td>
                  <td class="number">{file.sizeMb === null ? '' : formatMegabytes(file.sizeMb)}</td>
                  <td class="nowrap quiet">
                    <Ago at={timestamp} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {totalCount > nodes.length && (
        <p class="quiet">
          The latest {nodes.length} of {totalCount}.
        </p>
      )}
    </section>
  );
}
