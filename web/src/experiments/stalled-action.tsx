import { useState } from 'preact/hooks';
import { FailStalledExperimentsDocument } from '../api/documents';
import type { ApiFailure } from '../api/request';
import { request } from '../api/request';
import { may } from '../actions/permissions';
import { plural } from '../format';
import { Dialog } from '../ui/dialog';
import { say } from '../ui/toast';

/** Offers to mark the silent runs as failed, after asking how long a silence counts. */
export function StalledAction({ count }: { count: number }) {
  const [isOpen, setOpen] = useState(false);
  const [minutes, setMinutes] = useState('60');
  const [fault, setFault] = useState<string>();
  if (!may('failStalled')) return null;
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const silentForSeconds = Math.round(Number(minutes) * 60);
    if (!(silentForSeconds > 0)) return setFault('Give a number of minutes.');
    try {
      const { failStalledExperiments } = await request(FailStalledExperimentsDocument, { silentForSeconds });
      setOpen(false);
      say(`${plural(failStalledExperiments.experiments.length, 'run')} marked as failed.`);
    } catch (error) {
      setFault((error as ApiFailure).message);
    }
  };
  return (
    <>
      <button type="button" class="button plain" onClick={() => setOpen(true)}>
        {count === 1 ? 'A run has gone silent' : `${count} runs have gone silent`} …
      </button>
      {isOpen && (
        <Dialog title="Mark silent runs as failed" onClose={() => setOpen(false)}>
          <form onSubmit={(event) => void submit(event)}>
            <p class="quiet">
              A run that says it is running but was not heard from for this long is marked as failed. Its data stays,
              and its trainer may set it running again.
            </p>
            <label>
              Silent for, in minutes
              <input
                class="field"
                inputMode="decimal"
                value={minutes}
                onInput={(event) => setMinutes(event.currentTarget.value)}
              />
            </label>
            {fault && (
              <p class="field-fault" role="alert">
                {fault}
              </p>
            )}
            <div class="row">
              <button type="button" class="button" onClick={() => setOpen(false)}>
                Cancel
              </button>
              <button class="button danger primary">Mark as failed</button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}
